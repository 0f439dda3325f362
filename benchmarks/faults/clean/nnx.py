"""Flax NNX: graph modules, split into parameters and the rest."""

from typing import Any

import jax
import optax

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "flax.nnx"


def _classifier(nnx: Any, net: Any, x: jax.Array, learning: Any = None, **settings: Any) -> Example:
    """Builds an example whose loss is a softmax cross-entropy over three classes.

    Args:
        nnx: the module `flax.nnx`.
        net: an NNX module that returns logits.
        x: the inputs.
        learning: a filter of the state that is learned; None for all of `nnx.Param`. The other
            state is merged in at each call.
        **settings: settings of `diagnose`.
    """
    graph, params, rest = nnx.split(net, learning or nnx.Param, ...)

    def loss(p, x, labels):
        logits = nnx.merge(graph, p, rest, copy=True)(x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Example(loss, params, (x, integers(1, 3, len(x))), settings)


def dropout_mlp(nnx: Any) -> Example:
    """Builds a model with flax.nnx.Linear, LayerNorm, gelu, Dropout.

    Args:
        nnx: The module `flax.nnx`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the `nnx.State` of all the net's `nnx.Param`. `args` has `x` [32, 6]
        and `labels` [32] int32. `settings` is empty.
    """
    rngs = nnx.Rngs(0)
    first, last = nnx.Linear(6, 8, rngs=rngs), nnx.Linear(8, 3, rngs=rngs)
    norm = nnx.LayerNorm(8, rngs=rngs)
    net = nnx.Sequential(first, norm, nnx.gelu, nnx.Dropout(0.3, rngs=rngs), last)
    return _classifier(nnx, net, normal(0, 32, 6))


def batch_norm_cnn(nnx: Any) -> Example:
    """Builds a model with flax.nnx.Conv without bias, BatchNorm in training, avg_pool.

    Args:
        nnx: The module `flax.nnx`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the `nnx.State` of all the net's `nnx.Param`. `args` has
        `x` [16, 6, 6, 3] and `labels` [16] int32. `settings` is empty.
    """
    rngs = nnx.Rngs(0)

    class CNN(nnx.Module):
        def __init__(self):
            self.conv = nnx.Conv(3, 5, (3, 3), use_bias=False, rngs=rngs)
            self.norm = nnx.BatchNorm(5, rngs=rngs)
            self.out = nnx.Linear(45, 3, rngs=rngs)

        def __call__(self, x):
            h = nnx.relu(self.norm(self.conv(x)))
            return self.out(nnx.avg_pool(h, (2, 2), (2, 2)).reshape(len(x), -1))

    return _classifier(nnx, CNN(), normal(0, 16, 6, 6, 3))


def attention(nnx: Any) -> Example:
    """Builds flax.nnx.MultiHeadAttention without bias, queries and keys normalised, after Embed.

    Args:
        nnx: The module `flax.nnx`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the `nnx.State` of all the net's `nnx.Param`. `args` has
        `x` [8, 5] int32 and `labels` [8] int32. `settings` is empty.
    """
    rngs = nnx.Rngs(0)

    class Net(nnx.Module):
        def __init__(self):
            self.embed = nnx.Embed(9, 8, rngs=rngs)
            self.attend = nnx.MultiHeadAttention(
                num_heads=2,
                in_features=8,
                use_bias=False,
                normalize_qk=True,
                decode=False,
                rngs=rngs,
            )
            self.out = nnx.Linear(8, 3, rngs=rngs)

        def __call__(self, tokens):
            x = self.embed(tokens)
            mask = nnx.make_causal_mask(tokens)
            return self.out((x + self.attend(x, mask=mask)).mean(1))

    return _classifier(nnx, Net(), integers(2, 9, 8, 5))


def bidirectional_lstm(nnx: Any) -> Example:
    """Builds a model with flax.nnx.Bidirectional of RNNs over LSTMCell and SimpleCell.

    Args:
        nnx: The module `flax.nnx`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the `nnx.State` of all the net's `nnx.Param`. `args` has `x` [8, 5, 4]
        and `labels` [8] int32. `settings` is empty.
    """
    rngs = nnx.Rngs(0)
    forward = nnx.RNN(nnx.LSTMCell(4, 5, rngs=rngs))
    backward = nnx.RNN(nnx.SimpleCell(4, 5, rngs=rngs))
    both = nnx.Bidirectional(forward, backward, rngs=rngs)
    net = nnx.Sequential(both, lambda h: h.mean(1), nnx.Linear(10, 3, rngs=rngs))
    return _classifier(nnx, net, normal(0, 8, 5, 4))


def lora(nnx: Any) -> Example:
    """Builds flax.nnx.LoRA around frozen Linear layers; one factor is zero at the start.

    Args:
        nnx: The module `flax.nnx`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the `nnx.State` of all the net's `nnx.LoRAParam`. `args` has
        `x` [16, 6] and `labels` [16] int32. `settings` is empty.
    """
    rngs = nnx.Rngs(0)

    def adapted(inputs, outputs):
        base = nnx.Linear(inputs, outputs, rngs=rngs)
        return nnx.LoRA(inputs, 2, outputs, base_module=base, rngs=rngs)

    net = nnx.Sequential(adapted(6, 8), nnx.tanh, adapted(8, 3))
    return _classifier(nnx, net, normal(0, 16, 6), learning=nnx.LoRAParam)


def scanned_layers(nnx: Any) -> Example:
    """Builds a stack of flax.nnx.Linear layers by flax.nnx.vmap, and runs it by flax.nnx.scan.

    Args:
        nnx: The module `flax.nnx`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the `nnx.State` of all the net's `nnx.Param`. `args` has `x` [16, 6]
        and `labels` [16] int32. `settings` is empty.
    """

    @nnx.vmap(in_axes=0, out_axes=0)
    def build(key):
        return nnx.Linear(6, 6, rngs=nnx.Rngs(key))

    class Net(nnx.Module):
        def __init__(self):
            self.layers = build(jax.random.split(jax.random.key(0), 4))
            self.out = nnx.Linear(6, 3, rngs=nnx.Rngs(1))

        def __call__(self, x):
            @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
            def forward(h, layer):
                return h + nnx.tanh(layer(h))

            return self.out(forward(x, self.layers))

    return _classifier(nnx, Net(), normal(0, 16, 6))


MODELS = [dropout_mlp, batch_norm_cnn, attention, bidirectional_lstm, lora, scanned_layers]
