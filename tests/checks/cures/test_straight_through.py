"""Straight-through estimates have the gradient of those written by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.cures.straight_through import SURROGATES, StraightThrough, attach_derivative
from checks.program.trace import trace
from checks.proofs.cuts import find_cuts
from checks.proofs.dependence import Dependence
from tests.checks.checked_programs import X
from tests.checks.cures.cured_programs import PIECES

NAMES = [name for name, piece in PIECES.items() if piece.edit == "straight-through"]


@pytest.mark.parametrize("name", NAMES)
def test_the_estimate_has_the_value_of_the_program_and_the_gradient_written_by_hand(name):
    piece = PIECES[name]
    program = trace(lambda p, x: piece.term(p["v"], x, False), {"v": piece.start}, (X,))
    cuts = find_cuts(Dependence(), program.jaxpr, 1)
    assert {cut.primitive for cut in cuts} <= SURROGATES
    paths = {cut.site.path for cut in cuts}

    @jax.jit
    @jax.value_and_grad
    def run(v):
        return StraightThrough(paths).run(program.jaxpr, [v, X])[0][0]

    value, slope = run(piece.start)
    by_hand = jax.jit(jax.grad(lambda v: piece.term(v, X, True)))(piece.start)
    assert float(value) == pytest.approx(float(piece.term(piece.start, X, False)), rel=1e-5)
    np.testing.assert_allclose(slope, by_hand, rtol=1e-4, atol=1e-6)
    assert np.any(slope)


def test_a_derivative_is_attached_to_a_value_that_stays_exact():
    value, smooth = jnp.array([1.0, 3.0]), lambda v: v[0] ** 2
    attach = lambda v: attach_derivative(value, smooth(v)).sum()  # noqa: E731
    found, slope = jax.value_and_grad(attach)(jnp.array([5.0, 7.0]))
    assert found == 4.0
    np.testing.assert_array_equal(slope, [20.0, 0.0])
