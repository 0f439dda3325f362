"""Points that show nothing of pending slices, by two losses."""

import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure.screening import is_flat
from tests.checks.measure.compiled import X, compiled


@pytest.fixture(scope="module")
def program():
    return compiled(lambda p, x: ((p["w"] - p["w"].mean() + p["v"]) * x).sum(), {"v": X, "w": X}, X)


def _pend(whole, slices):
    return [np.array([whole]), np.array(slices)]


def test_a_loss_that_stays_the_same_shows_nothing():
    runner, _, sampler = compiled(lambda p, x: (p["w"] - p["w"] + x).sum(), {"w": X}, X)
    point = sampler.draw_inputs()
    assert is_flat(runner, point, {0: _pend(True, [False] * 3)})
    assert is_flat(runner, point, {0: _pend(False, [False, True, False])})


def test_a_loss_that_moves_with_any_pending_slice_shows_something(program):
    runner, _, sampler = program
    point = sampler.draw_inputs()
    assert not is_flat(runner, point, {0: _pend(False, [False, True, False])})
    assert not is_flat(runner, point, {1: _pend(True, [False] * 3)})
    assert is_flat(runner, point, {0: _pend(False, [False] * 3)})


def test_large_moves_are_seen_too():
    runner, _, sampler = compiled(
        lambda p, x: (jnp.where(jnp.abs(p["w"]) > 9, p["w"], 0.0) * x).sum(), {"w": X}, X
    )
    point = sampler.keep_parameters(runner.program.args)
    pending = {0: _pend(True, [True] * 3)}
    assert is_flat(runner, point, pending) and not is_flat(runner, point, pending, 100.0)
