import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.attention import (
    CrossAttention,
    SelfAttention,
    attend,
    causal_mask,
    merge_heads,
    split_heads,
)
from tests.model.conftest import assert_causal, bind, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_heads_split_and_merge_are_inverse():
    x = normal(0, 2, 5, 12)
    assert split_heads(x, 3).shape == (2, 3, 5, 4)
    assert np.array_equal(merge_heads(split_heads(x, 3)), x)


def test_attention_is_that_of_the_library():
    q, k, v = (normal(i, 2, 6, 3, 4) for i in range(3))
    bias, mask = normal(3, 2, 3, 6, 6), causal_mask(6, 6)
    expected = jax.nn.dot_product_attention(q, k, v, bias, mask[None, None])
    ours = attend(*(x.swapaxes(1, 2) for x in (q, k, v)), bias, mask).swapaxes(1, 2)
    np.testing.assert_allclose(ours, expected, atol=1e-6)  # the library's softmax is float32


def test_the_softmax_of_bfloat16_is_float32():
    q = normal(0, 1, 3, 4).astype(jnp.bfloat16)
    jaxpr = jax.make_jaxpr(lambda q: attend(q, q, q))(q).jaxpr
    (exponential,) = (eqn for eqn in jaxpr.eqns if eqn.primitive.name == "exp")
    assert exponential.outvars[0].aval.dtype == jnp.float32
    assert attend(q, q, q).dtype == jnp.bfloat16


def test_the_last_queries_of_a_causal_mask_see_all_earlier_keys():
    assert causal_mask(2, 4).tolist() == [[True, True, True, False], [True, True, True, True]]


def test_a_query_without_any_key_stays_finite():
    q, mask = normal(0, 1, 3, 4), jnp.zeros((3, 3), bool)
    assert np.all(np.isfinite(attend(q, q, q, mask=mask)))


def test_attention_of_a_sequence_to_itself_is_self_attention():
    x, mask = normal(0, 2, 5, 12), causal_mask(5, 5)
    own, cross = SelfAttention(3), CrossAttention(3)
    variables = draw_parameters(own, x)
    packed = variables["params"]["query_key_value"]["kernel"]
    kernels = {"query": packed[:, :12], "key_value": packed[:, 12:]}
    params = {name: {"kernel": kernel} for name, kernel in kernels.items()}
    params["output"] = variables["params"]["output"]
    np.testing.assert_allclose(
        bind(cross, {"params": params})(x, x, mask), bind(own, variables)(x, mask=mask), rtol=1e-12
    )


def test_masked_self_attention_sees_no_later_step():
    x, module = normal(0, 1, 8, 4), SelfAttention(2)
    variables = draw_parameters(module, x)
    assert_causal(lambda x: module.apply(variables, x, mask=causal_mask(8, 8)), x)
