"""Attention over columns, factored, equals attention over tokens that are built."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.data.columns import Columns
from pgat_jax.model.attention import attend
from pgat_jax.model.tokens import BodyTokens
from tests.model.conftest import bind, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_column_attention_equals_attention_over_tokens():
    columns = Columns(("a", "b", "c", "d", "e"), (-1, 0, 0, 0, 2))
    module, past = BodyTokens(4, columns), normal(0, 2, 3, 5)
    params = draw_parameters(module, past)
    p, actual = params["params"], bind(module, params)(past)
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

    @jax.jit
    def gradient(x, body):
        return jax.grad(lambda x: module.apply(params, x)[:, :, body].sum())(x)

    for body in (0, 10, 12):
        read = np.flatnonzero(np.abs(np.asarray(gradient(tiny.batch.past, body))).max((0, 1)))
        assert tuple(read) == columns.of_body(body)


def test_no_parameter_stands_for_padding():
    columns = Columns(("a", "b", "c", "d", "e"), (-1, 0, 0, 0, 2))
    params = BodyTokens(4, columns).init(jax.random.key(0), normal(0, 1, 1, 5))["params"]
    assert params["vector"].shape == params["embedding"].shape == (4, 4)
