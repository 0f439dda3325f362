"""The packed form: groups, kinds, order, padding, and the way back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.training.packing import (
    GROUPS,
    MULTIPLE,
    group_leaves,
    group_vectors,
    pack,
    unpack,
)


@pytest.fixture
def tree():
    """Numbered leaves; `decoder` and `dual_stream` share a group."""
    return {
        "decoder": {"bias": jnp.array([1.0, 2.0]), "kernel": jnp.array([[3.0, 4.0], [5.0, 6.0]])},
        "dual_stream": {"stack": {"in_kernel": jnp.full((1, 2, 1), 7.0), "scale": jnp.array(8.0)}},
        "petri": {"kernel": jnp.array([[9.0]])},
    }


def test_a_vector_joins_the_leaves_of_its_group_in_their_order(tree):
    vectors = pack(tree)
    assert {kind: list(groups) for kind, groups in vectors.items()} == {
        "decayed": ["decoder", "petri"],
        "plain": ["decoder"],
    }
    assert vectors["decayed"]["decoder"][:7].tolist() == [3, 4, 5, 6, 7, 7, 0]
    assert vectors["plain"]["decoder"][:4].tolist() == [1, 2, 8, 0]
    assert vectors["decayed"]["petri"][:2].tolist() == [9, 0]


@pytest.mark.parametrize(
    ("size", "length"), [(1, MULTIPLE), (MULTIPLE, MULTIPLE), (MULTIPLE + 1, 2 * MULTIPLE)]
)
def test_vectors_are_padded_with_zeros_to_a_multiple(size, length):
    vector = pack({"head": {"scale": jnp.ones(size)}})["plain"]["head"]
    assert vector.shape == (length,)
    assert float(vector.sum()) == size
    assert not vector[size:].any()
    assert MULTIPLE == 1024


def test_unpacking_inverts_packing_and_needs_shapes_alone(tree):
    back = unpack(pack(tree), jax.eval_shape(lambda: tree))
    assert jax.tree.structure(back) == jax.tree.structure(tree)
    jax.tree.map(np.testing.assert_array_equal, back, tree)


def test_padding_keeps_the_type(tree):
    half = jax.tree.map(lambda x: x.astype(jnp.bfloat16), tree)
    assert {x.dtype for x in jax.tree.leaves(pack(half))} == {jnp.dtype(jnp.bfloat16)}


def test_every_leaf_has_the_group_of_its_top_level_name(tree):
    assert group_leaves(tree) == {
        "decoder/bias": "decoder",
        "decoder/kernel": "decoder",
        "dual_stream/stack/in_kernel": "decoder",
        "dual_stream/stack/scale": "decoder",
        "petri/kernel": "petri",
    }
    assert group_leaves({name: jnp.ones(1) for name in GROUPS}) == {
        "phase": "input",
        "embedding": "input",
        "nodes": "celestial",
        "fusion": "celestial",
        "gate": "celestial",
        "petri": "petri",
        "spatiotemporal": "encoder",
        "graph_attention": "encoder",
        "decoder": "decoder",
        "dual_stream": "decoder",
        "network_share": "head",
        "volatility_scale": "head",
        "head": "head",
    }


def test_vectors_are_named_by_kind_and_group(tree):
    assert group_vectors(tree) == {
        "decayed/decoder": "decoder",
        "decayed/petri": "petri",
        "plain/decoder": "decoder",
    }


def test_a_parameter_without_a_group_is_refused(tree):
    message = (
        "parameter 'surprise' belongs to no group, expected one of phase, embedding, .*, head; "
        "add it to packing.GROUPS"
    )
    for function in (pack, group_leaves, group_vectors):
        with pytest.raises(ValueError, match=message):
            function(tree | {"surprise": tree["petri"]})
