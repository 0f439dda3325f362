"""A digest changes with every input of a trial, and with nothing else."""

import importlib
from pathlib import Path

import pytest

import pgat_jax
from pgat_jax import load_config
from pgat_jax.causes import trial_digest
from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.scales import FULL, SMALL, resize
from pgat_jax.causes.trial_digest import SOURCES, compute_digest

SATURATED = load_causes()["1.2"].imposition


@pytest.fixture
def base(tiny):
    return Condition(resize(tiny, SMALL))


def test_digests_of_different_recipes_interventions_and_scales_differ(base):
    other = load_causes()["1.1"].imposition
    digests = [
        compute_digest(base, SMALL),
        compute_digest(base, FULL),
        compute_digest(base.plus(SATURATED), SMALL),
        compute_digest(base.plus(other), SMALL),
        compute_digest(Condition(load_config("tiny", "train.learning_rate=1e-4")), SMALL),
        compute_digest(Condition(load_config("tiny", "data.source=ibm")), SMALL),
    ]
    assert len(set(digests)) == len(digests)


def test_the_name_of_the_configuration_does_not_matter(base):
    renamed = Condition(base.config.model_copy(update={"name": "other"}))
    assert compute_digest(renamed, SMALL) == compute_digest(base, SMALL)


def test_a_digest_changes_with_the_source_of_an_intervention(base, monkeypatch):
    before = compute_digest(base.plus(SATURATED), SMALL)
    monkeypatch.setattr(trial_digest, "read_source", lambda module: f"# other {module}")
    assert compute_digest(base.plus(SATURATED), SMALL) != before


def test_a_digest_survives_a_new_process(base):
    """Modules that are loaded again have other functions, as they have in another process."""
    before = compute_digest(base.plus(SATURATED), SMALL)
    again = importlib.reload(importlib.import_module(SATURATED.module)).CAUSE.imposition
    assert again != SATURATED
    assert compute_digest(base.plus(again), SMALL) == before


def test_every_intervention_names_the_module_that_defines_it():
    for cause in load_causes().values():
        for intervention in (cause.present, cause.impose, cause.remedy):
            if intervention is not None:
                assert f'name="{intervention.name}"' in trial_digest.read_source(
                    intervention.module
                )


def test_every_source_exists():
    root = Path(pgat_jax.__file__).parent
    assert all((root / source).exists() for source in SOURCES)
