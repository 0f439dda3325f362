"""Slices that change the loss by a change of sign alone."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.measure.inert import find_inert
from checks.measure.response import Response
from checks.measure.survey import LeafSurvey, Survey
from tests.checks.measure.compiled import X, compiled


def _find(scaled, kind="nowhere", change=1.0, start=X):
    """Whether the last element of the leaf is found, which alone has no gradient."""
    runner, proof, sampler = compiled(lambda p, x: (scaled(p) * x).sum(), start, X)
    point = sampler.keep_parameters(proof.program.args)
    seen, changes = np.array(["data", "data", kind]), np.array([np.nan, np.nan, change])
    whole = np.array(["data"]), np.array([np.nan])
    survey = Survey(
        [SimpleNamespace(point=point)], [], [LeafSurvey([whole[0], seen], [changes < 0] * 2, 1)]
    )
    found = find_inert(runner, survey, {0: Response([], [whole[1], changes])})
    return {i: [x.tolist() for x in views] for i, views in found.items()}


def _unit(h):
    return h / jnp.sqrt((h**2).sum())


@pytest.mark.parametrize(
    "scaled, is_inert",
    [
        (lambda p: _unit(p[2] * X), True),
        (lambda p: jax.nn.leaky_relu(_unit(p[2] * (X - 2))), True),
        (
            lambda p: lax.scan(
                lambda h, s: (jnp.where(h > 0, 1, 2) * _unit(h * s), None), X, p[2:]
            )[0],
            True,
        ),
        (lambda p: jax.nn.leaky_relu(_unit(p[2] * (X - 2))) ** 2, True),
        (lambda p: jnp.where(p[2] > 0, 1.0, 2.0) * X, False),
        (lambda p: jnp.round(p[2]) * X, False),
        (lambda p: lax.stop_gradient(p[2]) * X, False),
    ],
)
def test_a_scale_is_told_from_what_a_step_function_reads(scaled, is_inert):
    assert _find(scaled) == {0: [[False], [False, False, is_inert]]}


def test_leaves_with_a_gradient_or_without_influence_are_left_out():
    assert _find(lambda p: _unit(p[2] * X), kind="params") == {}
    assert _find(lambda p: _unit(p[2] * X), change=1e-11) == {}
