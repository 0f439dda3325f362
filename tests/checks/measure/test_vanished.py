"""Gradients that are lost because a constant vanishes while JAX traces."""

import jax.numpy as jnp
import pytest

from checks.measure.vanished import find_lost_gradients
from tests.checks.measure.compiled import X, compiled

HALF = X.astype(jnp.float16)


def _find(loss, params, *args):
    runner, proof, sampler = compiled(loss, params, *args)
    return find_lost_gradients(runner, proof.reachable, sampler.keep_parameters(proof.program.args))


def _loss(weight, cast=lambda x: x):
    def loss(p, x):
        return (cast(p["w"]) * cast(x)).sum() + weight * (cast(p["b"]) ** 2).sum()

    return loss


@pytest.mark.parametrize("cast, start", [(lambda x: x, HALF), (lambda x: x.astype(jnp.float16), X)])
def test_a_constant_that_is_zero_in_half_precision_is_named_with_its_line(cast, start):
    ((leaf, lost),) = _find(_loss(2e-8, cast), {"w": start, "b": start}, start).items()
    (constant,) = lost.constants
    assert leaf == 0 and lost.size == pytest.approx(2e-8 * 6)
    assert (constant.value, constant.dtype) == (2e-8, "float16") and constant.leaves == 0b01
    assert "test_vanished.py" in constant.place and " mul" in constant.place


def test_constants_that_stay_numbers_and_true_zeros_lose_nothing():
    params = {"w": HALF, "b": HALF}
    assert _find(_loss(1e-3), params, HALF) == {}
    assert _find(_loss(0.0), params, HALF) == {}
    assert _find(_loss(2e-8), {"w": X, "b": X}, X) == {}


def test_a_function_that_cannot_be_traced_in_float64_loses_nothing():
    def loss(p, x):
        assert p["w"].dtype == jnp.float16
        return _loss(2e-8)(p, x)

    assert _find(loss, {"w": HALF, "b": HALF}, HALF) == {}
