"""A loss traced to a program, and what is refused."""

import itertools

import jax
import jax.numpy as jnp
import pytest

from checks.program.trace import NotALoss, make_impure_error, trace

X = jnp.ones(3)
PARAMS = {"w": X, "steps": jnp.int32(2)}


def test_inputs_are_leaves_and_arguments_and_outputs_are_named():
    def loss(params, x, key):
        return (params["w"] * x).sum(), {"metric": x.max(), "count": params["steps"]}

    program = trace(loss, PARAMS, (X, jax.random.key(0)))
    assert program.outputs == ("loss", "count", "metric") and program.leaf_count == 1
    inputs = program.list_inputs([2 * X], program.args)
    assert len(inputs) == len(program.jaxpr.in_avals) == 4
    values = jax.core.eval_jaxpr(program.jaxpr.jaxpr, program.jaxpr.consts, *inputs)
    assert float(values[0]) == 6 and int(values[1]) == 2


def test_shapes_are_enough():
    shape = jax.ShapeDtypeStruct((10**6, 10**6), jnp.float32)
    assert trace(lambda p: p["w"].sum(), {"w": shape}, ()).params.names == ("w",)


def test_a_loss_may_branch_on_python_numbers():
    program = trace(lambda p, n: p["w"].sum() if n > 2 else p["w"].max(), {"w": X}, (3,))
    assert "reduce_sum" in str(program.jaxpr)


COUNTER = itertools.count()
REFUSED = {
    "no parameters": (lambda p: 1.0, {"n": 1}, "without one floating-point array"),
    "no number": (lambda p: "high", {"w": X}, "must be a number: got str"),
    "a vector": (lambda p: p["w"], {"w": X}, r"must be a scalar: got shape \(3,\)"),
    "an integer": (lambda p: jnp.int32(1), {"w": X}, "floating-point number: got int32"),
    "an error": (lambda p: p["v"], {"w": X}, "must not raise: got KeyError: 'v' at"),
    "a branch on a value": (
        lambda p: p["w"].sum() if p["w"][0] > 0 else 0.0,
        {"w": X},
        "must be traceable by JAX: got TracerBoolConversionError at",
    ),
    "a counter": (
        lambda p: p["w"].sum() * next(COUNTER),
        {"w": X},
        "two different programs from two traces",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_loss_is_refused_with_the_reason(name):
    loss, params, words = REFUSED[name]
    with pytest.raises(NotALoss, match=words):
        trace(loss, params, ())


def test_a_constant_that_changes_between_traces_is_seen():
    with pytest.raises(NotALoss, match="the same function at every call"):
        trace(lambda p: (p["w"] * jnp.full(3, next(COUNTER), float)).sum(), {"w": X}, ())


def test_the_error_for_changing_losses_says_what_was_seen():
    assert "got two answers; pass what changes" in str(make_impure_error("two answers"))
