"""Messages that are never built equal those built pair by pair; edges are normalised mixtures."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.layers import gelu
from pgat_jax.model.petri import BodyAttention, Edges, MessageRound, Petri
from pgat_jax.model.relations import astronomical_adjacency
from tests.model.conftest import bind, dense, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_message_round_equals_messages_built_pair_by_pair():
    state, edges = normal(0, 1, 2, 13, 4), normal(1, 1, 2, 13, 13, 3)
    module = MessageRound()
    params = draw_parameters(module, state, edges)
    p = params["params"]
    normed = nn.LayerNorm().apply({"params": p["norm"]}, state)
    message = (normed @ p["message_state"]["kernel"])[:, :, None] + edges @ p["message_edge_kernel"]
    query = dense(p["query"], normed) / 2
    weights = jax.nn.softmax(jnp.einsum("BSNC,BSNMC->BSNM", query, message))
    strength = dense(p["strength"]["out"], gelu(dense(p["strength"]["in"], edges)))
    arriving = (weights[..., None] * jax.nn.sigmoid(strength) * message).sum(-2)
    both = dense(p["update"], jnp.concatenate([normed, arriving], -1))
    gate, candidate = jax.nn.sigmoid(both[..., :4]), jnp.tanh(both[..., 4:])
    expected = (1 - gate) * state + gate * candidate
    np.testing.assert_allclose(bind(module, params)(state, edges)[0], expected, rtol=1e-10)


def test_the_mixed_adjacency_is_a_mean_of_its_normalised_sources():
    slots, edges = normal(0, 1, 2, 13, 2), normal(1, 1, 2, 13, 13, 6)
    phase, dynamic = jax.nn.sigmoid(normal(2, 2, 1, 2, 13, 13))
    module = Edges(3)
    params = draw_parameters(module, slots, edges, phase, dynamic)
    context = {"out": {"kernel": jnp.zeros((2, 4)), "bias": jnp.array([0, 50.0, 0, 0])}}
    chosen = params["params"] | {"context": params["params"]["context"] | context}
    mixed, vectors = bind(module, {"params": chosen})(slots, edges, phase, dynamic)
    astronomical = astronomical_adjacency()
    expected = astronomical / np.abs(astronomical).sum(-1, keepdims=True)
    np.testing.assert_allclose(mixed, np.broadcast_to(expected, mixed.shape), atol=1e-6)
    assert vectors.shape == (1, 2, 13, 13, 3)


def test_body_attention_runs_along_the_axis_before_the_last():
    x, module = normal(0, 1, 3, 5, 4), BodyAttention()
    params = draw_parameters(module, x)
    slope = jax.jit(jax.grad(lambda x: module.apply(params, x)[0, 1, 0].sum()))(x)
    read = np.abs(np.asarray(slope)).max(-1)[0]
    assert np.all(read[1] > 0) and not np.any(read[[0, 2]])


def test_states_are_projected_to_the_width_of_the_stream():
    bodies, enhanced = normal(0, 1, 2, 13, 2), normal(1, 1, 2, 26)
    edges, (phase, dynamic) = normal(2, 1, 2, 13, 13, 6), jax.nn.sigmoid(normal(3, 2, 1, 2, 13, 13))
    module = Petri(3)
    params = draw_parameters(module, bodies, enhanced, edges, phase, dynamic)
    apply = jax.jit(lambda bodies: module.apply(params, bodies, enhanced, edges, phase, dynamic))
    states, mixed, vectors = apply(bodies)
    assert states.shape == (1, 2, 26) and vectors.shape == (1, 2, 13, 13, 3)
    moved = apply(bodies + 1)
    assert jnp.any(moved[0] != states) and jnp.array_equal(moved[1], mixed)
