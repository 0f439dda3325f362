import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.nodes import ASPECTS, ORB, Aspects, Nodes
from tests.model.conftest import bind, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_dynamic_adjacency_is_symmetric_and_between_0_and_1():
    enc, longitude = normal(0, 2, 3, 26), 6 * normal(1, 2, 3, 13)
    module = Nodes(26, 4)
    params = draw_parameters(module, enc, longitude)
    embedding, adjacency = bind(module, params)(enc, longitude)
    assert embedding.shape == (13, 26)
    np.testing.assert_allclose(adjacency, adjacency.swapaxes(-1, -2), atol=1e-14)
    assert np.all((np.asarray(adjacency) > 0) & (np.asarray(adjacency) < 1))


def test_the_adjacency_equals_an_mlp_of_both_ends():
    enc, longitude = normal(0, 1, 2, 26), 6 * normal(1, 1, 2, 13)
    module = Nodes(26, 4)
    params = draw_parameters(module, enc, longitude)
    p = params["params"]
    mean, std = enc.mean(-1, keepdims=True), jnp.sqrt(enc.var(-1, keepdims=True) + 1e-6)
    normed = (enc - mean) / std * p["market_norm"]["scale"] + p["market_norm"]["bias"]
    market = normed @ p["adjacency_market"]["kernel"] + p["adjacency_market"]["bias"]
    body = p["embedding"] @ p["adjacency_body"]["kernel"]
    aspects = Aspects(4).apply({"params": p["aspects"]}, longitude)
    hidden = body[:, None] + body[None] + market[:, :, None, None] + aspects
    hidden = 0.5 * hidden * (1 + jnp.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    logits = hidden @ p["adjacency_out"]["kernel"][:, 0] + p["adjacency_out"]["bias"]
    actual = bind(module, params)(enc, longitude)[1]
    np.testing.assert_allclose(actual, 1 / (1 + jnp.exp(-logits)), rtol=1e-9)


def test_a_pair_is_a_member_of_the_aspect_of_its_separation():
    longitude = jnp.deg2rad(jnp.array([[[0.0, *ASPECTS[1:]]]]))
    module = Aspects(len(ASPECTS))
    params = module.init(jax.random.key(0), longitude)
    params = {"params": params["params"] | {"embedding": {"kernel": jnp.eye(len(ASPECTS))}}}
    membership = module.apply(params, longitude)[0, 0, 0]
    np.testing.assert_allclose(jnp.diag(membership), 1, atol=1e-12)
    np.testing.assert_allclose(membership[2, 1], np.exp(-0.5 * (30 / ORB) ** 2), rtol=1e-6)
