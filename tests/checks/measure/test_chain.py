"""The caller's optimiser on a list of leaves."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.measure import chain as chain_module
from checks.measure.chain import (
    Chain,
    allow_promotion,
    fill_gradient,
    make_default_optimizer,
    repeat_gradient,
)
from checks.program.leaves import partition
from checks.program.runner import Gradient

PARAMS = {"a": jnp.ones(2), "count": 3, "b": jnp.ones(())}
LEAVES = [np.ones(2, np.float32), np.float32(1)]
ONES = [np.ones(2, np.float32), np.float32(1)]


def _chain(optimizer):
    return Chain(optimizer, partition(PARAMS))


def _repeat(chain, is_enough=lambda leaf, moved: bool(moved.all()), wanted=(0,)):
    gradient = Gradient(1.0, ONES)
    return repeat_gradient(chain, LEAVES, chain.init(LEAVES), gradient, wanted, is_enough)


def test_a_step_gives_leaves_state_and_updates_in_the_callers_pytree():
    seen = []

    def update(updates, state, params):
        seen.append(jax.tree.structure(params))
        return jax.tree.map(lambda g: -g, updates), state + 1

    chain = _chain(optax.GradientTransformation(lambda params: 0, update))
    leaves, state, updates = chain.step(LEAVES, chain.init(LEAVES), ONES, 1.0)
    assert [x.tolist() for x in leaves] == [[0, 0], 0] and int(state) == 1
    assert [x.tolist() for x in updates] == [[-1, -1], -1]
    assert seen[0] == jax.tree.structure({"a": 0, "count": None, "b": 0})


def test_the_value_of_the_loss_is_given_to_those_that_want_it():
    def update(updates, state, params=None, *, value, **more):
        return jax.tree.map(lambda g: -g * value, updates), state

    chain = _chain(optax.GradientTransformationExtraArgs(lambda params: (), update))
    assert chain.step(LEAVES, (), ONES, np.float32(3))[2][0].tolist() == [-3, -3]


def test_an_optimiser_that_cannot_be_compiled_is_run_as_it_is():
    def update(updates, state, params=None):
        return jax.tree.map(lambda g: -g if float(jnp.sum(g)) > 0 else g, updates), state

    chain = _chain(optax.GradientTransformation(lambda params: (), update))
    assert chain.can_loop
    assert chain.step(LEAVES, (), ONES, 1.0)[0][0].tolist() == [0, 0]
    assert not chain.can_loop


def test_a_chain_may_promote_types():
    with jax.numpy_dtype_promotion("strict"), allow_promotion():
        assert (jnp.ones(1, jnp.bfloat16) * jnp.ones(1)).dtype == jnp.float32


def test_repeating_stops_when_enough_has_moved():
    repetition, asked = _repeat(_chain(optax.sgd(0.5)))
    assert asked == 1 and repetition.leaves[0].tolist() == [0.5, 0.5]
    assert repetition.moved[0].tolist() == [True, True] and float(repetition.first[0]) == 0.5


def test_an_update_that_comes_late_is_waited_for_and_its_first_move_kept():
    late = optax.chain(
        optax.apply_every(130), optax.scale_by_schedule(lambda n: jnp.where(n > 130, 9.0, -1.0))
    )
    repetition, asked = _repeat(_chain(late))
    assert asked == 220 and float(repetition.first[0]) == pytest.approx(130.0)


def test_a_chain_that_never_moves_is_asked_ten_thousand_times():
    repetition, asked = _repeat(_chain(optax.set_to_zero()), wanted=(0, 1))
    assert asked == 10_020 and set(repetition.moved) == {0, 1}
    assert not any(moved.any() for moved in repetition.moved.values())


def test_large_leaves_are_asked_less_often(monkeypatch):
    monkeypatch.setattr(chain_module, "_MOST_WORK", 3 * 1020)
    assert _repeat(_chain(optax.set_to_zero()))[1] == 1020
    monkeypatch.setattr(chain_module, "_MOST_WORK", 0)
    assert _repeat(_chain(optax.set_to_zero()))[1] >= 100


def test_a_traced_step_has_the_arrays_of_the_state():
    chain = _chain(optax.adam(1e-3))
    step = chain.trace(LEAVES, chain.init(LEAVES))
    sizes = [x.aval.shape for x in step.jaxpr.jaxpr.outvars]
    assert sizes == [(2,), (), (), (2,), (), (2,), (), (2,), ()] and len(step.state) == 5


def test_a_step_that_branches_on_values_is_not_traced():
    branching = optax.stateless(lambda u, p: {"a": u["a"], "b": float(u["b"])})
    assert _chain(branching).trace(LEAVES, optax.EmptyState()) is None


def test_every_wanted_leaf_must_move():
    masked = optax.masked(optax.sgd(1.0), {"a": True, "count": None, "b": False})
    chain = _chain(optax.chain(masked, optax.scale_by_schedule(lambda n: 1.0)))
    asked = []
    _repeat(chain, lambda leaf, moved: asked.append(leaf) or len(asked) > 4, wanted=(0, 1))
    assert asked[:3] == [0, 0, 0]


def test_leaves_without_a_derivative_have_a_zero_gradient():
    filled = fill_gradient(Gradient(0.0, [None, np.float32(2)]), LEAVES)
    assert filled[0].tolist() == [0, 0] and filled[0].dtype == np.float32 and filled[1] == 2


@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_the_default_optimiser_moves_gradients_of_any_scale_alike(scale):
    gradients = [scale * np.ones(2), None, np.zeros(3), 3 * scale * np.ones(1), np.ones(0)]
    optimizer = make_default_optimizer(gradients)
    start = jnp.zeros(2)
    with allow_promotion():
        updates, _ = optimizer.update(jnp.float32(scale * np.ones(2)), optimizer.init(start), start)
    assert updates.tolist() == pytest.approx([-1e-3, -1e-3], rel=1e-5)


def test_the_default_eps_is_1e_8_of_the_median_gradient():
    optimizer = make_default_optimizer([np.full(2, 4.0), np.full(2, 2.0), np.full(2, 6.0)])
    tiny = jnp.float32([4e-8])
    with allow_promotion():
        updates, _ = optimizer.update(tiny, optimizer.init(tiny), tiny)
    assert updates.tolist() == pytest.approx([-0.5e-3], rel=1e-3)
