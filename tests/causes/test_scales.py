"""A scale gives its sizes to a model; the recipe stays."""

import pytest

from pgat_jax import load_config
from pgat_jax.causes.scales import BATCH_SIZE, EPOCHS, FULL, LAPTOP, SCALES, resize


def test_a_scale_gives_its_sizes_and_the_recipe_stays(original):
    laptop, config = load_config("laptop"), resize(original, LAPTOP)
    assert (config.model.d_model, config.data.seq_len) == (104, laptop.data.seq_len)
    assert config.train.learning_rate == original.train.learning_rate
    assert config.data.source == original.data.source
    assert (config.train.batch_size, config.train.epochs) == (BATCH_SIZE, EPOCHS)


def test_full_size_keeps_the_model_and_takes_one_window(original):
    config = resize(original, FULL)
    assert config.model == original.model and config.data == original.data
    assert config.train.batch_size == 1


def test_no_scale_keeps_the_faults(original):
    for scale in SCALES:
        assert not hasattr(resize(original, scale), "faults")


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
def test_updates_are_whole_epochs_of_the_schedule(scale):
    assert scale.updates % EPOCHS == 0
