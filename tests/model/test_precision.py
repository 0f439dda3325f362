import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.data.batch import Batch
from pgat_jax.model.precision import cast_batch, cast_floats, widen


@pytest.mark.parametrize(
    ("given", "wide"),
    [("bfloat16", "float32"), ("float16", "float32"), ("float32", "float32")],
)
def test_narrow_floats_are_widened_to_float32(given, wide):
    assert widen(jnp.ones(3, given)).dtype == wide


def test_float64_is_not_narrowed(x64):
    assert widen(jnp.ones(3, "float64")).dtype == "float64"


def test_floats_are_cast_and_other_leaves_are_kept():
    tree = {"float": jnp.ones(2), "index": jnp.arange(2), "flag": jnp.array(True)}
    cast = cast_floats(tree, jnp.dtype("bfloat16"))
    assert {k: v.dtype.name for k, v in cast.items()} == {
        "float": "bfloat16",
        "index": "int32",
        "flag": "bool",
    }


def test_phases_and_targets_keep_their_type():
    batch = Batch(*(jnp.ones(1) for _ in Batch._fields))
    cast = cast_batch(batch, jnp.dtype("bfloat16"))
    kept = {name for name, value in cast._asdict().items() if value.dtype == np.float32}
    assert kept == {"phase", "target"}
