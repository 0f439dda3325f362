"""FlowJAX: normalising flows fitted by maximum likelihood or a variational bound."""

from importlib import import_module
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, normal

LIBRARY = "flowjax"


def _part(name: str) -> Any:
    return import_module(f"flowjax.{name}")


def _likelihood(flow: Any, x: jax.Array, **settings: Any) -> Example:
    """Computes FlowJAX's MaximumLikelihoodLoss; non-trainable leaves stay in the static part."""
    paramax = import_module("paramax")
    params, static = eqx.partition(
        flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
    )
    criterion = import_module("flowjax.train.losses").MaximumLikelihoodLoss()
    return Example(
        lambda p, x, key: criterion(p, static, x, key=key), params, (x, jax.random.key(2)), settings
    )


def coupling(flowjax: Any) -> Example:
    """Builds a model with flowjax.flows.coupling_flow of affine layers.

    Args:
        flowjax: The module `flowjax`.

    Returns:
        An `Example`: `loss(params, x, key)` returns the mean negative log-likelihood. `params` is
        the array part of the flow, without its leaves that are marked as non-trainable. `args` has
        `x` [32, 3] and `key` (a PRNG key). `settings` is empty.
    """
    base = _part("distributions").Normal(jnp.zeros(3))
    flow = _part("flows").coupling_flow(
        jax.random.key(0), base_dist=base, flow_layers=2, nn_width=8, nn_depth=1, invert=True
    )
    return _likelihood(flow, normal(0, 32, 3))


def planar(flowjax: Any) -> Example:
    """Builds a model with flowjax.flows.planar_flow, its inequality kept by a parameterisation.

    Args:
        flowjax: The module `flowjax`.

    Returns:
        An `Example`: `loss(params, x, key)` returns the mean negative log-likelihood. `params` is
        the array part of the flow, without its leaves that are marked as non-trainable. `args` has
        `x` [32, 2] and `key` (a PRNG key). `settings` is empty.
    """
    base = _part("distributions").Normal(jnp.zeros(2))
    flow = _part("flows").planar_flow(
        jax.random.key(0), base_dist=base, flow_layers=3, negative_slope=0.1
    )
    return _likelihood(flow, normal(0, 32, 2))


def triangular_spline(flowjax: Any) -> Example:
    """Builds flowjax.flows.triangular_spline_flow, with rational quadratic splines.

    Args:
        flowjax: The module `flowjax`.

    Returns:
        An `Example`: `loss(params, x, key)` returns the mean negative log-likelihood. `params` is
        the array part of the flow, without its leaves that are marked as non-trainable. `args` has
        `x` [32, 3] and `key` (a PRNG key). `settings` has `allow`, entries (name pattern, verdict,
        reason) for leaves that cannot learn by design.
    """
    base = _part("distributions").Normal(jnp.zeros(3))
    flow = _part("flows").triangular_spline_flow(
        jax.random.key(0), base_dist=base, flow_layers=2, knots=4
    )
    reason = "first row of a triangular matrix: one weight, and its row is normalised"
    allow = [("*/triangular/weight/args/0", "invariant", reason)]
    return _likelihood(flow, normal(0, 32, 3), allow=allow)


def block_autoregressive(flowjax: Any) -> Example:
    """Builds a model with flowjax.flows.block_neural_autoregressive_flow.

    Args:
        flowjax: The module `flowjax`.

    Returns:
        An `Example`: `loss(params, x, key)` returns the mean negative log-likelihood. `params` is
        the array part of the flow, without its leaves that are marked as non-trainable. `args` has
        `x` [32, 2] and `key` (a PRNG key). `settings` has `allow`, entries (name pattern, verdict,
        reason) for leaves that cannot learn by design.
    """
    base = _part("distributions").Normal(jnp.zeros(2))
    flow = _part("flows").block_neural_autoregressive_flow(
        jax.random.key(0), base_dist=base, flow_layers=1, nn_depth=1, nn_block_dim=4
    )
    reason = "rows of the first block, which see one input alone, and rows are normalised"
    allow = [("*/layers/0/0/weight/weight/args/0", "invariant", reason)]
    return _likelihood(flow, normal(0, 32, 2), allow=allow)


MODELS = [coupling, planar, triangular_spline, block_autoregressive]
