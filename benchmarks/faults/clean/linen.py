"""Flax Linen: feed-forward, convolutional and recurrent nets, normalisations, a VAE."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "flax.linen"


def _classifier(net: Any, x: jax.Array, classes: int = 3) -> Example:
    """Computes the softmax cross-entropy of a net and passes its state on."""
    state = net.init(jax.random.key(0), x)
    rest = {k: v for k, v in state.items() if k != "params"}

    def loss(p, x, labels):
        logits, _ = net.apply({"params": p, **rest}, x, mutable=list(rest))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Example(loss, state["params"], (x, integers(1, classes, len(x))))


def _regression(net: Any, x: jax.Array, *target: int) -> Example:
    params = net.init(jax.random.key(0), x)["params"]

    def loss(p, x, y):
        return optax.squared_error(net.apply({"params": p}, x), y).mean()

    return Example(loss, params, (x, normal(1, *target)))


def mlp(nn: Any) -> Example:
    """Builds a model with flax.linen.Dense in a Sequential, with gelu.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [16, 6] and `labels` [16] int32. `settings` is empty.
    """
    return _classifier(nn.Sequential([nn.Dense(8), nn.gelu, nn.Dense(3)]), normal(0, 16, 6))


def mnist_cnn(nn: Any) -> Example:
    """Builds the CNN of Flax's MNIST example, smaller: Conv, avg_pool, Dense; gelu for relu.

    Averages of noise are alike in all images, so that a third of the relus would never fire.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [32, 8, 8, 1] and `labels` [32] int32. `settings` is empty.
    """

    def pool(x):
        return nn.avg_pool(x, (2, 2), (2, 2))

    def flat(x):
        return x.reshape(len(x), -1)

    layers = [nn.Conv(4, (3, 3)), nn.gelu, pool, nn.Conv(6, (3, 3)), nn.gelu, pool]
    net = nn.Sequential([*layers, flat, nn.Dense(16), nn.gelu, nn.Dense(3)])
    return _classifier(net, normal(0, 32, 8, 8, 1))


def residual_batch_norm(nn: Any) -> Example:
    """Builds the block of Flax's ImageNet ResNet example: Conv without bias, BatchNorm, relu.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [16, 6, 6, 3] and `labels` [16] int32. `settings` is empty.
    """

    class Block(nn.Module):
        @nn.compact
        def __call__(self, x):
            h = nn.Conv(4, (3, 3), use_bias=False)(x)
            h = nn.relu(nn.BatchNorm(use_running_average=False)(h))
            h = nn.Conv(4, (3, 3), use_bias=False)(h)
            h = nn.BatchNorm(use_running_average=False, scale_init=nn.initializers.zeros)(h)
            h = nn.relu(h + nn.Conv(4, (1, 1), use_bias=False)(x))
            return nn.Dense(3)(h.mean((1, 2)))

    return _classifier(Block(), normal(0, 16, 6, 6, 3))


def group_norm_cnn(nn: Any) -> Example:
    """Builds a model with flax.linen.Conv, strided and dilated, GroupNorm, swish.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [8, 8, 8, 3] and `labels` [8] int32. `settings` is empty.
    """
    down, wide = nn.Conv(8, (3, 3), strides=2), nn.Conv(8, (3, 3), kernel_dilation=2)
    layers = [down, nn.GroupNorm(2), nn.swish, wide, nn.GroupNorm(4), nn.swish]
    net = nn.Sequential([*layers, lambda x: x.mean((1, 2)), nn.Dense(3)])
    return _classifier(net, normal(0, 8, 8, 8, 3))


def depthwise_separable(nn: Any) -> Example:
    """Builds flax.linen.Conv with feature_group_count, then one by one; ConvLocal; max_pool.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [8, 8, 3] and `labels` [8] int32. `settings` is empty.
    """

    def pool(x):
        return nn.max_pool(x, (2,), (2,))

    depthwise = nn.Conv(6, (3,), feature_group_count=3)
    layers = [depthwise, nn.Conv(5, (1,)), nn.tanh, pool, nn.ConvLocal(4, (2,)), nn.tanh]
    return _classifier(
        nn.Sequential([*layers, lambda x: x.sum(1), nn.Dense(3)]), normal(0, 8, 8, 3)
    )


def convolutional_autoencoder(nn: Any) -> Example:
    """Builds a model with flax.linen.Conv down and ConvTranspose up, squared error.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean squared error. `params` is the net's
        nested dict of parameters, as Flax initialises it. `args` has `x` [4, 6, 6, 2] and
        `y` [4, 6, 6, 2]. `settings` is empty.
    """
    down, up = nn.Conv(6, (3, 3), strides=2), nn.ConvTranspose(2, (3, 3), strides=(2, 2))
    return _regression(nn.Sequential([down, nn.gelu, up]), normal(0, 4, 6, 6, 2), 4, 6, 6, 2)


def lstm(nn: Any) -> Example:
    """Builds a model with flax.linen.RNN over OptimizedLSTMCell, with lengths, last output.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [8, 5, 4] and `labels` [8] int32. `settings` is empty.
    """
    net = nn.Sequential([nn.RNN(nn.OptimizedLSTMCell(6)), lambda h: h[:, -1], nn.Dense(3)])
    return _classifier(net, normal(0, 8, 5, 4))


def bidirectional_gru(nn: Any) -> Example:
    """Builds a model with flax.linen.Bidirectional of two RNNs over GRUCell.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [8, 5, 4] and `labels` [8] int32. `settings` is empty.
    """
    both = nn.Bidirectional(nn.RNN(nn.GRUCell(4)), nn.RNN(nn.GRUCell(4)))
    return _classifier(nn.Sequential([both, lambda h: h.mean(1), nn.Dense(3)]), normal(0, 8, 5, 4))


def minimal_gated_unit(nn: Any) -> Example:
    """Builds a model with flax.linen.RNN over MGUCell, every output against its target.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean squared error. `params` is the net's
        nested dict of parameters, as Flax initialises it. `args` has `x` [8, 5, 4] and
        `y` [8, 5, 2]. `settings` is empty.
    """
    net = nn.Sequential([nn.RNN(nn.MGUCell(6)), nn.Dense(2)])
    return _regression(net, normal(0, 8, 5, 4), 8, 5, 2)


def convolutional_lstm(nn: Any) -> Example:
    """Builds a model with flax.linen.RNN over ConvLSTMCell: video in, video out.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean squared error. `params` is the net's
        nested dict of parameters, as Flax initialises it. `args` has `x` [2, 4, 5, 5, 2] and
        `y` [2, 4, 5, 5, 1]. `settings` is empty.
    """
    cell = nn.ConvLSTMCell(3, (3, 3))
    net = nn.Sequential([nn.RNN(cell), nn.Conv(1, (1, 1))])
    return _regression(net, normal(0, 2, 4, 5, 5, 2), 2, 4, 5, 5, 1)


def _block(nn: Any, use_bias: bool) -> Any:
    """Returns the encoder block of Flax's language-model examples."""

    class Block(nn.Module):
        @nn.compact
        def __call__(self, x, mask=None):
            h = nn.LayerNorm()(x)
            attend = nn.MultiHeadDotProductAttention(2, use_bias=use_bias, name="attention")
            x = x + attend(h, mask=mask)
            h = nn.Dense(16)(nn.LayerNorm()(x))
            return x + nn.Dense(8)(nn.gelu(h)), None

    return Block


