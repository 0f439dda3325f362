"""Networks of stock classes of Flax NNX."""

import itertools
from typing import Any

import optax

from benchmarks.networks.drawing import Kind, Network, draw_labelled

LIBRARY = "flax.nnx"


def _classify(kind: Kind, nnx: Any, net: Any, shape: tuple[int, ...]) -> Network:
    graph, params, rest = nnx.split(net, nnx.Param, ...)

    def loss(p, x, labels):
        logits = nnx.merge(graph, p, rest, copy=True)(x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Network(loss, params, lambda k: draw_labelled(k, shape))


def mlp(kind: Kind, nnx: Any) -> Network:
    """Builds `Linear` layers in a `Sequential`."""
    rngs, sizes = nnx.Rngs(kind.seed), [5, *[kind.width] * kind.depth]
    layers = []
    for pair in itertools.pairwise(sizes):
        layers += [nnx.Linear(*pair, kernel_init=kind.initialise, rngs=rngs), kind.act]
    net = nnx.Sequential(*layers, nnx.Linear(kind.width, 3, rngs=rngs))
    return _classify(kind, nnx, net, (kind.batch, 5))


def cnn(kind: Kind, nnx: Any) -> Network:
    """Builds `Conv` layers and a mean over the image."""
    rngs, sizes = nnx.Rngs(kind.seed), [1, *[kind.width] * kind.depth]
    layers = []
    for pair in itertools.pairwise(sizes):
        layers += [nnx.Conv(*pair, (3, 3), kernel_init=kind.initialise, rngs=rngs), kind.act]
    last = nnx.Linear(kind.width, 3, rngs=rngs)
    net = nnx.Sequential(*layers, lambda x: x.mean((1, 2)), last)
    return _classify(kind, nnx, net, (kind.batch, 6, 6, 1))


def recurrent(kind: Kind, nnx: Any) -> Network:
    """Builds an `RNN` over an `LSTMCell` or a `GRUCell`."""
    rngs = nnx.Rngs(kind.seed)
    cell = (nnx.LSTMCell, nnx.GRUCell)[kind.seed % 2](3, kind.width, rngs=rngs)
    last = nnx.Linear(kind.width, 3, rngs=rngs)
    net = nnx.Sequential(nnx.RNN(cell, rngs=rngs), lambda h: h[:, -1], last)
    return _classify(kind, nnx, net, (kind.batch, 5, 3))


def transformer(kind: Kind, nnx: Any) -> Network:
    """Builds `MultiHeadAttention` without biases, `LayerNorm` and `Linear` over vectors."""

    class Block(nnx.Module):
        def __init__(self, rngs: Any) -> None:
            width = kind.width
            self.attention = nnx.MultiHeadAttention(
                2, width, use_bias=False, decode=False, rngs=rngs
            )
            self.one, self.two = nnx.LayerNorm(width, rngs=rngs), nnx.LayerNorm(width, rngs=rngs)
            self.up = nnx.Linear(width, 2 * width, kernel_init=kind.initialise, rngs=rngs)
            self.down = nnx.Linear(2 * width, width, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            x = x + self.attention(self.one(x))
            return x + self.down(kind.act(self.up(self.two(x))))

    rngs = nnx.Rngs(kind.seed)
    blocks = [Block(rngs) for _ in range(kind.depth)]
    first, last = nnx.Linear(3, kind.width, rngs=rngs), nnx.Linear(kind.width, 3, rngs=rngs)
    net = nnx.Sequential(first, *blocks, lambda x: x.mean(1), last)
    return _classify(kind, nnx, net, (kind.batch, 5, 3))


FAMILIES = (mlp, cnn, recurrent, transformer)
