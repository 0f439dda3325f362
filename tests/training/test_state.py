"""The state of training: its first value, its shapes, and its two forms."""

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.training.packing import GROUPS, pack, unpack
from pgat_jax.training.state import (
    gather_params,
    pack_params,
    shard_gradients,
    state_shapes,
    table_shapes,
    unpack_params,
)


def test_the_first_state_holds_the_initial_parameters_and_counts_nothing(params, first_state):
    jax.tree.map(np.testing.assert_array_equal, first_state.params, pack(params))
    assert int(first_state.step) == 0
    assert first_state.silence == dict.fromkeys(dict.fromkeys(GROUPS.values()), 0)
    assert int(first_state.opt_state.total_notfinite) == 0
    moments = [x for x in jax.tree.leaves(first_state.opt_state) if x.ndim]
    assert not any(x.any() for x in moments)


def test_shapes_are_those_of_the_state(plan, first_state):
    shapes = state_shapes(plan)
    assert jax.tree.structure(shapes) == jax.tree.structure(first_state)
    for shape, array in zip(jax.tree.leaves(shapes), jax.tree.leaves(first_state)):
        assert (shape.shape, shape.dtype) == (array.shape, array.dtype)
        assert shape.sharding.is_equivalent_to(array.sharding, array.ndim)


def test_packing_inverts_unpacking(plan, first_state):
    leaves = unpack_params(plan, first_state.params)
    assert jax.tree.map(jnp.shape, leaves) == jax.tree.map(jnp.shape, plan.param_shapes)
    jax.tree.map(np.testing.assert_array_equal, pack_params(plan, leaves), first_state.params)


def test_inside_a_program_the_two_forms_are_the_same(plan, first_state):
    @jax.jit
    def both_ways(vectors):
        leaves = gather_params(plan, vectors)
        return leaves, shard_gradients(plan, leaves)

    leaves, vectors = both_ways(first_state.params)
    expected = unpack(first_state.params, plan.param_shapes)
    jax.tree.map(np.testing.assert_array_equal, leaves, expected)
    jax.tree.map(np.testing.assert_array_equal, vectors, first_state.params)


def test_table_shapes_keep_sharding_and_type(data):
    shapes = table_shapes(data.device_table)
    arrays, structure = jax.tree.flatten(data.device_table)
    assert jax.tree.structure(shapes) == structure
    for shape, array in zip(jax.tree.leaves(shapes), arrays):
        assert (shape.shape, shape.dtype, shape.sharding) == (
            array.shape,
            array.dtype,
            array.sharding,
        )
