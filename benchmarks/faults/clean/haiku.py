"""dm-haiku: nets of modules, transformed to pure functions."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "haiku"


def _model(hk: Any, forward: Any, *data: jax.Array) -> Example:
    """Builds an example from a forward function that returns the loss."""
    net = hk.transform_with_state(forward)
    params, state = net.init(jax.random.key(0), *data)

    def loss(p, key, *data):
        return net.apply(p, state, key, *data)[0]

    return Example(loss, params, (jax.random.key(1), *data))


def _classifier(hk: Any, logits: Any, x: jax.Array) -> Example:
    def forward(x, labels):
        return optax.softmax_cross_entropy_with_integer_labels(logits(x), labels).mean()

    return _model(hk, forward, x, integers(1, 3, len(x)))


def mlp(hk: Any) -> Example:
    """Builds a model with haiku.nets.MLP with dropout.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x, labels)` returns the mean softmax cross-entropy over
        three classes. `params` is a dict from module names to dicts of arrays, as Haiku initialises
        it. `args` has `key` (a PRNG key), `x` [32, 6] and `labels` [32] int32. `settings` is empty.
    """

    def logits(x):
        net = hk.nets.MLP([8, 8, 3], activation=jnp.tanh)
        return net(x, dropout_rate=0.2, rng=hk.next_rng_key())

    return _classifier(hk, logits, normal(0, 32, 6))


def resnet(hk: Any) -> Example:
    """Builds haiku.nets.ResNet, one block of each group, few channels, batch statistics.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x, labels)` returns the mean softmax cross-entropy over
        three classes. `params` is a dict from module names to dicts of arrays, as Haiku initialises
        it. `args` has `key` (a PRNG key), `x` [16, 12, 12, 3] and `labels` [16] int32. `settings`
        is empty.
    """

    def logits(x):
        net = hk.nets.ResNet(
            (1, 1, 1, 1),
            3,
            bottleneck=False,
            channels_per_group=(4, 4, 6, 6),
            use_projection=(False, True, True, True),
            initial_conv_config={"output_channels": 4, "kernel_shape": 3, "stride": 1},
            strides=(1, 1, 2, 1),
            logits_config={"w_init": None},
        )
        return net(x, is_training=True)

    return _classifier(hk, logits, normal(0, 16, 12, 12, 3))


def vanilla_rnn(hk: Any) -> Example:
    """Builds a model with haiku.VanillaRNN through dynamic_unroll.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x, labels)` returns the mean softmax cross-entropy over
        three classes. `params` is a dict from module names to dicts of arrays, as Haiku initialises
        it. `args` has `key` (a PRNG key), `x` [8, 5, 4] and `labels` [8] int32. `settings` is
        empty.
    """

    def logits(x):
        core = hk.VanillaRNN(6)
        outputs, _ = hk.dynamic_unroll(core, x, core.initial_state(len(x)), time_major=False)
        return hk.Linear(3)(outputs[:, -1])

    return _classifier(hk, logits, normal(0, 8, 5, 4))


def deep_rnn(hk: Any) -> Example:
    """Builds haiku.deep_rnn_with_skip_connections of LSTM and GRU, with ResetCore at starts.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x, resets, y)` returns the mean squared error. `params` is
        a dict from module names to dicts of arrays, as Haiku initialises it. `args` has
        `key` (a PRNG key), `x` [6, 4, 3], `resets` [6, 4] bool and `y` [6, 4, 2]. `settings` is
        empty.
    """

    def forward(x, resets, y):
        core = hk.ResetCore(hk.deep_rnn_with_skip_connections([hk.LSTM(4), hk.GRU(4)]))
        outputs, _ = hk.dynamic_unroll(core, (x, resets), core.initial_state(x.shape[1]))
        return jnp.mean((hk.BatchApply(hk.Linear(2))(outputs) - y) ** 2)

    return _model(hk, forward, normal(0, 6, 4, 3), normal(1, 6, 4) > 1.0, normal(2, 6, 4, 2))


def convolutional_lstm(hk: Any) -> Example:
    """Builds a model with haiku.Conv2DLSTM, static_unroll, Conv2DTranspose.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x, y)` returns the mean squared error. `params` is a dict
        from module names to dicts of arrays, as Haiku initialises it. `args` has
        `key` (a PRNG key), `x` [4, 2, 4, 4, 2] and `y` [2, 8, 8, 1]. `settings` is empty.
    """

    def forward(x, y):
        core = hk.Conv2DLSTM((4, 4), 3, 3)
        outputs, _ = hk.static_unroll(core, x, core.initial_state(x.shape[1]))
        return jnp.mean((hk.Conv2DTranspose(1, 3, 2)(outputs[-1]) - y) ** 2)

    return _model(hk, forward, normal(0, 4, 2, 4, 4, 2), normal(1, 2, 8, 8, 1))


def transformer(hk: Any) -> Example:
    """Builds Haiku's transformer example in small: Embed, MultiHeadAttention, LayerNorm.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, tokens)` returns the mean cross-entropy of the next token.
        `params` is a dict from module names to dicts of arrays, as Haiku initialises it. `args` has
        `key` (a PRNG key) and `tokens` [6, 7] int32. `settings` is empty.
    """

    def forward(tokens):
        x, targets = tokens[:, :-1], tokens[:, 1:]
        h = hk.Embed(11, 8)(x)
        h = h + hk.get_parameter("places", h.shape[1:], init=hk.initializers.TruncatedNormal(0.02))
        initial = hk.initializers.VarianceScaling(0.5)
        norm = hk.LayerNorm(-1, True, True)(h)
        mask = jnp.tril(jnp.ones((1, 1, x.shape[1], x.shape[1])))
        attend = hk.MultiHeadAttention(2, 4, w_init=initial, with_bias=False, model_size=8)
        h = h + attend(norm, norm, norm, mask=mask)
        norm = hk.LayerNorm(-1, True, True)(h)
        h = h + hk.Linear(8)(jax.nn.gelu(hk.Linear(16)(norm)))
        logits = hk.Linear(11)(hk.LayerNorm(-1, True, True)(h))
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

    return _model(hk, forward, integers(0, 11, 6, 7))


def vq_vae(hk: Any) -> Example:
    """Builds Haiku's VQ-VAE example in small: nets.VectorQuantizer with straight-through values.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x)` returns the reconstruction error plus the loss of the
        codes. `params` is a dict from module names to dicts of arrays, as Haiku initialises it.
        `args` has `key` (a PRNG key) and `x` [64, 6]. `settings` is empty.
    """

    def forward(x):
        latent = hk.Linear(2)(jnp.tanh(hk.Linear(8)(x)))
        quantized = hk.nets.VectorQuantizer(2, 4, 0.25)(latent, is_training=True)
        output = hk.Linear(6)(jnp.tanh(hk.Linear(8)(quantized["quantize"])))
        return jnp.mean((output - x) ** 2) + quantized["loss"]

    return _model(hk, forward, 2 * normal(0, 64, 6))


def vq_vae_ema(hk: Any) -> Example:
    """Builds haiku.nets.VectorQuantizerEMA, whose codebook is state; BatchApply, RMSNorm.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x)` returns the reconstruction error plus the loss of the
        codes. `params` is a dict from module names to dicts of arrays, as Haiku initialises it.
        `args` has `key` (a PRNG key) and `x` [32, 6]. `settings` is empty.
    """

    def forward(x):
        latent = hk.Linear(2)(jax.nn.silu(hk.RMSNorm(-1)(hk.Linear(8)(x))))
        quantized = hk.nets.VectorQuantizerEMA(2, 6, 0.25, 0.99)(latent, is_training=True)
        output = hk.Linear(6)(jnp.tanh(hk.Linear(8)(quantized["quantize"])))
        return jnp.mean((output - x) ** 2) + quantized["loss"]

    return _model(hk, forward, normal(0, 32, 6))


def separable_instance_norm(hk: Any) -> Example:
    """Builds a model with haiku.SeparableDepthwiseConv2D, InstanceNorm, softplus.

    Args:
        hk: The module `haiku`.

    Returns:
        An `Example`: `loss(params, key, x, labels)` returns the mean softmax cross-entropy over
        three classes. `params` is a dict from module names to dicts of arrays, as Haiku initialises
        it. `args` has `key` (a PRNG key), `x` [16, 5, 5, 2] and `labels` [16] int32. `settings` is
        empty.
    """

    def logits(x):
        conv = hk.SeparableDepthwiseConv2D(2, 3, with_bias=False)
        h = hk.InstanceNorm(True, True)(conv(x))
        return hk.Linear(3)(jax.nn.softplus(h).mean((1, 2)))

    return _classifier(hk, logits, normal(0, 16, 5, 5, 2))


MODELS = [
    mlp,
    resnet,
    vanilla_rnn,
    deep_rnn,
    convolutional_lstm,
    transformer,
    vq_vae,
    vq_vae_ema,
    separable_instance_norm,
]
