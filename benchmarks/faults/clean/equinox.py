"""Equinox: modules of one example each, mapped over the batch."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import lax

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "equinox"


def _classifier(eqx: Any, net: Any, x: jax.Array) -> Example:
    """Computes the softmax cross-entropy of a module mapped over the batch."""
    params, static = eqx.partition(net, eqx.is_inexact_array)

    def loss(p, x, labels):
        logits = jax.vmap(eqx.combine(p, static))(x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Example(loss, params, (x, integers(1, 3, len(x))))


def _keys(count: int) -> jax.Array:
    return jax.random.split(jax.random.key(0), count)


def mlp(eqx: Any) -> Example:
    """Builds a model with equinox.nn.MLP, tanh.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the array part of the module (its floating-point arrays). `args` has
        `x` [16, 6] and `labels` [16] int32. `settings` is empty.
    """
    net = eqx.nn.MLP(6, 3, 8, 2, activation=jnp.tanh, key=jax.random.key(0))
    return _classifier(eqx, net, normal(0, 16, 6))


def mnist_cnn(eqx: Any) -> Example:
    """Builds the CNN of Equinox's MNIST example, smaller: Conv2d, MaxPool2d, relu, Linear.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the array part of the module (its floating-point arrays). `args` has
        `x` [16, 1, 8, 8] and `labels` [16] int32. `settings` is empty.
    """
    keys, nn = _keys(3), eqx.nn
    first = [nn.Conv2d(1, 3, 3, key=keys[0]), nn.MaxPool2d(2, 2), nn.Lambda(jax.nn.relu)]
    middle = [nn.Lambda(jnp.ravel), nn.Linear(27, 12, key=keys[1]), nn.Lambda(jax.nn.sigmoid)]
    last = [nn.Linear(12, 3, key=keys[2]), nn.Lambda(jax.nn.log_softmax)]
    return _classifier(eqx, nn.Sequential([*first, *middle, *last]), normal(0, 16, 1, 8, 8))


def _recurrent(eqx: Any, cell: Any, start: Any) -> Example:
    class RNN(eqx.Module):
        cell: Any
        out: Any

        def __call__(self, xs):
            last, _ = lax.scan(lambda h, x: (self.cell(x, h), None), start, xs)
            return self.out(jax.tree.leaves(last)[0])[0]

    net = RNN(cell, eqx.nn.Linear(6, 1, key=jax.random.key(1)))
    params, static = eqx.partition(net, eqx.is_inexact_array)

    def loss(p, x, labels):
        logits = jax.vmap(eqx.combine(p, static))(x)
        return optax.sigmoid_binary_cross_entropy(logits, labels).mean()

    return Example(loss, params, (normal(0, 8, 5, 4), (normal(1, 8) > 0).astype(jnp.float32)))


def gru(eqx: Any) -> Example:
    """Builds equinox.nn.GRUCell in lax.scan, binary cross-entropy, as in Equinox's RNN example.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean binary cross-entropy. `params` is
        the array part of the module (its floating-point arrays). `args` has `x` [8, 5, 4] and
        `labels` [8]. `settings` is empty.
    """
    return _recurrent(eqx, eqx.nn.GRUCell(4, 6, key=jax.random.key(0)), jnp.zeros(6))


def lstm(eqx: Any) -> Example:
    """Builds a model with equinox.nn.LSTMCell in lax.scan.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean binary cross-entropy. `params` is
        the array part of the module (its floating-point arrays). `args` has `x` [8, 5, 4] and
        `labels` [8]. `settings` is empty.
    """
    cell = eqx.nn.LSTMCell(4, 6, key=jax.random.key(0))
    return _recurrent(eqx, cell, (jnp.zeros(6), jnp.zeros(6)))


def rotary_attention(eqx: Any) -> Example:
    """Builds equinox.nn.Embedding, MultiheadAttention with RotaryPositionalEmbedding, RMSNorm.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the array part of the module (its floating-point arrays). `args` has
        `x` [8, 5] int32 and `labels` [8] int32. `settings` is empty.
    """
    keys = _keys(4)

    class Net(eqx.Module):
        embed: Any
        attend: Any
        norm: Any
        out: Any

        def __call__(self, tokens):
            x = jax.vmap(self.norm)(jax.vmap(self.embed)(tokens))
            rotary = jax.vmap(eqx.nn.RotaryPositionalEmbedding(4), in_axes=1, out_axes=1)
            x = x + self.attend(x, x, x, process_heads=lambda q, k, v: (rotary(q), rotary(k), v))
            return self.out(x.mean(0))

    attend = eqx.nn.MultiheadAttention(2, 8, key=keys[1])
    out = eqx.nn.Linear(8, 3, key=keys[2])
    net = Net(eqx.nn.Embedding(9, 8, key=keys[0]), attend, eqx.nn.RMSNorm(8), out)
    return _classifier(eqx, net, integers(2, 9, 8, 5))


def mlp_mixer(eqx: Any) -> Example:
    """Builds the block of Equinox's MLP-Mixer example: MLPs over patches, channels; LayerNorm.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the array part of the module (its floating-point arrays). `args` has
        `x` [16, 1, 6, 6] and `labels` [16] int32. `settings` is empty.
    """
    keys = _keys(4)

    class Mixer(eqx.Module):
        embed: Any
        patches: Any
        channels: Any
        norm: Any
        out: Any

        def __call__(self, image):
            x = self.embed(image).reshape(6, -1)
            x = x + jax.vmap(self.patches)(self.norm(x))
            x = x + jax.vmap(self.channels)(x.T).T
            return self.out(x.mean(1))

    patches = eqx.nn.MLP(4, 4, 8, 1, activation=jax.nn.gelu, key=keys[1])
    channels = eqx.nn.MLP(6, 6, 8, 1, activation=jax.nn.gelu, key=keys[2])
    embed, out = eqx.nn.Conv2d(1, 6, 3, stride=3, key=keys[0]), eqx.nn.Linear(6, 3, key=keys[3])
    net = Mixer(embed, patches, channels, eqx.nn.LayerNorm((6, 4)), out)
    return _classifier(eqx, net, normal(0, 16, 1, 6, 6))


def batch_and_spectral_norm(eqx: Any) -> Example:
    """Builds equinox.nn.BatchNorm and SpectralNorm, whose state goes through the loss.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the array part of the module (its floating-point arrays). `args` has
        `x` [16, 3, 8] and `labels` [16] int32. `settings` is empty.
    """
    keys, nn = _keys(4), eqx.nn

    class Net(eqx.Module):
        conv: Any
        norm: Any
        hidden: Any
        out: Any

        def __call__(self, x, state):
            h, state = self.norm(self.conv(x), state)
            h, state = self.hidden(jax.nn.relu(h).ravel(), state)
            return self.out(jnp.tanh(h)), state

    def make():
        conv = nn.Conv1d(3, 4, 3, use_bias=False, key=keys[0])
        hidden = nn.SpectralNorm(nn.Linear(24, 8, key=keys[1]), "weight", key=keys[2])
        norm = nn.BatchNorm(4, axis_name="batch", mode="batch")
        return Net(conv, norm, hidden, nn.Linear(8, 3, key=keys[3]))

    net, state = nn.make_with_state(make)()
    params, static = eqx.partition(net, eqx.is_inexact_array)

    def loss(p, x, labels):
        model = eqx.combine(p, static)
        mapped = jax.vmap(model, in_axes=(0, None), out_axes=(0, None), axis_name="batch")
        logits, _ = mapped(x, state)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Example(loss, params, (normal(0, 16, 3, 8), integers(1, 3, 16)))


def upsampling_net(eqx: Any) -> Example:
    """Builds equinox.nn.ConvTranspose1d, GroupNorm, PReLU, WeightNorm, AdaptiveAvgPool1d.

    Args:
        eqx: The module `equinox`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the array part of the module (its floating-point arrays). `args` has
        `x` [16, 3, 5] and `labels` [16] int32. `settings` is empty.
    """
    keys, nn = _keys(3), eqx.nn
    up = nn.ConvTranspose1d(3, 4, 3, stride=2, key=keys[0])
    dense = nn.WeightNorm(nn.Linear(12, 3, key=keys[1]))
    layers = [
        up,
        nn.GroupNorm(2, 4),
        nn.Lambda(nn.PReLU()),
        nn.AdaptiveAvgPool1d(3),
        nn.Lambda(jnp.ravel),
    ]
    return _classifier(eqx, nn.Sequential([*layers, dense]), normal(0, 16, 3, 5))


MODELS = [
    mlp,
    mnist_cnn,
    gru,
    lstm,
    rotary_attention,
    mlp_mixer,
    batch_and_spectral_norm,
    upsampling_net,
]
