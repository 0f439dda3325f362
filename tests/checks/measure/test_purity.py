"""A program with callbacks is run twice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure.purity import check_purity
from checks.program.trace import NotALoss
from tests.checks.measure.compiled import X, compiled


def _check(function):
    shape = jax.ShapeDtypeStruct((), jnp.float32)
    runner, proof, sampler = compiled(
        lambda p, x: (p * x).sum() + jax.pure_callback(function, shape, x[0]), X, X
    )
    check_purity(runner, sampler.keep_parameters(proof.program.args))


def test_the_same_answer_twice_is_pure_and_so_is_nan():
    _check(lambda x: np.float32(x))
    _check(lambda x: np.float32("nan"))


def test_two_answers_are_no_loss():
    answers = iter(range(9))
    with pytest.raises(NotALoss, match=r"got 14\.0 and 15\.0 from two runs at the same point"):
        _check(lambda x: np.float32(next(answers)))


def test_a_callback_that_raises_is_no_loss():
    def raises(x):
        raise ValueError("of mine")

    with pytest.raises(NotALoss, match=r"a loss must not raise: got .* in a callback"):
        _check(raises)


def test_a_program_without_callbacks_is_not_run(monkeypatch):
    runner, proof, sampler = compiled(lambda p, x: (p * x).sum(), X, X)
    monkeypatch.setattr(runner, "compute_written", None)
    check_purity(runner, sampler.keep_parameters(proof.program.args))
