"""Trials are kept whole, found again, and run again only where their inputs changed."""

from dataclasses import replace

import pytest

from pgat_jax import load_config
from pgat_jax.causes import conditions
from pgat_jax.causes.conditions import Condition, Store, digest
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import FULL, SMALL, all_causes, healthy, sick

CAUSES = all_causes()


@pytest.fixture
def base():
    return healthy(load_config("tiny", schema=StudyConfig), SMALL)


def test_a_digest_tells_recipes_interventions_and_scales_apart(base):
    one, other = CAUSES["1.1"].imposed, CAUSES["1.2"].imposed
    found = [
        digest(base, SMALL),
        digest(base, FULL),
        digest(base.plus(one), SMALL),
        digest(base.plus(other), SMALL),
        digest(Condition(load_config("tiny", "train.learning_rate=1e-4")), SMALL),
    ]
    assert len(set(found)) == len(found)
    renamed = Condition(base.config.model_copy(update={"name": "other"}))
    assert digest(renamed, SMALL) == digest(base, SMALL)


def test_a_digest_changes_with_the_code_of_an_intervention(base, monkeypatch):
    cause = CAUSES["1.2"].imposed
    before = digest(base.plus(cause), SMALL)
    monkeypatch.setattr(conditions.inspect, "getsource", lambda module: f"# other {module}")
    assert digest(base.plus(cause), SMALL) != before


def test_a_file_that_is_not_whole_is_no_trial(base, tmp_path):
    store = Store(tmp_path)
    assert store.missing(base, SMALL, [0, 1]) == [0, 1]
    store._write(base, SMALL, 0, {"start": {}})
    assert store.missing(base, SMALL, [0, 1]) == [1]
    (file,) = tmp_path.rglob("*.json")
    file.write_text(file.read_text()[:-5])
    assert store.missing(base, SMALL, [0, 1]) == [0, 1]
    assert list(tmp_path.rglob("*.*")) == [file]


def test_conditions_add_and_leave_out(base):
    one, other = CAUSES["1.1"].imposed, CAUSES["1.2"].imposed
    both = base.plus(one, None, other)
    assert both.without(one) == base.plus(other)
    assert both.without(None, other).name == f"tiny + {one.name}"
    assert replace(both, interventions=()) == base


def test_the_sick_model_has_the_faults_and_all_that_the_texts_state():
    config = load_config("original", schema=StudyConfig)
    names = [i.name for i in sick(config, FULL).interventions]
    stated = {c.present.name for c in CAUSES.values() if c.present is not None}
    assert set(names) == {*config.faults, *stated} and len(names) == len(set(names))
    assert sick(load_config("recovery", schema=StudyConfig), FULL) is None
