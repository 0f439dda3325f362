"""Factored forms equal the plain ones that they stand for, values and gradients, in float64."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.data.columns import Columns
from pgat_jax.model.fusion import Fusion
from pgat_jax.model.layers import Dropout, attend, causal_mask, gelu, merge_heads, split_heads
from pgat_jax.model.nodes import BodyFeatures, Nodes, astronomical_adjacency
from pgat_jax.model.petri import MessageRound
from pgat_jax.model.phase import BodyTokens, phase_edges, wrap
from pgat_jax.model.recurrence import linear_recurrence
from tests.model.conftest import float64, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_column_attention_equals_attention_over_tokens():
    columns = Columns(("a", "b", "c", "d", "e"), (-1, 0, 0, 0, 2))
    module, past = BodyTokens(4, columns), normal(0, 2, 3, 5)
    params = float64(module.init(jax.random.key(0), past))
    p, actual = params["params"], module.apply(params, past)
    for body, own, rows in ((0, [1, 2, 3], [0, 1, 2]), (2, [4], [3])):
        tokens = past[..., own, None] * p["vector"][jnp.array(rows)][None, None]
        tokens = tokens + p["embedding"][jnp.array(rows)][None, None]
        q, k, v = (tokens @ p[f"{n}_kernel"][body] for n in ("query", "key", "value"))
        expected = attend(q, k, v).mean(-2) + p["bias"][body][None, None]
        np.testing.assert_allclose(actual[:, :, body], expected, rtol=1e-12)
    np.testing.assert_allclose(actual[:, :, 1], jnp.broadcast_to(p["bias"][1], (2, 3, 4)))


def test_a_body_reads_its_own_columns_alone(tiny):
    module, columns = BodyTokens(4, tiny.data.columns), tiny.data.columns
    params = {"params": tiny.params["phase"]["tokens"]}
    for body in (0, 10, 12):
        gradient = jax.grad(lambda x: module.apply(params, x)[:, :, body].sum())(tiny.batch.past)  # noqa: B023
        read = np.flatnonzero(np.abs(np.asarray(gradient)).max((0, 1)))
        assert tuple(read) == columns.of_body(body)


def test_fusion_equals_keys_and_values_of_normalised_bodies():
    enc, embedding = normal(0, 2, 3, 26), normal(1, 13, 26)
    module = Fusion(heads=2, width=6, hidden=5)
    params = float64(module.init(jax.random.key(0), enc, embedding))
    params = jax.tree.map(lambda x: x + 0.1 * normal(2, *x.shape), params)
    p = params["params"]
    raw = BodyFeatures(5).apply({"params": p["bodies"]}, enc, embedding)[0].swapaxes(-1, -2)
    bodies = nn.LayerNorm(use_bias=True).apply(
        {"params": {"scale": p["body_scale"], "bias": p["body_bias"]}}, raw
    )
    query = nn.LayerNorm().apply({"params": p["query_norm"]}, enc) @ p["query"]["kernel"]
    query = (query + p["query"]["bias"][None, None]).reshape(2, 3, 2, 1, 3)
    key = jnp.einsum("BSND,DHF->BSHNF", bodies, p["key_kernel"])
    value = jnp.einsum("BSND,DHF->BSHNF", bodies, p["value_kernel"])
    expected = attend(query, key, value).reshape(2, 3, 6) @ p["output"]["kernel"]
    actual, entropy = module.apply(params, enc, embedding)
    np.testing.assert_allclose(actual, expected + p["output"]["bias"][None, None], rtol=1e-9)
    assert 0 < float(entropy) < np.log(13)


def test_message_round_equals_messages_built_pair_by_pair():
    state, edges = normal(0, 1, 2, 13, 4), normal(1, 1, 2, 13, 13, 3)
    module = MessageRound()
    params = float64(module.init(jax.random.key(0), state, edges))
    p = params["params"]
    normed = nn.LayerNorm().apply({"params": p["norm"]}, state)
    message = (normed @ p["message_state"]["kernel"])[:, :, None] + edges @ p["message_edge_kernel"]
    query = (normed @ p["query"]["kernel"] + p["query"]["bias"][None, None, None]) / 2
    weights = jax.nn.softmax(jnp.einsum("BSNC,BSNMC->BSNM", query, message))
    hidden = gelu(
        edges @ p["strength"]["in"]["kernel"] + p["strength"]["in"]["bias"][None, None, None, None]
    )
    strength = (
        hidden @ p["strength"]["out"]["kernel"]
        + p["strength"]["out"]["bias"][None, None, None, None]
    )
    arriving = (weights[..., None] * jax.nn.sigmoid(strength) * message).sum(-2)
    both = (
        jnp.concatenate([normed, arriving], -1) @ p["update"]["kernel"]
        + p["update"]["bias"][None, None, None]
    )
    gate, candidate = jax.nn.sigmoid(both[..., :4]), jnp.tanh(both[..., 4:])
    expected = (1 - gate) * state + gate * candidate
    np.testing.assert_allclose(module.apply(params, state, edges)[0], expected, rtol=1e-10)


def test_dynamic_adjacency_is_symmetric_and_between_0_and_1():
    enc, longitude = normal(0, 2, 3, 26), 6 * normal(1, 2, 3, 13)
    module = Nodes(26, 4)
    params = module.init(jax.random.key(0), enc, longitude)
    _, adjacency = module.apply(params, enc, longitude)
    np.testing.assert_allclose(adjacency, adjacency.swapaxes(-1, -2), atol=1e-14)
    assert np.all((np.asarray(adjacency) > 0) & (np.asarray(adjacency) < 1))


def test_astronomical_adjacency_is_symmetric_with_unit_diagonal():
    adjacency = astronomical_adjacency()
    assert np.array_equal(adjacency, adjacency.T)
    assert np.all(np.diag(adjacency) == 1)
    assert np.count_nonzero(np.triu(adjacency, 1)) == 12


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_recurrence_equals_the_loop(steps):
    rng = np.random.default_rng(steps)
    decay, x = rng.uniform(size=(2, steps, 3)), rng.standard_normal((2, steps, 3))
    state, expected = np.zeros((2, 3)), []
    for t in range(steps):
        state = decay[:, t] * state + (1 - decay[:, t]) * x[:, t]
        expected.append(state)
    actual = linear_recurrence(jnp.asarray(decay), jnp.asarray(x))
    np.testing.assert_allclose(actual, np.stack(expected, 1), atol=1e-13)


@settings(deadline=None)
@given(st.floats(-1e4, 1e4))
def test_wrapped_angles_stay_within_half_a_turn(angle):
    wrapped = float(wrap(jnp.asarray(angle)))
    assert abs(wrapped) <= np.pi + 1e-9
    assert abs(np.cos(wrapped) - np.cos(angle)) < 1e-9


def test_phase_edges_are_bounded_and_finite_at_stations():
    phase = normal(0, 2, 5, 13, 4).at[0, 0, :, 2].set(0.0)
    edges = np.asarray(phase_edges(phase))
    assert np.all(np.isfinite(edges)) and np.abs(edges).max() <= 1
    np.testing.assert_allclose(edges[..., 0], -edges[..., 0].swapaxes(-1, -2), atol=1e-12)


def test_gelu_equals_the_libraries_own_with_its_gradient():
    x = jnp.linspace(-6, 6, 101)
    np.testing.assert_allclose(gelu(x), jax.nn.gelu(x), atol=1e-14)
    ours, theirs = (jax.vmap(jax.grad(f))(x) for f in (gelu, jax.nn.gelu))
    np.testing.assert_allclose(ours, theirs, atol=1e-14)


def test_heads_split_and_merge_are_inverse():
    x = normal(0, 2, 5, 12)
    assert np.array_equal(merge_heads(split_heads(x, 3)), x)


def test_attention_is_that_of_the_library():
    q, k, v = (normal(i, 2, 6, 3, 4) for i in range(3))
    bias, mask = normal(3, 2, 3, 6, 6), causal_mask(6, 6)
    expected = jax.nn.dot_product_attention(q, k, v, bias, mask[None, None])
    ours = attend(*(x.swapaxes(1, 2) for x in (q, k, v)), bias, mask).swapaxes(1, 2)
    np.testing.assert_allclose(ours, expected, atol=1e-6)  # the library's softmax is float32


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    x = jnp.ones(100_001)
    y = np.asarray(Dropout(rate).apply({}, x, rngs={"dropout": jax.random.key(0)}))
    share = round(256 * rate) / 256
    assert abs(np.mean(y == 0) - share) < 5 * np.sqrt(share * (1 - share) / x.size)
    np.testing.assert_allclose(y[y != 0], 1 / (1 - share))


def test_without_a_key_nothing_is_dropped():
    assert np.all(np.asarray(Dropout(0.5).apply({}, jnp.ones(100))) == 1)
