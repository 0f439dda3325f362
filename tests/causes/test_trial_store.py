"""Trials are stored whole, found again, and run where they are missing."""

import pytest

from pgat_jax.causes import trial_store
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.scales import SMALL, resize
from pgat_jax.causes.trial_programs import TrialPrograms
from pgat_jax.causes.trial_store import TrialStore


@pytest.fixture
def base(tiny):
    return Condition(resize(tiny, SMALL))


def test_a_file_that_is_not_complete_is_no_trial(base, tmp_path):
    store = TrialStore(tmp_path)
    assert store.find_missing(base, SMALL, [0, 1]) == [0, 1]
    store.write(base, SMALL, 0, {"start": {}})
    assert store.read(base, SMALL, 0) == {"start": {}}
    assert store.find_missing(base, SMALL, [0, 1]) == [1]
    (file,) = tmp_path.rglob("*.json")
    file.write_text(file.read_text()[:-5])
    assert store.find_missing(base, SMALL, [0, 1]) == [0, 1]
    assert list(tmp_path.rglob("*.*")) == [file]


def test_trials_are_run_stored_and_reported_one_by_one(base, tmp_path, monkeypatch):
    class FakeTrials:
        def __init__(self, model, scale, programs):
            assert model.config == base.config and scale == SMALL

        def run(self, seed):
            return {"start": {"loss": seed}}

    monkeypatch.setattr(trial_store, "Trials", FakeTrials)
    store, reports = TrialStore(tmp_path), []
    store.run(base, SMALL, [3, 5], TrialPrograms(), lambda: reports.append(len(reports)))
    assert reports == [0, 1]
    assert [store.read(base, SMALL, seed) for seed in (3, 5)] == [
        {"start": {"loss": 3}},
        {"start": {"loss": 5}},
    ]
