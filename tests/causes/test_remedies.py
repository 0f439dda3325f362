"""Remedies have names of their own, and drop only what the faulty model has."""

import pytest

from pgat_jax.causes.experiments import apply_remedy, faulty_condition, is_remedy_tried
from pgat_jax.causes.remedies import REMEDIES
from pgat_jax.causes.scales import LAPTOP, SMALL

ALREADY_THERE = "route the fused stream onward"


def test_no_two_remedies_share_a_name():
    assert len({remedy.name for remedy in REMEDIES}) == len(REMEDIES)


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.name)
def test_a_remedy_changes_the_faulty_model(remedy, original):
    faulty = faulty_condition(original, SMALL)
    assert all(dropped in faulty.interventions for dropped in remedy.drops)
    assert None not in remedy.adds
    assert (apply_remedy(original, SMALL, remedy) == faulty) == (remedy.name == ALREADY_THERE)


def test_remedies_that_act_in_training_are_trained_at_the_larger_scale_too():
    for remedy in REMEDIES:
        assert is_remedy_tried(remedy, SMALL)
        assert is_remedy_tried(remedy, LAPTOP) is remedy.is_in_training
