"""Cures: the known one is found, its numbers are those of the cured program written by hand."""

from functools import cache

import jax
import numpy as np
import pytest

from checks import diagnose
from tests.checks.checked_programs import CASES, X, draw
from tests.checks.cured_programs import PIECES, loss_of, params_of

W = draw(1, 4, 2)


def _diagnosed(name, **more):
    case = CASES[name]
    return diagnose(case.loss, case.params, *case.args, **{**case.settings, **more})


def _size(array):
    return float(np.sqrt(np.mean(np.square(array))))


@cache
def _report(verdict):
    """One diagnosis for all pieces of a verdict: what each takes is mostly compiling."""
    pieces = {name: piece for name, piece in PIECES.items() if piece.verdict == verdict}
    return diagnose(loss_of(pieces), params_of(pieces), X)


@pytest.mark.parametrize("name", PIECES)
def test_the_known_cure_is_found_with_the_gradient_of_the_program_cured_by_hand(name):
    piece = PIECES[name]
    leaf = _report(piece.verdict)[name]
    assert leaf.verdict == piece.verdict
    (cure,) = [c for c in leaf.cures if piece.edit in c.edit][:1]
    by_hand = jax.grad(lambda v: piece.term(v, X, True))(piece.start)
    assert cure.kind == "equation" and cure.measure == "gradient" and name in cure.leaves
    assert cure.after == pytest.approx(_size(by_hand), rel=2e-3) and _size(by_hand) > 0
    assert not cure.before > 1e-6 * cure.after
