import jax.numpy as jnp
import pytest

from pgat_jax.storage.digest import hash_params

PARAMS = {"a": {"kernel": jnp.ones((2, 3))}, "b": jnp.zeros(4)}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"a": {"kernel": jnp.ones((3, 2))}, "b": jnp.zeros(4)}, id="shape"),
        pytest.param({"a": {"kernel": jnp.ones((2, 3))}, "c": jnp.zeros(4)}, id="name"),
        pytest.param({"a": {"kernel": jnp.ones((2, 3))}, "b": jnp.zeros(4, int)}, id="type"),
        pytest.param(
            {"a": {"kernel": jnp.ones((2, 3))}, "b": jnp.zeros(4).at[2].set(1e-30)}, id="bytes"
        ),
    ],
)
def test_the_digest_depends_on_names_types_shapes_and_bytes(other):
    assert hash_params(other) != hash_params(PARAMS)


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert hash_params({"b": PARAMS["b"], "a": PARAMS["a"]}) == hash_params(PARAMS)
    assert len(hash_params(PARAMS)) == 64
