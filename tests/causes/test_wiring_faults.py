"""Faults of the wiring: found by file, chosen by configuration and command line."""

import pytest

from pgat_jax import load_config
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.wiring_faults import choose_wiring_faults, load_wiring_faults
from pgat_jax.errors import UserError


def test_a_fault_has_the_name_of_its_file_and_says_what_it_does():
    for name, fault in load_wiring_faults().items():
        assert fault.name == name and len(fault.claim) > 20


def test_original_is_recovery_with_every_fault():
    original = load_config("original", schema=StudyConfig)
    assert sorted(original.faults) == list(load_wiring_faults())
    recipe = original.without_faults()
    assert recipe.model_copy(update={"name": "recovery"}) == load_config("recovery")


def test_faults_are_added_and_left_out_once_each():
    found = choose_wiring_faults(["constant_columns"], ["constant_columns", "encoder_bypassed"])
    assert [fault.name for fault in found] == ["constant_columns", "encoder_bypassed"]
    assert choose_wiring_faults(["constant_columns"], drops=["constant_columns"]) == ()


@pytest.mark.parametrize(
    ("names", "drops", "sentence"),
    [
        (["petri_unused"], [], r"'petri_unused': there is none .*mean 'petri_states_unused'"),
        (["constant_columns"], ["constant"], r"--without constant: .*mean 'constant_columns'"),
        ([], ["constant_columns"], r"has no such fault; faults: none"),
    ],
)
def test_an_unknown_name_gets_one_sentence(names, drops, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        choose_wiring_faults(names, drops=drops)
    assert "\n" not in str(error.value)
