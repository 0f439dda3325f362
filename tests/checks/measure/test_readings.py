"""Gradients at a point, told from rounding noise."""

import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure import readings
from checks.measure.points import Point
from checks.measure.readings import (
    Measurement,
    Reading,
    find_largest_by_view,
    is_strong,
    measure_point,
    narrow_point,
)
from checks.program.runner import Gradient
from tests.checks.measure.compiled import X, compiled


def test_views_are_the_whole_and_the_slices_of_each_axis():
    whole, rows, columns = find_largest_by_view(np.array([[1.0, -5.0, 2.0], [0.0, 3.0, -4.0]]))
    assert (whole.tolist(), rows.tolist(), columns.tolist()) == ([5], [5, 4], [1, 5, 4])
    assert [x.tolist() for x in find_largest_by_view(np.float64(-2))] == [[2]]
    assert [x.tolist() for x in find_largest_by_view(np.zeros((0, 2)))] == [[0], [], [0, 0]]


def test_strong_is_a_billionth_of_the_strongest():
    reading = Reading("data", [np.array([1.0]), np.array([1.1e-9, 0.9e-9])], [])
    assert [x.tolist() for x in is_strong(reading, 1.0)] == [[True], [True, False]]


def test_the_strongest_of_a_measurement_is_of_any_leaf():
    found = Measurement(None, None, None, [Reading("data", [np.array([s])], []) for s in (1, 3)])
    assert found.strongest == 3.0 and found._replace(readings=[None]).strongest == 0.0


class _Runner:
    """Gives these float64 gradients in turn, and one as written."""

    def __init__(self, wide, written, leaves):
        self._wide, self._written, self.calls = wide, written, 0
        params = type("P", (), {"learning": tuple(np.float32(x) for x in leaves)})
        args = type("A", (), {"learning": ()})
        self.program = type("G", (), {"params": params, "args": args})

    def compute_wide(self, leaves, args):
        self.calls += 1
        slopes = self._wide[min(self.calls - 1, len(self._wide) - 1)]
        return Gradient(1.0, [None if g is None else np.float64(g) for g in slopes])

    def compute_written(self, leaves, args):
        return Gradient(1.0, [None if g is None else np.float32(g) for g in self._written])


class _Sampler:
    def jitter(self, point):
        return point


def _measure(monkeypatch, wide, written):
    monkeypatch.setattr(readings, "narrow_point", lambda runner, point: (point.leaves, None))
    runner = _Runner(wide, written, wide[0])
    found = measure_point(runner, _Sampler(), Point("inputs", [], None))
    return [None if r is None else r.alive[0].tolist() for r in found.readings], runner.calls


@pytest.mark.parametrize(
    "jittered, written, is_alive",
    [
        (1.0, 1.0, True),
        (0.71, 1.0, True),
        (0.69, 1.0, False),
        (1.0, 0.9e7, True),
        (1.0, 1.1e7, False),
    ],
)
def test_a_gradient_that_a_jitter_or_the_precision_changes_is_noise(
    monkeypatch, jittered, written, is_alive
):
    further = [[[jittered**count]] for count in range(2, 6)]
    found, calls = _measure(monkeypatch, [[[1.0]], [[jittered]], *further], [[written]])
    assert found == [[is_alive]] and calls == (6 if jittered == 0.69 else 2)


def test_zero_is_not_alive_and_what_is_missing_or_not_finite_has_no_reading(monkeypatch):
    wide = [[[0.0], None, [np.nan], [2.0]]]
    found, _ = _measure(monkeypatch, wide, [[0.0], None, [1.0], [np.nan]])
    assert found == [[False], None, None, [True]]


def test_a_weak_gradient_must_survive_two_more_jitters(monkeypatch):
    strong = [1.0]
    lucky = [[strong, [1e-10]], [strong, [1e-10]], [strong, [1e-10]], [strong, [5e-11]]]
    found, calls = _measure(monkeypatch, lucky, [strong, [1e-10]])
    assert found == [[True], [False]] and calls == 4
    found, calls = _measure(monkeypatch, [[strong, [1e-10]]], [strong, [1e-10]])
    assert found == [[True], [True]] and calls == 4


def test_a_point_is_measured_as_the_program_is():
    runner, proof, sampler = compiled(
        lambda p, x: (p["w"] * x).sum() + 0 * p["dead"].sum(), {"dead": X, "w": X}, X
    )
    point = sampler.keep_parameters(proof.program.args)
    found = measure_point(runner, sampler, point)
    assert np.array_equal(found.wide.leaves[1], X) and found.wide.loss == 14.0
    assert found.written.leaves[1].dtype == np.float32
    assert found.readings[1].kind == "data" and found.readings[1].alive[1].all()
    assert not found.readings[0].alive[0].any()


def test_a_point_is_narrowed_to_the_types_of_the_program():
    runner, _, sampler = compiled(
        lambda p, x: (p * x).sum().astype(jnp.float32),
        X.astype(jnp.bfloat16),
        X.astype(jnp.bfloat16),
    )
    leaves, args = narrow_point(runner, sampler.draw_inputs())
    assert leaves[0].dtype == jnp.bfloat16 and args.learning[0].dtype == jnp.bfloat16


def test_a_gradient_that_a_jitter_moves_across_steps_is_alive_and_noise_is_not(monkeypatch):
    tied, crossed = [[1.0, 2.0, 3.0, 9.0]], [[1.0, 2.0, 3.0, 0.0]]
    assert _measure(monkeypatch, [[tied], [crossed]], [tied])[0] == [[True]]
    one_of_two = [[[[0.5]]], [[[0.0]]], [[[1.0]]], [[[0.0]]], [[[1.0]]]]
    assert _measure(monkeypatch, one_of_two, [[[0.5]]]) == ([[True]], 5)
    noise = [[[[x]]] for x in (0.5, -0.1, 0.9, 0.2, -0.6, 1.6)]
    assert _measure(monkeypatch, noise, [[[0.5]]]) == ([[False]], 6)
