"""The factored fusion equals keys and values of normalised body features."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.attention import attend
from pgat_jax.model.fusion import BodyFeatures, Fusion
from pgat_jax.model.layers import gelu
from tests.model.conftest import bind, dense, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")
ENC, EMBEDDING = (2, 3, 26), (13, 26)


def test_body_features_are_the_centred_mlp_of_each_body():
    enc, embedding, module = normal(0, *ENC), normal(1, *EMBEDDING), BodyFeatures(5)
    params = draw_parameters(module, enc, embedding)
    p, (features, per_std) = params["params"], bind(module, params)(enc, embedding)
    for n in (0, 7):
        first = {"kernel": p["in_kernel"][:, n], "bias": p["in_bias"][n]}
        last = {"kernel": p["out_kernel"][n], "bias": p["out_bias"][n]}
        expected = dense(last, gelu(dense(first, enc + embedding[n][None, None])))
        centred = expected - expected.mean(-1, keepdims=True)
        np.testing.assert_allclose(features[..., n], centred, atol=1e-12)
        np.testing.assert_allclose(
            per_std[..., n], 1 / jnp.sqrt(expected.var(-1) + 1e-6), rtol=1e-9
        )


def test_fusion_equals_keys_and_values_of_normalised_bodies():
    enc, embedding = normal(0, *ENC), normal(1, *EMBEDDING)
    module = Fusion(heads=2, width=6, hidden=5)
    params = draw_parameters(module, enc, embedding)
    p = params["params"]
    raw = bind(BodyFeatures(5), {"params": p["bodies"]})(enc, embedding)[0].swapaxes(-1, -2)
    bodies = nn.LayerNorm(use_bias=True).apply(
        {"params": {"scale": p["body_scale"], "bias": p["body_bias"]}}, raw
    )
    query = dense(p["query"], nn.LayerNorm().apply({"params": p["query_norm"]}, enc))
    query = query.reshape(2, 3, 2, 1, 3)
    key = jnp.einsum("BSND,DHA->BSHNA", bodies, p["key_kernel"])
    value = jnp.einsum("BSND,DHA->BSHNA", bodies, p["value_kernel"])
    expected = dense(p["output"], attend(query, key, value).reshape(2, 3, 6))
    actual, entropy = bind(module, params)(enc, embedding)
    np.testing.assert_allclose(actual, expected, rtol=1e-9)
    assert 0 < float(entropy) < np.log(13)


def test_the_entropy_of_uniform_attention_is_the_logarithm_of_the_bodies():
    enc, embedding = normal(0, *ENC), normal(1, *EMBEDDING)
    module = Fusion(heads=2, width=6, hidden=5)
    params = draw_parameters(module, enc, embedding)
    flat = params["params"] | {"key_kernel": 0 * params["params"]["key_kernel"]}
    _, entropy = bind(module, {"params": flat})(enc, embedding)
    assert float(entropy) == pytest.approx(np.log(13), rel=1e-12)
