"""The clean models: a complete registry, and no alarm; a sample here, all by the command."""

from dataclasses import replace

import jax
import pytest

from benchmarks.faults.__main__ import main
from benchmarks.faults.clean.benchmark import FalseAlarms
from benchmarks.faults.clean.registry import load_sound_models

CLEAN = {clean.name: clean for clean in load_sound_models()}
SAMPLE = ["linen.lstm", "nnx.lora", "equinox.rotary_attention", "optax.ctc", "stax.fixed_point"]


def _score(names):
    score = FalseAlarms()
    for name in names:
        score.add(CLEAN[name])
    return score


def test_there_are_63_models_or_more_each_with_a_name_of_its_own_and_a_source():
    assert len(CLEAN) == len(load_sound_models()) >= 63
    assert [name for name, clean in CLEAN.items() if not clean.source.endswith(".")] == []


def test_a_clean_model_passes():
    score = _score(["optax.distillation"])
    assert (score.models, score.leaves, score.alarms) == (1, 4, [])


def _with_an_unused_leaf(**settings):
    def make(library):
        model = CLEAN["optax.distillation"].build()
        return model._replace(params=model.params | {"unused": 1.0}, settings=settings)

    score = FalseAlarms()
    score.add(replace(CLEAN["optax.distillation"], make=make))
    return score


def test_a_false_alarm_is_counted_by_verdict():
    score = _with_an_unused_leaf()
    assert (dict(score.claims), score.leaves, score.allowed) == ({"disconnected": 1}, 5, [])
    assert "with a false alarm 1 (100.00%)" in score.table()


def test_a_leaf_that_is_rightly_flagged_is_counted_apart():
    score = _with_an_unused_leaf(allow=[("unused", "disconnected", "kept for old checkpoints")])
    assert score.alarms == []
    assert score.allowed == ["test_clean.make: unused disconnected: kept for old checkpoints"]


def test_a_model_that_cannot_be_run_is_an_alarm():
    def broken(library):
        raise ValueError("no such layer")

    score = FalseAlarms()
    score.add(replace(CLEAN["optax.distillation"], make=broken))
    assert score.alarms == ["test_clean.broken: ValueError: no such layer"]
    assert (dict(score.claims), score.leaves) == ({"not run": 1}, 0)


def test_asking_for_a_model_whose_library_is_missing_is_said_and_fails(monkeypatch, capsys):
    missing = replace(CLEAN["haiku.mlp"], library="no_such_library")
    monkeypatch.setattr("benchmarks.faults.__main__.load_sound_models", lambda: [missing])
    assert main(["--clean", "mlp"]) == 2
    assert "1 models left out: no_such_library not installed" in capsys.readouterr().out
    assert main(["--clean"]) == 0


def test_the_list_names_every_model_with_its_source(capsys):
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "linen.mlp: Builds a model with flax.linen.Dense in a Sequential, with gelu."
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_clean_models_passes(name):
    with jax.numpy_rank_promotion("allow"):  # losses of optax promote ranks themselves
        assert _score([name]).alarms == []
