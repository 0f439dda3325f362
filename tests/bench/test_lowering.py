"""Training, validation and forecast of every configuration lower for GPU and TPU from this machine.

It proves that each operation has a form there, and nothing of speed or memory.
"""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

from pgat_jax import build, load_config, load_data
from pgat_jax.data.batch import batch_shapes
from pgat_jax.mesh import make_mesh
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import state_shapes, table_shapes
from pgat_jax.training.step import train_step
from pgat_jax.training.validation import window_losses
from tests.recipes import TRAINED

PLATFORMS = ("cuda", "tpu")
# These differ from `recovery` in sizes alone, on which a lowering does not depend.
NIGHTLY = {"laptop", "tiny"}
CASES = [
    pytest.param(
        name, "float32", marks=pytest.mark.nightly if name in NIGHTLY else pytest.mark.slow
    )
    for name in TRAINED
]


def lower(function, *shapes) -> tuple[str, ...]:
    return jax.export.export(jax.jit(function), platforms=PLATFORMS)(*shapes).platforms


@pytest.mark.parametrize(
    ("name", "precision"),
    [*CASES, pytest.param("recovery", "bfloat16", marks=pytest.mark.slow)],
)
def test_every_program_of_a_configuration_lowers(name, precision):
    config = load_config(name, f"train.precision={precision}")
    data = load_data(config)
    model, table = build(config, data.columns), table_shapes(data.device_table)
    size, steps = config.train.batch_size, 10
    plan = Plan(model, make_mesh(config), steps)
    state = state_shapes(plan)
    order = jax.ShapeDtypeStruct((steps * size,), jnp.int32)
    rows = jax.ShapeDtypeStruct((size,), jnp.int32)
    one = batch_shapes(config, data.columns, 1)
    assert lower(partial(train_step, plan), state, table, order) == PLATFORMS
    params = plan.param_shapes
    assert lower(partial(window_losses, plan), params, table, rows) == PLATFORMS
    assert lower(model.apply, params, one) == PLATFORMS
