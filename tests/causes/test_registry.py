"""Names of faults: found by file, chosen by configuration and command line."""

import pytest

from pgat_jax import load_config
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.registry import all_faults, chosen
from pgat_jax.errors import UserError


def test_a_fault_is_called_as_its_file_and_says_what_it_does():
    for name, fault in all_faults().items():
        assert fault.name == name and len(fault.claim) > 20


def test_original_is_recovery_with_every_fault():
    original = load_config("original", schema=StudyConfig)
    assert sorted(original.faults) == list(all_faults())
    recipe = original.without_faults()
    assert recipe.model_copy(update={"name": "recovery"}) == load_config("recovery")


def test_faults_are_added_and_left_out_once_each():
    found = chosen(["constant_columns"], ["constant_columns", "encoder_bypassed"])
    assert [fault.name for fault in found] == ["constant_columns", "encoder_bypassed"]
    assert chosen(["constant_columns"], left_out=["constant_columns"]) == ()


@pytest.mark.parametrize(
    "named, left_out, sentence",
    [
        (["petri_unused"], [], r"'petri_unused': there is none .*mean 'petri_states_unused'"),
        (["constant_columns"], ["constant"], r"--without constant: .*mean 'constant_columns'"),
        ([], ["constant_columns"], r"has no such fault; faults: none"),
    ],
)
def test_an_unknown_name_gets_one_sentence(named, left_out, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        chosen(named, left_out=left_out)
    assert "\n" not in str(error.value)
