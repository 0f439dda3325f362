"""Tiny models on real windows, made once a session."""

from functools import cache
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build, load_config, load_data
from pgat_jax.model.precision import cast_floats


@cache
def make_tiny(*overrides: str) -> SimpleNamespace:
    config = load_config("tiny", *overrides)
    data = load_data(config)
    model = build(config, data.columns)
    return SimpleNamespace(
        config=config,
        data=data,
        model=model,
        params=model.init(jax.random.key(0)),
        batch=data.batch("train", [0, 1000, 2000, 3000]),
    )


@pytest.fixture(scope="session")
def tiny():
    return make_tiny()


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def float64(tree):
    return cast_floats(jax.tree.map(jnp.asarray, tree), jnp.dtype("float64"))


def normal(seed: int, *shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))
