"""The tools that compute something themselves, on programs of a few elements."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.faults.registry import Example
from benchmarks.rivals.case import STEPS, Case
from benchmarks.rivals.debug_nans import find_nans
from benchmarks.rivals.finite_differences import find_mismatches, find_mismatches_in_float64
from benchmarks.rivals.own import find_failing
from benchmarks.rivals.tool import WHOLE, Alarm

SGD = {"optimizer": optax.sgd(0.25)}


@jax.custom_vjp
def square(x):
    return x**2


square.defvjp(lambda x: (square(x), x), lambda x, g: (x * g,))  # half of the derivative


def test_a_case_trains_with_the_optimiser_of_the_program():
    case = Case(Example(lambda p, x: jnp.sum(x * p["w"] ** 2), {"w": 1.0}, (2.0,), SGD))
    assert (case.names, len(case.steps)) == (["w"], STEPS)
    first = case.steps[0]
    assert (first.gradients["w"], first.before["w"], first.after["w"]) == (4, 1, 0)


def test_a_case_casts_as_its_settings_ask_and_drops_what_else_the_loss_returns():
    settings = {"compute_dtype": jnp.float16}
    case = Case(Example(lambda p, x: (p * x, "more"), np.float32(1), (np.float32(2),), settings))
    assert case.loss(case.params).dtype == jnp.float16


def test_check_grads_names_the_leaf_whose_rule_is_wrong():
    params = {"right": jnp.ones(2), "wrong": jnp.ones(2)}
    case = Case(Example(lambda p: jnp.sum(p["right"] ** 2 + square(p["wrong"])), params))
    assert find_mismatches(case) == [Alarm("wrong", "mismatch")]
    assert find_mismatches_in_float64(case) == [Alarm("wrong", "mismatch")]


def test_debug_nans_names_the_line_and_no_leaf(capsys):
    case = Case(Example(lambda p: jnp.sum(jnp.sqrt(p["w"])), {"w": jnp.full(2, 0.1)}, (), SGD))
    [alarm] = find_nans(case)
    assert (alarm.leaf, alarm.reason) == (WHOLE, "NaN")
    assert any(place.startswith("test_tools.py:") for place in alarm.where)
    assert not jax.config.jax_debug_nans and capsys.readouterr().out == ""


def test_debug_nans_passes_a_finite_training():
    assert find_nans(Case(Example(lambda p: jnp.sum(p**2), jnp.ones(2), (), SGD))) == []


def test_checks_say_their_verdict():
    params = {"a": jnp.ones(2), "b": jnp.ones(2)}
    [alarm] = find_failing(Case(Example(lambda p: jnp.sum(p["a"] ** 2), params)))
    assert (alarm.leaf, alarm.reason) == ("b", "disconnected")
