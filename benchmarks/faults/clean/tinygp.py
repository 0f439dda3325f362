"""tinygp: marginal likelihoods of Gaussian processes."""

from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, normal

LIBRARY = "tinygp"


def _zeros(*names: str) -> dict[str, jax.Array]:
    return {name: jnp.zeros(()) for name in names}


def regression(tinygp: Any) -> Example:
    """Builds a regression by tinygp.kernels.ExpSquared, transform.Linear, mean and noise.

    Args:
        tinygp: The module `tinygp`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the negative log marginal likelihood. `params` is
        a dict with the leaves `amplitude` (scalar), `mean` (scalar), `noise` (scalar) and
        `scales` [2]. `args` has `x` [16, 2] and `y` [16]. `settings` is empty.
    """

    def loss(p, x, y):
        kernel = jnp.exp(p["amplitude"]) * tinygp.transforms.Linear(
            jnp.exp(p["scales"]), tinygp.kernels.ExpSquared()
        )
        process = tinygp.GaussianProcess(kernel, x, diag=jnp.exp(p["noise"]), mean=p["mean"])
        return -process.log_probability(y)

    params = _zeros("amplitude", "noise", "mean") | {"scales": jnp.zeros(2)}
    return Example(loss, params, (normal(0, 16, 2), normal(1, 16)))


def quasiseparable(tinygp: Any) -> Example:
    """Builds a model with tinygp.kernels.quasisep.SHO and Matern32: a scan along sorted times.

    Args:
        tinygp: The module `tinygp`.

    Returns:
        An `Example`: `loss(params, times, y)` returns the negative log marginal likelihood.
        `params` is a dict with the leaves `noise` (scalar), `omega` (scalar), `quality` (scalar),
        `scale` (scalar) and `sigma` (scalar). `args` has `times` [16] and `y` [16]. `settings` is
        empty.
    """
    quasisep = import_module("tinygp.kernels.quasisep")

    def loss(p, times, y):
        wave = quasisep.SHO(jnp.exp(p["omega"]), jnp.exp(p["quality"]), jnp.exp(p["sigma"]))
        kernel = wave + quasisep.Matern32(jnp.exp(p["scale"]))
        process = tinygp.GaussianProcess(kernel, times, diag=jnp.exp(p["noise"]))
        return -process.log_probability(y)

    params = _zeros("omega", "quality", "sigma", "scale", "noise")
    return Example(loss, params, (jnp.cumsum(jnp.abs(normal(0, 16)) + 0.1), normal(1, 16)))


MODELS = [regression, quasiseparable]
