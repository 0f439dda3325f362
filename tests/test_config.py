"""The schema of a configuration: every key, its default and its limits."""

import pytest
from pydantic import ValidationError

from pgat_jax.config import Config, DataConfig, LossConfig, MeshConfig, ModelConfig, TrainConfig
from pgat_jax.config_file import load_config
from tests.recipes import CONFIGS, RECIPES


def test_every_key_is_documented():
    for section in (Config, *(f.annotation for f in Config.model_fields.values())):
        for name, field in getattr(section, "model_fields", {}).items():
            nested = hasattr(field.annotation, "model_fields")
            assert nested or field.description, f"{section.__name__}.{name}"


def test_defaults_are_those_of_the_recovery_recipe():
    assert load_config("recovery") == Config(name="recovery")


def test_recovery_is_the_recipe_to_the_letter():
    config = load_config("recovery")
    train, data = config.train, config.data
    assert (train.learning_rate, train.final_learning_rate, train.weight_decay) == (
        3e-3,
        1e-5,
        1e-5,
    )
    assert (train.batch_size, train.accumulation, train.epochs, train.warmup_epochs) == (
        12,
        3,
        50,
        3,
    )
    assert (train.clip_norm, train.checkpoint_every, config.model.dropout) == (5.0, 5, 0.05)
    assert (data.validation_days, data.test_days) == (50, 50)
    assert config.model.bypass_spatiotemporal_with_petri and config.loss.criterion == "mse"


@pytest.mark.parametrize("name", RECIPES)
def test_every_configuration_says_its_source_command_time_and_number(name):
    head = (CONFIGS / f"{name}.yaml").read_text().split("\n\n")[0]
    for word in ("# From:", "# Command:", "# Time:", "# Expect:"):
        assert word in head


def test_a_configuration_is_hashable_and_frozen():
    config = Config()
    assert hash(config) == hash(Config()) and config == Config()
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_sizes_of_a_window_are_those_of_the_data():
    sizes = DataConfig(seq_len=16, label_len=8, pred_len=3).window_sizes
    assert sizes == (16, 8, 3) and sizes._fields == ("seq_len", "label_len", "pred_len")


LIMITS = {
    "a label as long as the window": (
        DataConfig,
        {"seq_len": 8, "label_len": 8, "pred_len": 1},
        True,
    ),
    "a label that is longer": (DataConfig, {"seq_len": 8, "label_len": 9, "pred_len": 1}, False),
    "the shortest window": (DataConfig, {"seq_len": 7, "label_len": 1}, False),
    "a split of one forecast": (DataConfig, {"pred_len": 5, "validation_days": 5}, True),
    "a validation split of less": (DataConfig, {"pred_len": 5, "validation_days": 4}, False),
    "a test split of less": (DataConfig, {"pred_len": 5, "test_days": 4}, False),
    "a source with a control character": (DataConfig, {"source": "a\x1b.csv"}, False),
    "a width of 13 slots": (ModelConfig, {"d_model": 104, "channels": 8}, True),
    "a width of another number": (ModelConfig, {"d_model": 112, "channels": 8}, False),
    "heads that do not divide the fusion": (ModelConfig, {"fusion_width": 252}, False),
    "no dropout": (ModelConfig, {"dropout": 0.0}, True),
    "dropout of everything": (ModelConfig, {"dropout": 1.0}, False),
    "mapping in the encoder": (
        ModelConfig,
        {"bypass_spatiotemporal_with_petri": False, "hierarchical_mapping": True},
        True,
    ),
    "mapping beside the bypass": (ModelConfig, {"hierarchical_mapping": True}, False),
    "one quantile": (LossConfig, {"quantiles": (0.5,)}, False),
    "equal quantiles": (LossConfig, {"quantiles": (0.5, 0.5)}, False),
    "a last epoch after the warm-up": (TrainConfig, {"epochs": 2, "warmup_epochs": 1}, True),
    "only warm-up": (TrainConfig, {"epochs": 2, "warmup_epochs": 2}, False),
    "a constant rate": (TrainConfig, {"learning_rate": 1.0, "final_learning_rate": 1.0}, True),
    "a rising rate": (TrainConfig, {"learning_rate": 1.0, "final_learning_rate": 1.1}, False),
    "one part": (MeshConfig, {"fsdp": 1}, True),
    "the most parts": (MeshConfig, {"fsdp": 1024}, True),
    "parts that are no power of two": (MeshConfig, {"fsdp": 6}, False),
    "too many parts": (MeshConfig, {"fsdp": 2048}, False),
    "a name that leaves its folder": (Config, {"name": "../x"}, False),
    "a seed beyond int32": (Config, {"seed": 2**31}, False),
    "an unknown key": (Config, {"faults": ()}, False),
}


@pytest.mark.parametrize(("section", "keys", "is_valid"), LIMITS.values(), ids=LIMITS)
def test_limits_of_a_section(section, keys, is_valid):
    if is_valid:
        assert section(**keys)
    else:
        with pytest.raises(ValidationError):
            section(**keys)
