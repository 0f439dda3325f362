"""The first steps of the optimiser."""

import jax.numpy as jnp
import numpy as np
import optax

from checks.measure.chain import Chain
from checks.measure.readings import measure_point
from checks.measure.training import CHECKPOINTS, STEPS, train
from checks.program.leaves import partition
from tests.checks.measure.compiled import X, compiled


def _train(loss, params, optimizer, *batches, steps=STEPS):
    runner, proof, sampler = compiled(loss, params, batches[0])
    chain = Chain(optimizer, proof.program.params)
    data = [
        measure_point(runner, sampler, sampler.keep_parameters(partition((x,)))) for x in batches
    ]
    return train(runner, chain, data, steps)


def _line(p, x):
    return (p["a"] * x).sum() + 0 * p["b"].sum()


def test_the_parameters_are_kept_at_the_checkpoints_and_batches_alternate():
    found = _train(_line, {"a": X, "b": X}, optax.sgd(1.0), X, 10 * X)
    assert sorted(found.leaves) == [0, *CHECKPOINTS] and CHECKPOINTS[-1] == STEPS == 20
    assert np.allclose(found.leaves[0][0], X) and np.allclose(found.leaves[1][0], 0 * X)
    assert np.allclose(found.leaves[3][0], X - (1 + 10 + 1) * X)
    assert found.last is found.leaves[20]


def test_moves_are_noted_with_the_first_relative_one():
    found = _train(_line, {"a": X, "b": X}, optax.sgd(0.5), X, steps=3)
    assert [moved.tolist() for moved in found.moved] == [[True] * 3, [False] * 3]
    assert found.movement == [0.5, 0.0] and found.non_finite == {}
    assert found.before_failure is None


def test_a_weight_that_starts_at_zero_has_no_relative_move():
    assert _train(_line, {"a": 0 * X, "b": X}, optax.sgd(0.5), X, steps=2).movement[0] is None


def test_the_first_move_counts_even_if_it_comes_late():
    late = optax.chain(optax.apply_every(2), optax.scale(-0.25))
    found = _train(_line, {"a": X, "b": X}, late, X, steps=4)
    assert found.movement[0] == 0.5


def test_a_gradient_that_fails_is_noted_with_its_step_and_the_parameters_before():
    loss = lambda p, x: jnp.sqrt(p["a"]).sum() + p["b"].sum()  # noqa: E731
    found = _train(loss, {"a": jnp.full(3, 0.9), "b": X}, optax.sgd(1.0), X)
    assert found.non_finite[0] == (3, True) and 1 not in found.non_finite
    assert (found.before_failure[0] < 0).all()


def test_a_weight_that_the_optimiser_breaks_is_noted_as_its_doing():
    breaks = optax.stateless(lambda g, p: {"a": g["a"] / 0, "b": g["b"]})
    found = _train(_line, {"a": X, "b": X}, breaks, X, steps=2)
    assert found.non_finite[0] == (1, False)


def test_the_state_goes_on_where_it_ended():
    found = _train(_line, {"a": X, "b": X}, optax.adam(1e-3), X, steps=3)
    assert int(found.state[0].count) == 3
