"""Gradients of branches that the data do not take."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.measure.branches import (
    differentiate_every_branch,
    differentiate_other_branch,
    find_choices,
)
from tests.checks.measure.compiled import X, compiled


def _loss(p, x):
    picked = jnp.where(x > 0, p["v"] * x, p["w"] * x)
    called = lax.cond(x[0] > 0, lambda a, b: 2 * a, lambda a, b: 3 * b, p["a"], p["b"])
    own = jnp.where(p["a"] > 0, p["a"], 0 * p["a"])
    return picked.sum() + called.sum() + own.sum()


def _both(loss, params, x):
    runner, proof, sampler = compiled(loss, params, x)
    paths = find_choices(proof.program, proof.dependence)
    point = sampler.keep_parameters(proof.program.args)
    every = differentiate_every_branch(runner, paths, point)
    other = differentiate_other_branch(runner, paths, point)
    return paths, every, other, runner.compute_wide(point.leaves, point.args).loss


def test_choices_are_those_that_depend_on_the_data():
    params = dict.fromkeys("abvw", X)
    paths, every, other, loss = _both(_loss, params, X)
    assert len(paths) == 2
    assert every.loss == loss
    slopes = np.stack([every.leaves, other.leaves], axis=1)
    ones = np.ones(3)  # the branch taken counts twice in `every`
    assert np.array_equal(slopes[:, 0], [5 * ones, 3 * ones, 2 * X, X])
    assert np.array_equal(slopes[:, 1], [ones, 3 * ones, 0 * X, X])


def test_the_next_of_many_cases_follows_the_last():
    def loss(p, i):
        return lax.switch(i, [lambda a: a, lambda a: 10 * a, lambda a: 100 * a], p["a"]).sum()

    _, every, other, _ = _both(loss, {"a": X}, jnp.int32(2))
    assert other.leaves[0].tolist() == [1.0] * 3 and every.leaves[0].tolist() == [211.0] * 3
