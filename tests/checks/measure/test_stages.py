"""Stages of optax chains."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.measure.chain import Chain
from checks.measure.stages import Stage, find_blamed_stages, get_closure, replace_stage
from checks.program.leaves import partition

PARAMS = {"a": jnp.ones(2), "b": jnp.ones(2)}
LEAVES = [np.ones(2, np.float32)] * 2


def _find(optimizer, leaf=0):
    return find_blamed_stages(Chain(optimizer, partition(PARAMS)), LEAVES, LEAVES, [leaf])[leaf]


def test_the_stage_that_makes_the_update_smallest_is_found_inside_chains():
    inner = optax.chain(optax.scale(5.0), optax.set_to_zero())
    assert _find(optax.chain(optax.scale(0.1), inner)) == Stage("set_to_zero", (1, 1))


def test_each_leaf_has_a_stage_of_its_own():
    masked = optax.masked(optax.set_to_zero(), {"a": True, "b": False})
    chain = optax.chain(optax.scale(0.1), masked)
    assert _find(chain, 0).path == (1,) and _find(chain, 1) == Stage("scale", (0,))


def test_the_stages_of_all_leaves_are_found_in_one_run():
    runs = []
    count = optax.stateless(lambda updates, params: runs.append(1) or updates)
    inner = optax.chain(
        optax.masked(optax.set_to_zero(), {"a": True, "b": False}), optax.scale(0.1)
    )
    chain = Chain(optax.chain(count, inner), partition(PARAMS))
    found = find_blamed_stages(chain, LEAVES, LEAVES, [0, 1])
    assert {i: stage.path for i, stage in found.items()} == {0: (1, 0), 1: (1, 1)} and runs == [1]


def test_an_optimiser_without_known_parts_is_one_stage():
    assert _find(optax.set_to_zero()) == Stage("set_to_zero", ())


def test_the_first_of_equal_stages_is_blamed():
    assert _find(optax.chain(optax.set_to_zero(), optax.set_to_zero())).path == (0,)


@pytest.mark.parametrize("path, expected", [((), -2.0), ((0,), -6.0), ((1, 0), -10.0)])
def test_one_stage_is_replaced_and_the_others_stay(path, expected):
    chain = optax.chain(optax.scale(5.0), optax.chain(optax.scale(3.0)))
    edited = replace_stage(chain, path, lambda old: optax.scale(-2.0))
    updates, _ = edited.update(jnp.float32(1), edited.init(jnp.float32(1)))
    assert float(updates) == expected


def test_the_old_stage_is_handed_to_the_edit():
    seen = []
    replace_stage(optax.chain(optax.scale(5.0)), (0,), lambda old: seen.append(old) or old)
    assert float(seen[0].update(jnp.float32(1), seen[0].init(jnp.float32(1)))[0]) == 5.0


def test_closures_are_read_inside_the_wrapper_for_extra_arguments():
    wrapped = optax.with_extra_args_support(optax.scale(5.0))
    assert get_closure(wrapped.update)["step_size"] == 5.0
    assert get_closure(len) == {} and get_closure(lambda: None) == {}
