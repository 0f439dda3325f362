import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.graph_attention import EdgePooling, GraphAttention, GraphAttentionBlock
from pgat_jax.model.layers import gelu
from tests.model.conftest import bind, dense, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_pooled_edges_are_the_mean_of_encoded_pairs():
    edges, module = normal(0, 1, 2, 13, 13, 3), EdgePooling()
    variables = draw_parameters(module, edges)
    p = variables["params"]["encode"]
    expected = gelu(dense(p, edges)).mean((2, 3))
    np.testing.assert_allclose(module.apply(variables, edges), expected, rtol=1e-12)


@pytest.fixture
def block():
    x, pooled = normal(0, 1, 6, 8), normal(1, 1, 6, 3)
    module = GraphAttentionBlock(heads=2, hidden=5, dropout=0.0)
    return module, draw_parameters(module, x, pooled), x, pooled


def test_the_edges_of_a_day_bias_it_as_a_key_of_all_queries(block):
    module, variables, x, pooled = block
    apply = bind(module, variables)
    moved = apply(x, pooled.at[:, 2].add(1.0))[0]
    changed = np.any(np.asarray(moved != apply(x, pooled)[0]), axis=(0, 2))
    assert changed.all()


def test_a_bias_that_all_keys_share_cancels(block):
    module, variables, x, _ = block
    apply = bind(module, variables)
    one, other = (apply(x, jnp.full((1, 6, 3), value))[0] for value in (0.0, 2.0))
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_scale_of_the_edge_bias_starts_at_one_for_each_head(block):
    module, _, x, pooled = block
    variables = jax.jit(module.init)(jax.random.key(0), x, pooled)
    assert variables["params"]["edge_scale"].tolist() == [1, 1]


def test_the_memory_is_normalised_and_every_layer_has_its_parameters():
    x, edges = normal(0, 1, 4, 8), normal(1, 1, 4, 13, 13, 3)
    module = GraphAttention(layers=3, heads=2, hidden=5, dropout=0.0, remat=False)
    variables = draw_parameters(module, x, edges)
    assert {leaf.shape[0] for leaf in jax.tree.leaves(variables["params"]["blocks"])} == {3}
    memory, norm = bind(module, variables)(x, edges), variables["params"]["norm"]
    memory = (memory - norm["bias"][None, None]) / norm["scale"][None, None]
    np.testing.assert_allclose(memory.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(memory.std(-1), 1, rtol=1e-3)