def language_model(nn: Any) -> Example:
    """Builds Flax's lm1b example in small: Embed, causal attention without bias, tied logits.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, tokens)` returns the mean cross-entropy of the next token.
        `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `tokens` [6, 7] int32. `settings` is empty.
    """

    class Decoder(nn.Module):
        @nn.compact
        def __call__(self, tokens):
            embed = nn.Embed(11, 8)
            places = self.param("places", nn.initializers.normal(0.02), (tokens.shape[1], 8))
            x = embed(tokens) + places
            x, _ = _block(nn, use_bias=False)()(x, nn.make_causal_mask(tokens))
            return embed.attend(nn.LayerNorm()(x))

    net, tokens = Decoder(), integers(0, 11, 6, 7)
    params = net.init(jax.random.key(0), tokens[:, :-1])["params"]

    def loss(p, tokens):
        logits = net.apply({"params": p}, tokens[:, :-1])
        return optax.softmax_cross_entropy_with_integer_labels(logits, tokens[:, 1:]).mean()

    return Example(loss, params, (tokens,))


def scanned_remat_stack(nn: Any) -> Example:
    """Builds a model with flax.linen.scan over remat of an attention block with its biases.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [8, 5, 8] and `labels` [8] int32. `settings` has `allow`, entries (name pattern,
        verdict, reason) for leaves that cannot learn by design.
    """
    stack = nn.scan(
        nn.remat(_block(nn, use_bias=True)),
        variable_axes={"params": 0},
        split_rngs={"params": True},
        length=3,
    )

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(3)(stack(name="layers")(x)[0].mean(1))

    reason = "a key bias shifts all scores of a query alike, which softmax does not see"
    allow = [("layers/attention/key/bias", "invariant", reason)]
    return _classifier(Net(), normal(0, 8, 5, 8))._replace(settings={"allow": allow})


