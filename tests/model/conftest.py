"""The tiny model on real windows, made and compiled once a session."""

import math
from functools import cache, partial
from types import SimpleNamespace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build, load_config, load_data
from pgat_jax.model.heads import criterion_loss
from pgat_jax.model.precision import cast_floats
from tests.initial import draw_initial


@cache
def make_tiny(*overrides: str) -> SimpleNamespace:
    config = load_config("tiny", *overrides)
    data = load_data(config)
    model = build(config, data.columns)
    return SimpleNamespace(
        config=config,
        data=data,
        model=model,
        params=draw_initial(model),
        batch=data.batch("train", [0, 1000, 2000, 3000]),
    )


@pytest.fixture(scope="session")
def tiny():
    """The model, its parameters and a batch; `apply` is compiled for that batch."""
    made = make_tiny()
    made.apply = made.model.apply.lower(made.model, made.params, made.batch).compile()
    return made


@pytest.fixture(scope="session")
def tiny64(tiny):
    """The same in float64. One program serves all tests, since it takes long to compile.

    `run(params, batch, share, weights)` returns the point forecasts, and the gradients of
    share * loss + sum(weights * point) by the parameters and by the batch.
    """

    def objective(params, batch, share, weights):
        outputs = tiny.model.apply(params, batch)
        loss = criterion_loss(outputs, batch.target, tiny.config.loss)
        return share * loss + (weights * outputs.point).sum(), outputs.point

    with jax.enable_x64(True):
        params, batch = float64(tiny.params), float64(tiny.batch)
        program = jax.jit(jax.value_and_grad(objective, argnums=(0, 1), has_aux=True))
        compiled = program.lower(params, batch, np.float64(0), batch.target).compile()

    def run(params, batch, share=0.0, weights=0.0):
        weights = jnp.broadcast_to(jnp.float64(weights), batch.target.shape)
        (_, point), gradients = compiled(params, batch, jnp.float64(share), weights)
        return point, *gradients

    return SimpleNamespace(params=params, batch=batch, run=run)


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def float64(tree):
    return cast_floats(jax.tree.map(jnp.asarray, tree), jnp.dtype("float64"))


def normal(seed: int, *shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def draw_parameters(module, *args):
    """Random parameters in the type of the arguments; nothing is compiled for them.

    Scales lie around 1, all others around 0 with the variance of a product of normal inputs.
    """
    dtype = jax.tree.leaves(args)[0].dtype
    rng = np.random.default_rng(7)

    def draw(path, shape):
        is_scale = "scale" in jax.tree_util.keystr(path[-1:])
        size = 0.1 if is_scale else max(1, math.prod(shape.shape[-2:-1])) ** -0.5
        return jnp.asarray(is_scale + size * rng.standard_normal(shape.shape), dtype)

    shapes = jax.eval_shape(module.init, jax.random.key(0), *args)
    return jax.tree_util.tree_map_with_path(draw, shapes)


def dense(params, x):
    """A linear map with its bias, where it has one."""
    layer = nn.Dense(params["kernel"].shape[-1], use_bias="bias" in params)
    return layer.apply({"params": params}, x)


def bind(module, variables):
    """The module as one compiled function of its inputs."""
    return jax.jit(partial(module.apply, variables))


def assert_causal(function, x, at: int = 5):
    """Asserts that the output of day `at` depends on that day and on no later one."""
    gradient = jax.jit(jax.grad(lambda x: jnp.square(function(x)[:, at]).sum()))(x)
    size = np.abs(np.asarray(gradient)).reshape(x.shape[0], x.shape[1], -1).max((0, 2))
    assert size[at] > 0 and np.all(size[at + 1 :] == 0)
