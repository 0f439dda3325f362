"""Networks of stock classes of Equinox."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.networks.drawing import Kind, Network, draw_labelled, draw_normal

LIBRARY = "equinox"


def _classify(kind: Kind, eqx: Any, net: Any, apply: Any, shape: tuple[int, ...]) -> Network:
    params, static = eqx.partition(net, eqx.is_inexact_array)

    def loss(p, x, labels):
        logits = jax.vmap(lambda one: apply(eqx.combine(p, static), one))(x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Network(loss, params, lambda k: draw_labelled(k, (kind.batch, *shape)))


def mlp(kind: Kind, eqx: Any) -> Network:
    """Builds `nn.MLP`, with the activation as a field of the parameters."""
    net = eqx.nn.MLP(5, 2, kind.width, kind.depth, activation=kind.act, key=kind.key)

    def loss(net, x, y):
        return jnp.mean((jax.vmap(net)(x) - y) ** 2)

    return Network(loss, net, lambda k: draw_normal(k, (kind.batch, 5), (kind.batch, 2)))


def cnn(kind: Kind, eqx: Any) -> Network:
    """Builds `nn.Conv2d`, `nn.MaxPool2d` and `nn.Linear`."""
    nn, sizes, layers = eqx.nn, [1, *[kind.width] * kind.depth], []
    keys = jax.random.split(kind.key, kind.depth + 1)
    for key, pair in zip(keys, itertools.pairwise(sizes)):
        layers += [nn.Conv2d(*pair, 3, padding=1, key=key), nn.Lambda(kind.act)]
    layers += [nn.MaxPool2d(2, 2), nn.Lambda(jnp.ravel)]
    net = nn.Sequential([*layers, nn.Linear(9 * kind.width, 3, key=keys[-1])])
    return _classify(kind, eqx, net, lambda net, x: net(x), (1, 6, 6))


def recurrent(kind: Kind, eqx: Any) -> Network:
    """Builds a scan over `nn.GRUCell`, and `nn.Linear`."""
    one, two = jax.random.split(kind.key)
    cell = eqx.nn.GRUCell(3, kind.width, key=one)
    net = {"cell": cell, "out": eqx.nn.Linear(kind.width, 3, key=two)}

    def apply(net, x):
        start = jnp.zeros(kind.width)
        return net["out"](jax.lax.scan(lambda h, x: (net["cell"](x, h), None), start, x)[0])

    return _classify(kind, eqx, net, apply, (5, 3))


def transformer(kind: Kind, eqx: Any) -> Network:
    """Builds `nn.MultiheadAttention`, `nn.LayerNorm` and `nn.MLP` over vectors."""
    nn, width = eqx.nn, kind.width

    def block(key):
        one, two = jax.random.split(key)
        return {
            "attention": nn.MultiheadAttention(2, width, key=one),
            "norms": [nn.LayerNorm(width), nn.LayerNorm(width)],
            "mlp": nn.MLP(width, width, 2 * width, 1, activation=kind.act, key=two),
        }

    first, last, *rest = jax.random.split(kind.key, 2 + kind.depth)
    net = {
        "in": nn.Linear(3, width, key=first),
        "blocks": [block(key) for key in rest],
        "out": nn.Linear(width, 3, key=last),
    }

    def apply(net, x):
        x = jax.vmap(net["in"])(x)
        for layer in net["blocks"]:
            h = jax.vmap(layer["norms"][0])(x)
            x = x + layer["attention"](h, h, h)
            x = x + jax.vmap(layer["mlp"])(jax.vmap(layer["norms"][1])(x))
        return net["out"](x.mean(0))

    return _classify(kind, eqx, net, apply, (5, 3))


FAMILIES = (mlp, cnn, recurrent, transformer)
