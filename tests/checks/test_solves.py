"""The parts of a custom_linear_solve: contradictions are wrong, roughness is not."""

import jax
import jax.numpy as jnp
from jax import lax

from checks import diagnose

MATRIX = jnp.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.5, 0.0, 4.0]])


def _solved(right, symmetric):
    return lax.custom_linear_solve(
        lambda v: MATRIX @ v,
        right,
        lambda _, b: jnp.linalg.solve(MATRIX, b),
        transpose_solve=None if symmetric else lambda _, b: jnp.linalg.solve(MATRIX.T, b),
        symmetric=symmetric,
    )


def test_a_matrix_that_is_not_symmetric_and_called_so_is_wrong_in_a_scan_too():
    def loss(p, symmetric):
        steps = lax.scan(lambda h, _: (_solved(h, symmetric), None), p["right"], None, length=3)
        return jnp.sum(steps[0] ** 2)

    for symmetric, verdict in ((True, "wrong"), (False, "alive")):
        report = diagnose(lambda p, s=symmetric: loss(p, s), {"right": jnp.ones(3)})
        assert report["right"].verdict == verdict
        assert not symmetric or "test_solves.py:13" in report["right"].where[0]


def test_conjugate_gradients_cut_short_are_rough_both_ways_and_not_wrong():
    matrix = MATRIX @ MATRIX.T

    def loss(p):
        found, _ = jax.scipy.sparse.linalg.cg(lambda v: matrix @ v, p["right"], maxiter=2)
        return jnp.sum(found**2)

    assert diagnose(loss, {"right": jnp.ones(3)})["right"].verdict == "alive"
