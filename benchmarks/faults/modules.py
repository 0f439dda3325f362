"""Faults in the state of modules: collections, statistics, filters, dropout."""

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(490, 8, 4)


class _Balanced(nn.Module):
    """A dense layer, and a second one whose cost is sown."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        h = nn.tanh(nn.Dense(5, name="hidden")(x))
        self.sow("losses", "activity", jnp.mean((nn.Dense(1, name="judge")(h) - 1) ** 2))
        return nn.Dense(2, name="out")(h)


def sown_and_not_collected(faulty: bool) -> Example:
    """A Linen module sows a cost into a collection that the caller does not collect.

    Args:
        faulty: True for this fault; False for the sound twin, which collects the sown cost and adds
            it to the loss.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `hidden/bias` [5], `hidden/kernel` [4, 5], `judge/bias` [1], `judge/kernel` [5, 1],
        `out/bias` [2] and `out/kernel` [5, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    params = _Balanced().init(jax.random.key(0), X)["params"]

    def loss(p, x):
        if faulty:
            return jnp.mean((jnp.asarray(_Balanced().apply({"params": p}, x)) - 1) ** 2)
        y, sown = _Balanced().apply({"params": p}, x, mutable=["losses"])
        return jnp.mean((y - 1) ** 2) + sum(jax.tree.leaves(sown))

    return Example(loss, params, (X,))


class _Normed(nnx.Module):
    """A batch norm between two dense layers; the first has no bias, which the norm would cancel."""

    def __init__(self, from_batch: bool) -> None:
        rngs = nnx.Rngs(0)
        self.hidden = nnx.Linear(4, 5, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(5, use_running_average=not from_batch, rngs=rngs)
        self.out = nnx.Linear(5, 2, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.out(jnp.tanh(self.norm(self.hidden(x))))


def statistics_among_parameters(faulty: bool) -> Example:
    """All state of an NNX module, its running statistics included, goes to the optimiser.

    Args:
        faulty: True for this fault; False for the sound twin, whose norm uses its running
            statistics, so that they have an effect; with the fault it uses those of the batch.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `hidden/kernel` [4, 5], `norm/bias` [5], `norm/mean` [5], `norm/scale` [5], `norm/var` [5],
        `out/bias` [2] and `out/kernel` [5, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    graph, state = nnx.split(_Normed(from_batch=faulty))

    def loss(p, x):
        return jnp.mean((nnx.merge(graph, p)(x) - 1) ** 2)

    return Example(loss, nnx.to_pure_dict(state), (X,))


def dropout_of_all(faulty: bool) -> Example:
    """A dropout rate of one, meant as the rate to keep, divides by zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose dropout rate is 0.2.

    Returns:
        An `Example`: `loss(params, x, key)` returns a scalar. `params` is a nested dict with the
        leaves `hidden/weight` [5, 4], `hidden/bias` [5], `out/weight` [2, 5] and `out/bias` [2].
        `args` has `x` [8, 4] and `key` (a PRNG key). `settings` is empty.
    """
    dropout = eqx.nn.Dropout(1.0 if faulty else 0.2)
    keys = jax.random.split(jax.random.key(1))
    params = {"hidden": eqx.nn.Linear(4, 5, key=keys[0]), "out": eqx.nn.Linear(5, 2, key=keys[1])}

    def loss(p, x, key):
        h = jnp.tanh(jax.vmap(p["hidden"])(x))
        h = dropout(h, key=key)  # here
        return jnp.mean((jax.vmap(p["out"])(h) - 1) ** 2)

    return Example(loss, params, (X, jax.random.key(3)))


def frozen_by_shape(faulty: bool) -> Example:
    """Every vector is frozen as if it were the scale of a norm.

    Args:
        faulty: True for this fault; False for the sound twin, in which no leaf is frozen.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is the array part of an Equinox
        MLP with the leaves `layers/0/weight` [5, 4], `layers/0/bias` [5], `layers/1/weight` [2, 5]
        and `layers/1/bias` [2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    net = eqx.nn.MLP(4, 2, 5, 1, activation=jnp.tanh, key=jax.random.key(4))
    params, static = eqx.partition(net, eqx.is_inexact_array)

    def kept(leaf):
        return lax.stop_gradient(leaf) if faulty and leaf.ndim == 1 else leaf  # here

    def loss(p, x):
        model = eqx.combine(jax.tree.map(kept, p), static)
        return jnp.mean((jax.vmap(model)(x) - 1) ** 2)

    return Example(loss, params, (X,))


FAULTS = [
    Fault("disconnected", ("judge/kernel", "judge/bias"), sown_and_not_collected, held_out=True),
    Fault("disconnected", ("norm/mean", "norm/var"), statistics_among_parameters, held_out=True),
    Fault(
        "non_finite",
        ("hidden/weight", "hidden/bias"),
        dropout_of_all,
        along="out/weight",
        held_out=True,
    ),
    Fault("blocked", ("layers/0/bias", "layers/1/bias"), frozen_by_shape, held_out=True),
]
