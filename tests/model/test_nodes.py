import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.nodes import ASPECTS, ORB, Aspects, Nodes
from tests.model.conftest import bind, dense, draw_parameters, normal

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
    market = dense(p["adjacency_market"], nn.LayerNorm().apply({"params": p["market_norm"]}, enc))
    body = dense(p["adjacency_body"], p["embedding"])
    aspects = Aspects(4).apply({"params": p["aspects"]}, longitude)
    ends = (body[:, None] + body[None])[None, None]
    hidden = jax.nn.gelu(ends + market[:, :, None, None] + aspects)
    logits = dense(p["adjacency_out"], hidden)[..., 0]
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
