"""Which conditions a cause and a remedy compare, and at which scale."""

import pytest

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.experiments import (
    apply_remedy,
    compare,
    faulty_condition,
    is_tried,
    list_conditions,
    sound_condition,
)
from pgat_jax.causes.remedies import REMEDIES
from pgat_jax.causes.scales import FULL, LAPTOP, SCALES, SMALL

CAUSES = load_causes()
IN_TRAINING = ("3.1", "3.2", "3.3", "3.4", "4.2", "4.3", "6.1", "6.2", "7.1")
ONLY_TRAINING = ("3.1", "3.2", "3.3", "3.4", "4.3")


def test_the_faulty_model_has_the_faults_and_all_that_the_documents_state(original, tiny):
    names = [i.name for i in faulty_condition(original, FULL).interventions]
    stated = {c.present.name for c in CAUSES.values() if c.present is not None}
    assert set(names) == {*original.faults, *stated} and len(names) == len(set(names))
    assert faulty_condition(tiny, FULL) is None


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_every_experiment_of_a_cause_changes_something(cause, original):
    assert cause.imposition is not None or cause.remedy is not None
    comparisons = list(compare(original, SMALL, cause))
    assert comparisons and not any(comparison.is_idle for comparison in comparisons)
    for comparison in comparisons:
        base = sound_condition if comparison.is_imposed else faulty_condition
        assert comparison.before == base(original, SMALL)


def test_a_cause_is_imposed_on_the_sound_and_removed_from_the_faulty_model(original):
    cause = CAUSES["4.1"]
    imposed, removed = compare(original, SMALL, cause)
    assert imposed.is_imposed and imposed.after.interventions == (cause.imposition,)
    assert not removed.is_imposed and removed.after == removed.before.without(cause.present)


def test_without_faults_a_cause_is_imposed_alone(tiny):
    assert [c.is_imposed for c in compare(tiny, SMALL, CAUSES["4.1"])] == [True]


def test_what_changes_only_the_training_is_not_tried_without_updates(original):
    for number, cause in CAUSES.items():
        idle = [comparison.is_idle for comparison in compare(original, FULL, cause)]
        assert all(idle) if number in ONLY_TRAINING else not any(idle)


def test_a_cause_is_trained_at_one_scale_those_that_act_in_training_at_the_larger(original):
    for number, cause in CAUSES.items():
        trained = [scale for scale in SCALES if scale.updates and is_tried(cause, scale)]
        assert trained == [LAPTOP if number in IN_TRAINING else SMALL]
        wanted = list_conditions(original, SCALES, [cause], with_remedies=False)
        assert {scale for _, scale in wanted} == {FULL, *trained}


def test_each_condition_is_listed_once_the_bases_first(original):
    wanted = list_conditions(original, [SMALL], list(CAUSES.values()), with_remedies=True)
    assert len(set(wanted)) == len(wanted)
    bases = sound_condition(original, SMALL), faulty_condition(original, SMALL)
    assert tuple(condition for condition, _ in wanted[:2]) == bases


def test_a_remedy_drops_and_adds(original, tiny):
    (remedy,) = [r for r in REMEDIES if r.name == "fusion as wide as the stream"]
    after = apply_remedy(original, SMALL, remedy)
    assert set(remedy.adds) <= set(after.interventions)
    assert not set(remedy.drops) & set(after.interventions)
    assert apply_remedy(tiny, SMALL, remedy) is None


def test_interventions_have_different_names(original):
    wanted = list_conditions(original, [SMALL], list(CAUSES.values()), with_remedies=True)
    interventions = {i for condition, _ in wanted for i in condition.interventions}
    assert len({i.name for i in interventions}) == len(interventions)
