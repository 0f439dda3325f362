"""Decisions as written and in float64."""

import jax.numpy as jnp
import pytest
from jax import lax

from checks.measure.decisions import has_same_decisions
from tests.checks.measure.compiled import X, compiled

SMALL = 1e-9


def _is_same(function):
    runner, proof, sampler = compiled(lambda p, x: function(p * x).sum(), X, X)
    return has_same_decisions(runner, sampler.keep_parameters(proof.program.args))


@pytest.mark.parametrize(
    "function, is_same",
    [
        (jnp.sin, True),
        (lambda x: jnp.where(x > 2, x, 0 * x), True),
        (lambda x: jnp.where((x + SMALL) - x > 0, x, 0 * x), False),
        (lambda x: x * jnp.ceil((x + SMALL) - x), False),
        (lambda x: x * jnp.sign((x + SMALL) - x), False),
        (lambda x: x * jnp.floor(x), True),
        (lambda x: x * (1 + ((x + SMALL) - x) * 1e9).astype(jnp.int32).astype(x.dtype), False),
        (lambda x: lax.while_loop(lambda s: s.sum() < 99, lambda s: 2 * s, x), False),
    ],
)
def test_comparisons_casts_and_steps_are_decisions(function, is_same):
    assert _is_same(function) is is_same
