"""Networks of stock classes of dm-haiku."""

from typing import Any

import jax
import optax

from benchmarks.networks.drawing import Kind, Network, draw_labelled

LIBRARY = "haiku"


def _classify(kind: Kind, hk: Any, logits: Any, shape: tuple[int, ...]) -> Network:
    net = hk.without_apply_rng(hk.transform(logits))
    params = net.init(kind.key, jax.numpy.zeros(shape))

    def loss(p, x, labels):
        return optax.softmax_cross_entropy_with_integer_labels(net.apply(p, x), labels).mean()

    return Network(loss, params, lambda k: draw_labelled(k, shape))


def mlp(kind: Kind, hk: Any) -> Network:
    """Builds `nets.MLP`."""

    def logits(x):
        return hk.nets.MLP([*[kind.width] * kind.depth, 3], activation=kind.act)(x)

    return _classify(kind, hk, logits, (kind.batch, 5))


def cnn(kind: Kind, hk: Any) -> Network:
    """Builds `Conv2D`, `MaxPool` and `Linear`."""

    def logits(x):
        for _ in range(kind.depth):
            x = kind.act(hk.Conv2D(kind.width, 3)(x))
        return hk.Linear(3)(hk.Flatten()(hk.MaxPool(2, 2, "VALID")(x)))

    return _classify(kind, hk, logits, (kind.batch, 6, 6, 1))


def recurrent(kind: Kind, hk: Any) -> Network:
    """Builds `LSTM` or `GRU` under `dynamic_unroll`."""

    def logits(x):
        cell = (hk.LSTM, hk.GRU)[kind.seed % 2](kind.width)
        outputs, _ = hk.dynamic_unroll(cell, x.swapaxes(0, 1), cell.initial_state(len(x)))
        return hk.Linear(3)(outputs[-1])

    return _classify(kind, hk, logits, (kind.batch, 5, 3))


def transformer(kind: Kind, hk: Any) -> Network:
    """Builds `MultiHeadAttention` without biases, `LayerNorm` and `Linear` over vectors."""

    def logits(x):
        scale, width = hk.initializers.VarianceScaling(1.0), kind.width
        x = hk.Linear(width)(x)
        for _ in range(kind.depth):
            attend = hk.MultiHeadAttention(2, width // 2, w_init=scale, with_bias=False)
            h = hk.LayerNorm(-1, True, True)(x)
            x = x + attend(h, h, h)
            h = kind.act(hk.Linear(2 * width)(hk.LayerNorm(-1, True, True)(x)))
            x = x + hk.Linear(width)(h)
        return hk.Linear(3)(x.mean(1))

    return _classify(kind, hk, logits, (kind.batch, 5, 3))


FAMILIES = (mlp, cnn, recurrent, transformer)
