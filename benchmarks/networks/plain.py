"""Networks in plain JAX, with the tables, masks and routers that such code has."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.networks.drawing import Kind, Network, draw_labelled, draw_normal

LIBRARY = "jax"
_TOKENS, _LENGTH, _CLASSES = 30, 6, 3


def _dense(kind: Kind, key: jax.Array, rows: int, columns: int) -> dict[str, jax.Array]:
    return {"kernel": kind.initialise(key, (rows, columns)), "bias": jnp.zeros(columns)}


def _stack(kind: Kind, sizes: list[int], number: int = 0) -> list[dict[str, jax.Array]]:
    keys = jax.random.split(jax.random.fold_in(kind.key, number), len(sizes))
    return [_dense(kind, k, *pair) for k, pair in zip(keys, itertools.pairwise(sizes))]


def _apply(kind: Kind, layers: Any, x: jax.Array) -> jax.Array:
    for layer in layers[:-1]:
        x = kind.act(x @ layer["kernel"] + layer["bias"])
    return x @ layers[-1]["kernel"] + layers[-1]["bias"]


def _cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def mlp(kind: Kind, library: Any) -> Network:
    """Builds dense layers for a regression."""
    layers = _stack(kind, [5, *[kind.width] * kind.depth, 2])

    def loss(p, x, y):
        return jnp.mean((_apply(kind, p, x) - y) ** 2)

    return Network(loss, layers, lambda k: draw_normal(k, (kind.batch, 5), (kind.batch, 2)))


def cnn(kind: Kind, library: Any) -> Network:
    """Builds convolutions, pooled by maximum and mean."""
    sizes = [1, *[kind.width // 2] * kind.depth]
    keys = jax.random.split(kind.key, kind.depth + 1)
    pairs = list(itertools.pairwise(sizes))
    kernels = [kind.initialise(k, (3, 3, *pair)) for k, pair in zip(keys, pairs)]
    biases = [jnp.zeros(size) for size in sizes[1:]]
    params = {"kernels": kernels, "biases": biases, "out": _dense(kind, keys[-1], sizes[-1], 3)}

    def loss(p, x, labels):
        for kernel, bias in zip(p["kernels"], p["biases"]):
            x = jax.lax.conv_general_dilated(
                x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            x = kind.act(x + bias)
        x = x.reshape(len(x), 3, 2, 3, 2, -1).max((2, 4)).mean((1, 2))
        return _cross_entropy(x @ p["out"]["kernel"] + p["out"]["bias"], labels)

    return Network(loss, params, lambda k: draw_labelled(k, (kind.batch, 6, 6, 1)))


def recurrent(kind: Kind, library: Any) -> Network:
    """Builds a gated recurrence by scan, with a mask of lengths."""
    width, keys = kind.width, jax.random.split(kind.key, 3)
    params = {
        "gates": _dense(kind, keys[0], 3 + width, width),
        "new": _dense(kind, keys[1], 3 + width, width),
        "out": _dense(kind, keys[2], width, _CLASSES),
    }

    def loss(p, x, lengths, labels):
        def step(h, at):
            x, t = at
            both = jnp.concatenate([x, h], -1)
            gate = jax.nn.sigmoid(both @ p["gates"]["kernel"] + p["gates"]["bias"])
            new = kind.act(both @ p["new"]["kernel"] + p["new"]["bias"])
            return jnp.where((t < lengths)[:, None], gate * h + (1 - gate) * new, h), None

        times = jnp.arange(x.shape[1])
        h, _ = jax.lax.scan(step, jnp.zeros((len(x), width)), (x.swapaxes(0, 1), times))
        return _cross_entropy(h @ p["out"]["kernel"] + p["out"]["bias"], labels)

    def data(key):
        one, two = jax.random.split(key)
        x, labels = draw_labelled(one, (kind.batch, _LENGTH, 3))
        return x, jax.random.randint(two, (kind.batch,), 1, _LENGTH + 1), labels

    return Network(loss, params, data)


def transformer(kind: Kind, library: Any) -> Network:
    """Builds a small BERT: tokens, positions and types, attention, an untied head.

    The table of positions is longer than the sequences of the batch, as in almost any such model.
    """
    width, keys = kind.width, jax.random.split(kind.key, 4 + kind.depth)
    shapes = {"token": (_TOKENS, width), "place": (2 * _LENGTH, width), "type": (2, width)}
    tables = {
        name: 0.5 * jax.random.normal(k, shape) for (name, shape), k in zip(shapes.items(), keys)
    }

    def block(key):
        names = ("query", "key", "value", "out")
        one, two, *rest = jax.random.split(key, 6)
        attention = {n: kind.initialise(k, (width, width)) for n, k in zip(names, rest)}
        hidden = [_dense(kind, one, width, 2 * width), _dense(kind, two, 2 * width, width)]
        return {"attention": attention, "hidden": hidden, "scale": jnp.ones(width)}

    params = {
        "tables": tables,
        "blocks": [block(k) for k in keys[4:]],
        "out": _dense(kind, keys[3], width, _TOKENS),
    }

    def attend(p, x):
        q, k, v = (x @ p[name] for name in ("query", "key", "value"))
        weights = jax.nn.softmax(q @ k.swapaxes(-1, -2) / width**0.5)
        return weights @ v @ p["out"]

    def loss(p, ids, types, labels):
        t = p["tables"]
        x = t["token"][ids] + t["place"][: ids.shape[1]] + t["type"][types]
        for layer in p["blocks"]:
            x = x + attend(layer["attention"], jax.nn.standardize(x) * layer["scale"])
            x = x + _apply(kind, layer["hidden"], jax.nn.standardize(x))
        return _cross_entropy(x @ p["out"]["kernel"] + p["out"]["bias"], labels)

    def data(key):
        shape, keys = (kind.batch, _LENGTH), jax.random.split(key, 3)
        ids, labels = (jax.random.randint(k, shape, 0, _TOKENS) for k in keys[:2])
        return ids, jax.random.randint(keys[2], shape, 0, 2), labels

    return Network(loss, params, data)


def graph(kind: Kind, library: Any) -> Network:
    """Builds message passing over edges, summed by segments."""
    nodes, edges, width = 2 * kind.batch, 4 * kind.batch, kind.width
    params = {
        "in": _stack(kind, [4, width]),
        "message": [_stack(kind, [2 * width, width, width], 1 + i) for i in range(kind.depth)],
        "out": _stack(kind, [width, 2], 9),
    }

    def loss(p, x, senders, receivers, y):
        h = _apply(kind, p["in"], x)
        for layer in p["message"]:
            sent = _apply(kind, layer, jnp.concatenate([h[senders], h[receivers]], -1))
            h = kind.act(h + jax.ops.segment_sum(sent, receivers, nodes) / 2)
        return jnp.mean((_apply(kind, p["out"], h) - y) ** 2)

    def data(key):
        one, two, three = jax.random.split(key, 3)
        x, y = draw_normal(one, (nodes, 4), (nodes, 2))
        ends = (jax.random.randint(k, (edges,), 0, nodes) for k in (two, three))
        return x, *ends, y

    return Network(loss, params, data)


def policy(kind: Kind, library: Any) -> Network:
    """Builds the clipped loss of PPO with a squashed normal policy and a value."""
    sizes = [6, *[kind.width] * kind.depth]
    params = {
        "policy": _stack(kind, [*sizes, 2]),
        "value": _stack(kind, [*sizes, 1], 1),
        "log_std": jnp.zeros(2),
    }

    def loss(p, x, noise, old, gain, target):
        mean = _apply(kind, p["policy"], x)
        std = jnp.exp(jnp.clip(p["log_std"], -5.0, 2.0))
        log = -0.5 * (((noise - mean) / std) ** 2).sum(-1) - jnp.log(std).sum()
        ratio = jnp.exp(jnp.clip(log - old, -5.0, 5.0))
        clipped = jnp.clip(ratio, 0.8, 1.2)
        gained = jnp.minimum(ratio * gain, clipped * gain).mean()
        value = _apply(kind, p["value"], x)[:, 0]
        return jnp.mean((value - target) ** 2) - gained

    def data(key):
        shapes = [(kind.batch, 6), (kind.batch, 2), *[(kind.batch,)] * 3]
        x, noise, old, gain, target = draw_normal(key, *shapes)
        return x, noise, 0.1 * old - (noise**2).sum(-1) / 2, gain, target

    return Network(loss, params, data)


def mixture(kind: Kind, library: Any) -> Network:
    """Builds a mixture of four experts, of which a router chooses two."""
    width, keys = kind.width, jax.random.split(kind.key, 4)
    params = {
        "in": _stack(kind, [5, width]),
        "router": kind.initialise(keys[0], (width, 4)),
        "up": jax.vmap(lambda k: kind.initialise(k, (width, width)))(jax.random.split(keys[1], 4)),
        "bias": jnp.zeros((4, width)),
        "down": jax.vmap(lambda k: kind.initialise(k, (width, 2)))(jax.random.split(keys[2], 4)),
    }

    def loss(p, x, y):
        h = kind.act(_apply(kind, p["in"], x))
        shares = jax.nn.softmax(h @ p["router"])
        top, which = jax.lax.top_k(shares, 2)
        gate = (jax.nn.one_hot(which, 4) * (top / top.sum(-1, keepdims=True))[..., None]).sum(1)
        hidden = kind.act(jnp.einsum("bi,eij->bej", h, p["up"]) + p["bias"])
        outputs = jnp.einsum("bej,ejk->bek", hidden, p["down"])
        return jnp.mean(((outputs * gate[..., None]).sum(1) - y) ** 2)

    return Network(loss, params, lambda k: draw_normal(k, (kind.batch, 5), (kind.batch, 2)))


FAMILIES = (mlp, cnn, transformer, recurrent, graph, policy, mixture)
