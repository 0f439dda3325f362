"""A cause is judged by the experiment on the faulty model where there is one."""

import pytest

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.cause_verdict import judge_cause
from pgat_jax.causes.outcomes import OUTCOMES
from pgat_jax.causes.scales import FULL, SCALES, SMALL
from tests.causes.conftest import FakeStore

CAUSE = load_causes()["1.4"]  # imposed and removed by the same intervention
SEEDS = range(6)


def judge(norms, study, scales=SCALES, cause=CAUSE):
    return judge_cause(study, cause, scales, FakeStore(norms), SEEDS)


def test_a_cause_that_takes_the_gradient_is_confirmed_where_its_removal_restores_it(original):
    """The name of the last intervention decides the norm in the fake trials."""
    last = "diagnostics_detached"  # the last of the faulty model, also without the cause
    verdict = judge({last: 1e-9, CAUSE.present.name: 1e-9}, original)
    assert verdict["imposed"]["verdict"] == "confirmed"
    assert verdict["removed"]["verdict"] == "refuted"  # with and without it the norm is the same
    assert verdict["verdict"] == "refuted"


def test_without_faults_the_experiment_on_the_sound_model_decides(tiny):
    verdict = judge({CAUSE.present.name: 1e-9}, tiny)
    assert "removed" not in verdict and verdict["verdict"] == "confirmed"
    assert verdict["imposed"]["effects"].keys() == OUTCOMES.keys()
    share = verdict["imposed"]["effects"]["gradient at the start"].share
    assert share == pytest.approx(7 / 7.84, abs=0.01)  # decades, of those to the symptom


def test_without_training_the_start_alone_is_judged(tiny):
    verdict = judge({CAUSE.present.name: 1e-9}, tiny, [FULL])
    assert list(verdict["imposed"]["effects"]) == ["gradient at the start"]


def test_what_no_trial_shows_is_undecidable(tiny):
    verdict = judge({}, tiny, [FULL], load_causes()["3.1"])  # it acts in training alone
    assert verdict == {"verdict": "undecidable here", "outcome": "nothing is trained"}


def test_each_outcome_is_judged_at_the_first_scale_that_measured_it(tiny):
    verdict = judge({CAUSE.present.name: 1e-9}, tiny, [SMALL, FULL])
    assert {effect.seeds for effect in verdict["imposed"]["effects"].values()} == {len(SEEDS)}
