"""Splitting a pytree into leaves that can learn, fixed arrays and static values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct

from checks.program.leaves import is_key, name_leaves, partition, to_array


@struct.dataclass
class Layer:
    kernel: jax.Array
    rate: float


TREE = {
    "layer": Layer(jnp.ones((2, 3)), 0.1),
    "scale": 2.0,
    "phase": np.complex64(1j),
    "steps": 3,
    "ids": jnp.arange(3),
    "mask": jnp.zeros(2, bool),
    "key": jax.random.key(0),
    "name": "tanh",
    "none": None,
    "shape": jax.ShapeDtypeStruct((4,), jnp.bfloat16),
}


def test_floats_and_complex_numbers_can_learn_but_settings_of_modules_cannot():
    assert partition(TREE).names == ("layer/kernel", "phase", "scale", "shape")


def test_integers_bools_and_keys_are_fixed():
    assert [x.dtype for x in partition(TREE).fixed] == ["int32", TREE["key"].dtype, "bool"]


def test_skipped_leaves_are_listed_with_a_reason():
    assert partition(TREE).skipped == {
        "ids": "not a float: int32",
        "key": "not a float: key<fry>",
        "mask": "not a float: bool",
        "layer/rate": "a setting of a module: make it an array if it should learn",
        "name": "not a float: str",
        "steps": "not a float: int",
    }


def test_building_with_the_same_arrays_gives_the_same_pytree():
    parts = partition(TREE)
    built = parts.build(parts.learning, parts.fixed)
    assert jax.tree.structure(built) == jax.tree.structure(TREE)
    assert built["layer"].kernel is TREE["layer"].kernel and built["steps"] == 3
    assert built["ids"] is TREE["ids"] and built["layer"].rate == 0.1


def test_building_with_other_arrays_puts_them_in_their_places():
    parts = partition(TREE)
    built = parts.build(list("abcd"), list("efg"))
    found = [built[name] for name in ("phase", "scale", "shape", "ids", "key", "mask")]
    assert [built["layer"].kernel, *found] == list("abcdefg")


def test_building_the_leaves_that_can_learn_leaves_none_for_the_others():
    built = partition(TREE).build_learning(list("abcd"))
    assert built["scale"] == "c" and built["ids"] is None and built["layer"].rate is None


@pytest.mark.parametrize(
    "tree, names",
    [
        ({"a": {"b": 1.0}, "c": [2.0]}, ["a/b", "c/0"]),
        ({"a/b": 1.0, "a": {"b": 2.0}}, ["['a']['b']", "['a/b']"]),
        (1.0, [""]),
    ],
)
def test_names_are_keys_joined_by_slashes_unless_two_are_equal(tree, names):
    paths = [path for path, _ in jax.tree_util.tree_leaves_with_path(tree)]
    assert name_leaves(paths) == names


def test_numbers_become_arrays_and_shapes_stay():
    assert isinstance(to_array(2.0), jax.Array) and isinstance(to_array(np.ones(2)), jax.Array)
    assert to_array(TREE["shape"]) is TREE["shape"]


def test_keys_are_told_by_their_dtype():
    assert is_key(TREE["key"].dtype) and not is_key(jnp.uint32)
