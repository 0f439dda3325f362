"""The parts of a linear solve against each other."""

import jax.numpy as jnp
import pytest
from jax import lax

from checks.measure.solves import compare_solves, find_solve_calls
from tests.checks.measure.compiled import X, compiled

MATRIX = jnp.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.5, 0.0, 4.0]])


def _solve(right, symmetric=False, scale=1.0):
    return lax.custom_linear_solve(
        lambda v: MATRIX @ v,
        right,
        lambda _, b: jnp.linalg.solve(MATRIX, b),
        None if symmetric else lambda _, b: scale * jnp.linalg.solve(MATRIX.T, b),
        symmetric=symmetric,
    )


def _compare(loss, params):
    runner, proof, sampler = compiled(loss, params)
    program = proof.program
    calls = find_solve_calls(proof.dependence, program.jaxpr, program.leaf_count)
    point = sampler.keep_parameters(program.args)
    return calls, compare_solves(runner, calls, point.leaves, point.args)


@pytest.mark.parametrize(
    "settings, is_wrong", [({}, False), ({"scale": 1.01}, True), ({"symmetric": True}, True)]
)
def test_parts_that_contradict_each_other_are_found(settings, is_wrong):
    calls, found = _compare(lambda p: _solve(p["right"], **settings).sum(), {"a": X, "right": X})
    assert len(calls) == 1 and bool(found) is is_wrong
    for one in found:
        assert one.leaves == 0b10 and one.error > 1e-3 and "test_solves.py" in one.place


def test_solves_off_the_path_or_of_jax_are_not_asked():
    def loss(p):
        aside = _solve(p["right"])
        return jnp.linalg.solve(MATRIX, p["right"]).sum() + _solve(X).sum(), aside

    assert _compare(lambda p: loss(p), {"right": X})[0] == []


def test_a_solve_without_a_transpose_has_nothing_to_compare():
    def loss(p):
        solved = lax.custom_linear_solve(lambda v: MATRIX @ v, p, lambda _, b: b / 3)
        return lax.stop_gradient(solved).sum() + p.sum()

    assert _compare(loss, X)[1] == []
