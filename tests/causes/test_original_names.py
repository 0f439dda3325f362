"""Every leaf of the model has a name in the original, and every name has leaves."""

import jax
import pytest

from checks import name_leaves
from pgat_jax import build, load_config
from pgat_jax.causes.original_names import NAMES, count_by_part


@pytest.mark.parametrize("name", ["recovery", "recovery_encoder"])
def test_each_leaf_belongs_to_one_part_and_each_part_has_leaves(name):
    shapes = jax.eval_shape(build(load_config(name)).init, jax.random.key(0))
    names = name_leaves([path for path, _ in jax.tree_util.tree_leaves_with_path(shapes)])
    found = count_by_part(dict.fromkeys(names, ("gradient", 1)))
    assert sum(kinds["gradient"][0] for kinds in found.values()) == len(names)
    missing = {"spatiotemporal_encoder", "hierarchical mapping"} if name == "recovery" else set()
    assert set(NAMES) - set(found) == missing
