"""Interventions: what one without edits does, which ones act on the program, predictions."""

import pytest

from pgat_jax import load_config
from pgat_jax.causes.edits import scale_leaves
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import Intervention, WiringFault

IDLE = Intervention("idle", "nothing is changed", __name__)


def test_edits_that_are_left_out_change_nothing(sound_model):
    config, params, optimizer = load_config("tiny"), {"a": 1}, object()
    assert IDLE.edit_config(config) is config
    assert IDLE.edit_columns(sound_model.data.columns) is sound_model.data.columns
    assert IDLE.edit_table(sound_model.device_table, sound_model.data) is sound_model.device_table
    assert IDLE.edit_params(params) is params
    assert IDLE.edit_optimizer(optimizer) is optimizer


@pytest.mark.parametrize(
    ("edits", "acts"),
    [
        ({}, False),
        ({"edit_config": lambda config: config}, False),
        ({"edit_optimizer": lambda optimizer: optimizer}, False),
        ({"edit_columns": lambda columns: columns}, True),
        ({"edit_table": lambda device, data: device}, True),
        ({"edit_params": scale_leaves({"a": 2.0})}, True),
        ({"intercept": intercept_calls(type, lambda module, call: call())}, True),
    ],
)
def test_what_acts_on_the_program_or_its_data(edits, acts):
    assert Intervention("name", "claim", __name__, **edits).acts_on_program is acts


def test_a_fault_predicts_by_patterns_what_it_causes_alone_and_with_others():
    takes, joins = (("a/*", "stuck"), ("a/b", "unvisited")), (("c", "disconnected"),)
    fault = WiringFault("fault", "claim", __name__, takes=takes, joins=joins)
    assert fault.predict("a/b") == {"stuck", "unvisited"}
    assert fault.predict("c") == {"disconnected"}
    assert fault.predict("d") == set()