def weight_and_spectral_norm(nn: Any) -> Example:
    """Builds a model with flax.linen.WeightNorm and SpectralNorm around Dense, leaky relu.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean softmax cross-entropy over three
        classes. `params` is the net's nested dict of parameters, as Flax initialises it. `args` has
        `x` [16, 6] and `labels` [16] int32. `settings` is empty.
    """

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            h = nn.leaky_relu(nn.WeightNorm(nn.Dense(8))(x))
            return nn.SpectralNorm(nn.Dense(3))(h, update_stats=True)

    return _classifier(Net(), normal(0, 16, 6))


def rms_norm_prelu(nn: Any) -> Example:
    """Builds a model with flax.linen.DenseGeneral, RMSNorm, PReLU, Einsum, Dropout.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, key, x, y)` returns the mean Huber loss. `params` is the net's
        nested dict of parameters, as Flax initialises it. `args` has `key` (a PRNG key),
        `x` [16, 6] and `y` [16, 3]. `settings` is empty.
    """
    heads, merge = nn.DenseGeneral((2, 4)), nn.Einsum((2, 4, 3), "...hd,hdk->...k")
    net = nn.Sequential(
        [heads, nn.RMSNorm(), nn.PReLU(), nn.Dropout(0.2, deterministic=False), merge]
    )
    x = normal(0, 16, 6)
    params = net.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x)["params"]

    def loss(p, key, x, y):
        return optax.huber_loss(net.apply({"params": p}, x, rngs={"dropout": key}), y).mean()

    return Example(loss, params, (jax.random.key(2), x, normal(1, 16, 3)))


def vae(nn: Any) -> Example:
    """Builds Flax's VAE example in small: Bernoulli likelihood, KL divergence, reparameterised.

    Args:
        nn: The module `flax.linen`.

    Returns:
        An `Example`: `loss(params, x, key)` returns the negative evidence lower bound. `params` is
        the net's nested dict of parameters, as Flax initialises it. `args` has `x` [32, 6] and
        `key` (a PRNG key). `settings` is empty.
    """

    class VAE(nn.Module):
        @nn.compact
        def __call__(self, x, key):
            h = nn.relu(nn.Dense(12)(x))
            mean, logvar = nn.Dense(3, name="mean")(h), nn.Dense(3, name="logvar")(h)
            z = mean + jnp.exp(0.5 * logvar) * jax.random.normal(key, mean.shape)
            return nn.Dense(6)(nn.relu(nn.Dense(12)(z))), mean, logvar

    net, x, key = VAE(), (normal(0, 32, 6) > 0).astype(jnp.float32), jax.random.key(1)

    def loss(p, x, key):
        logits, mean, logvar = net.apply({"params": p}, x, key)
        divergence = -0.5 * jnp.sum(1 + logvar - mean**2 - jnp.exp(logvar), -1)
        return (optax.sigmoid_binary_cross_entropy(logits, x).sum(-1) + divergence).mean()

    return Example(loss, net.init(jax.random.key(0), x, key)["params"], (x, key))


MODELS = [
    mlp,
    mnist_cnn,
    residual_batch_norm,
    group_norm_cnn,
    depthwise_separable,
    convolutional_autoencoder,
    lstm,
    bidirectional_gru,
    minimal_gated_unit,
    convolutional_lstm,
    language_model,
    scanned_remat_stack,
    weight_and_spectral_norm,
    rms_norm_prelu,
    vae,
]
