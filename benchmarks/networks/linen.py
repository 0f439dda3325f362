"""Networks of stock classes of Flax Linen."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.networks.drawing import Kind, Network, draw_labelled, draw_normal

LIBRARY = "flax.linen"
_TOKENS, _LENGTH = 20, 6


def _classify(kind: Kind, net: Any, shape: tuple[int, ...]) -> Network:
    params = net.init(kind.key, jnp.zeros(shape))["params"]

    def loss(p, x, labels):
        logits = net.apply({"params": p}, x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Network(loss, params, lambda k: draw_labelled(k, shape))


def mlp(kind: Kind, nn: Any) -> Network:
    """Builds `Dense` layers in a `Sequential`."""
    init = kind.initialise
    hidden = [[nn.Dense(kind.width, kernel_init=init), kind.act] for _ in range(kind.depth)]
    net = nn.Sequential([layer for pair in hidden for layer in pair] + [nn.Dense(2)])
    params = net.init(kind.key, jnp.zeros((1, 5)))["params"]

    def loss(p, x, y):
        return optax.squared_error(net.apply({"params": p}, x), y).mean()

    return Network(loss, params, lambda k: draw_normal(k, (kind.batch, 5), (kind.batch, 2)))


def cnn(kind: Kind, nn: Any) -> Network:
    """Builds `Conv`, `max_pool` and `GroupNorm` layers."""
    layers = []
    for _ in range(kind.depth):
        layers += [nn.Conv(kind.width, (3, 3), kernel_init=kind.initialise), kind.act]
    layers += [lambda x: nn.max_pool(x, (2, 2), (2, 2)), nn.GroupNorm(2)]
    net = nn.Sequential([*layers, lambda x: x.reshape(len(x), -1), nn.Dense(3)])
    return _classify(kind, net, (kind.batch, 6, 6, 2))


def recurrent(kind: Kind, nn: Any) -> Network:
    """Builds an `RNN` over a stock cell."""
    cells = [nn.OptimizedLSTMCell, nn.GRUCell, nn.MGUCell, nn.LSTMCell]
    cell = cells[kind.seed % len(cells)](kind.width)
    net = nn.Sequential([nn.RNN(cell), lambda h: h[:, -1], nn.Dense(3)])
    return _classify(kind, net, (kind.batch, 5, 3))


def transformer(kind: Kind, nn: Any) -> Network:
    """Builds `Embed`, `SelfAttention` without biases, `LayerNorm` and `Dense` over tokens."""

    class Net(nn.Module):
        @nn.compact
        def __call__(self, ids):
            places = nn.Embed(2 * _LENGTH, kind.width)(jnp.arange(ids.shape[1])[None])
            x = nn.Embed(_TOKENS, kind.width)(ids) + places
            for _ in range(kind.depth):
                attend = nn.MultiHeadDotProductAttention(2, use_bias=False)
                x = x + attend(nn.LayerNorm()(x))
                h = kind.act(
                    nn.Dense(2 * kind.width, kernel_init=kind.initialise)(nn.LayerNorm()(x))
                )
                x = x + nn.Dense(kind.width)(h)
            return nn.Dense(_TOKENS)(nn.LayerNorm()(x))

    net = Net()
    params = net.init(kind.key, jnp.zeros((1, _LENGTH), int))["params"]

    def loss(p, ids, labels):
        logits = net.apply({"params": p}, ids)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def data(key):
        keys, shape = jax.random.split(key), (kind.batch, _LENGTH)
        return tuple(jax.random.randint(k, shape, 0, _TOKENS) for k in keys)

    return Network(loss, params, data)


FAMILIES = (mlp, cnn, recurrent, transformer)
