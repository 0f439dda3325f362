"""Faults in networks of dense layers and convolutions: plain JAX, Flax Linen, NNX, Equinox."""

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X, Y = normal(0, 16, 6), normal(1, 16, 2)


class _Linen(nn.Module):
    """Two layers and a second head, which is used or not."""

    uses_second: bool = True
    cut: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        hidden = nn.gelu(nn.Dense(8, name="hidden")(x))
        one, two = nn.Dense(2, name="one")(hidden), nn.Dense(2, name="two")(hidden)
        return one + two if self.uses_second else one


def _squared(y: jax.Array) -> jax.Array:
    return jnp.mean((y - Y) ** 2)


def unused_head(faulty: bool) -> Example:
    """A Linen layer is called, and its result is not used.

    Args:
        faulty: True for this fault; False for the sound twin, which adds the outputs of both heads.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `hidden/bias` [8], `hidden/kernel` [6, 8], `one/bias` [2], `one/kernel` [8, 2],
        `two/bias` [2] and `two/kernel` [8, 2]. `args` has `x` [16, 6]. `settings` is empty.
    """
    params = _Linen().init(jax.random.key(0), X)["params"]
    model = _Linen(uses_second=not faulty)
    return Example(lambda p, x: _squared(jnp.asarray(model.apply({"params": p}, x))), params, (X,))


def nnx_detached(faulty: bool) -> Example:
    """An NNX encoder's output passes a stop_gradient.

    Args:
        faulty: True for this fault; False for the sound twin, without the `stop_gradient`.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `bias` [2] and `kernel` [6, 2]. `args` has `x` [16, 6]. `settings` is empty.
    """
    graph, params = nnx.split(nnx.Linear(6, 2, rngs=nnx.Rngs(0)), nnx.Param)

    def loss(p, x):
        y = nnx.merge(graph, p)(x)
        if faulty:
            y = lax.stop_gradient(y)  # here
        return _squared(y)

    return Example(loss, nnx.to_pure_dict(params), (X,))


def equinox_unused_layer(faulty: bool) -> Example:
    """An early return skips the last layer of an Equinox MLP.

    Args:
        faulty: True for this fault; False for the sound twin, which applies all three layers.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is the array part of an Equinox
        MLP with the leaves `layers/0/weight` [6, 6], `layers/0/bias` [6], `layers/1/weight` [6, 6],
        `layers/1/bias` [6], `layers/2/weight` [2, 6] and `layers/2/bias` [2]. `args` has
        `x` [16, 6]. `settings` is empty.
    """
    net = eqx.nn.MLP(6, 2, 6, 2, key=jax.random.key(0))
    params, static = eqx.partition(net, eqx.is_inexact_array)

    def loss(p, x):
        model = eqx.combine(p, static)
        hidden = jax.vmap(lambda row: jnp.tanh(model.layers[1](jnp.tanh(model.layers[0](row)))))(x)
        return _squared(hidden[:, :2] if faulty else jax.vmap(model.layers[2])(hidden))

    return Example(loss, params, (X,))


def argmax_in_loss(faulty: bool) -> Example:
    """The loss counts wrong classes and ignores their probabilities.

    Args:
        faulty: True for this fault; False for the sound twin, whose loss is the cross-entropy of
            the same logits.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaf
        `w` [6, 3]. `args` has `x` [16, 6]. `settings` is empty.
    """
    labels = jnp.arange(16) % 3

    def loss(p, x):
        logits = x @ p["w"]
        if faulty:
            return jnp.mean((jnp.argmax(logits, -1) != labels).astype(jnp.float32))  # here
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(16), labels])

    return Example(loss, {"w": normal(2, 6, 3)}, (X,))


def integer_index(faulty: bool) -> Example:
    """A learned position is cast to an integer index.

    Args:
        faulty: True for this fault; False for the sound twin, which interpolates linearly between
            features 1 and 2 at the position.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `place` [2] and `w` [2, 2]. `args` has `x` [16, 6]. `settings` is empty.
    """

    def loss(p, x):
        place = p["place"]
        if faulty:
            return _squared(x[:, jnp.int32(place)] @ p["w"])  # here
        return _squared((x[:, 1:2] * (2 - place)[None] + x[:, 2:3] * (place - 1)[None]) @ p["w"])

    return Example(loss, {"place": jnp.full(2, 1.3), "w": normal(3, 2, 2)}, (X,))


def dead_relu(faulty: bool) -> Example:
    """A bias is so low that every unit of the layer is zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose bias `b1` starts at 0 instead
            of -10,000.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `b1` [8], `b2` [2], `w1` [6, 8] and `w2` [8, 2]. `args` has `x` [16, 6]. `settings` is
        empty.
    """
    bias = jnp.full(8, -1e4 if faulty else 0.0)
    params = {"w1": normal(4, 6, 8), "b1": bias, "w2": normal(5, 8, 2), "b2": jnp.zeros(2)}
    return Example(
        lambda p, x: _squared(jax.nn.relu(x @ p["w1"] + p["b1"][None]) @ p["w2"] + p["b2"][None]),
        params,
        (X,),
    )


def all_zero_network(faulty: bool) -> Example:
    """Both layers start at zero, so neither gives the other a gradient.

    Args:
        faulty: True for this fault; False for the sound twin, whose two kernels start at random
            values.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `b` [2], `w1` [6, 8] and `w2` [8, 2]. `args` has `x` [16, 6]. `settings` is empty.
    """
    scale = 0.0 if faulty else 1.0
    params = {"w1": scale * normal(4, 6, 8), "w2": scale * normal(5, 8, 2), "b": jnp.zeros(2)}
    return Example(
        lambda p, x: _squared(jnp.tanh(x @ p["w1"]) @ p["w2"] + p["b"][None]), params, (X,)
    )


def bias_before_batch_norm(faulty: bool) -> Example:
    """A batch normalisation subtracts what the bias adds.

    Args:
        faulty: True for this fault; False for the sound twin, without the normalisation.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `b` [2]
        and `w` [6, 2]. `args` has `x` [16, 6]. `settings` is empty.
    """

    def loss(p, x):
        h = x @ p["w"] + p["b"][None]
        if faulty:
            h = (h - h.mean(0)[None]) / (h.std(0) + 1e-3)[None]
        return _squared(jnp.tanh(h))

    return Example(loss, {"w": normal(6, 6, 2), "b": jnp.ones(2)}, (X,))


def convolution_bias_before_norm(faulty: bool) -> Example:
    """A normalisation subtracts what the bias of a Linen convolution adds.

    Args:
        faulty: True for this fault; False for the sound twin, whose normalisation uses its stored
            statistics instead of those of the batch.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `conv/bias` [4], `conv/kernel` [3, 3, 4], `norm/bias` [4], `norm/scale` [4], `out/bias` [2]
        and `out/kernel` [4, 2]. `args` has `x` [16, 5, 3]. `settings` is empty.
    """

    class CNN(nn.Module):
        @nn.compact
        def __call__(self, x):
            h = nn.Conv(4, (3,), name="conv")(x)
            h = nn.BatchNorm(use_running_average=not faulty, name="norm")(h)
            return nn.Dense(2, name="out")(nn.relu(h).mean(1))

    images = normal(7, 16, 5, 3)
    state = CNN().init(jax.random.key(0), images)
    rest = {k: v for k, v in state.items() if k != "params"}

    def loss(p, x):
        y, _ = CNN().apply({"params": p, **rest}, x, mutable=["batch_stats"])
        return _squared(y)

    return Example(loss, state["params"], (images,))


def weak_path(faulty: bool) -> Example:
    """A branch is multiplied by 1e-12.

    Args:
        faulty: True for this fault; False for the sound twin, whose branch is multiplied by 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `u` [6, 2], `v` [6, 2] and `w` [6, 2]. `args` has `x` [16, 6]. `settings` is empty.
    """
    scale = 1e-12 if faulty else 1.0
    params = {"w": normal(8, 6, 2), "u": normal(9, 6, 2), "v": normal(10, 6, 2)}
    return Example(
        lambda p, x: _squared(x @ p["w"] + jnp.tanh(x @ p["u"]) + scale * (x @ p["v"])),
        params,
        (X,),
    )


def deep_sigmoids(faulty: bool) -> Example:
    """Thirty sigmoid layers in a row stand in place of three.

    Args:
        faulty: True for this fault; False for the sound twin, with three layers in `deep`.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `a` [4, 2], `b` [6, 2], `deep/0` to `deep/29` [4, 4] and `first` [6, 4]; in the twin `deep`
        has three. `args` has `x` [16, 6]. `settings` is empty.
    """
    depth = 30 if faulty else 3
    params = {
        "first": normal(11, 6, 4),
        "deep": [0.5 * normal(20 + i, 4, 4) for i in range(depth)],
        "a": normal(12, 4, 2),
        "b": normal(13, 6, 2),
    }

    def loss(p, x):
        h = jax.nn.sigmoid(x @ p["first"])
        for w in p["deep"]:
            h = jax.nn.sigmoid(h @ w)
        return _squared(h @ p["a"] + x @ p["b"])

    return Example(loss, params, (X,))


def powers_of_a_small_input(faulty: bool) -> Example:
    """A polynomial reads an input of size 0.1, whose twelfth power is 1e-12.

    Args:
        faulty: True for this fault; False for the sound twin, whose input has size 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `linear` (scalar), `offset` (scalar), `square` (scalar) and `twelfth` (scalar). `args` has
        `x` [16]. `settings` is empty.
    """
    x = (0.1 if faulty else 1.0) * jnp.linspace(-1, 1, 16)

    def loss(p, x):
        y = p["offset"] + p["linear"] * x + p["square"] * x**2 + p["twelfth"] * x**12
        return jnp.mean((y - jnp.cos(20 * x)) ** 2)

    params = {"offset": 0.5, "linear": 1.2, "square": -0.7, "twelfth": 0.9}
    return Example(loss, {name: jnp.float32(value) for name, value in params.items()}, (x,))


FAULTS = [
    Fault("disconnected", ("two/kernel", "two/bias"), unused_head),
    Fault("blocked", ("kernel", "bias"), nnx_detached, report="TinyLLaVA/TinyLLaVA_Factory#17"),
    Fault("disconnected", ("layers/2/weight", "layers/2/bias"), equinox_unused_layer),
    Fault("blocked", ("w",), argmax_in_loss, report="google-deepmind/dm-haiku#442"),
    Fault("blocked", ("place",), integer_index, report="jax-ml/jax#5245"),
    Fault("stuck", ("w1", "b1", "w2"), dead_relu),
    Fault("stuck", ("w1", "w2"), all_zero_network, held_out=True),
    Fault("invariant", ("b",), bias_before_batch_norm),
    Fault(
        "invariant",
        ("conv/bias",),
        convolution_bias_before_norm,
        report="4uiiurz1/pytorch-nested-unet#39",
        held_out=True,
    ),
    Fault("vanishing", ("v",), weak_path),
    Fault("vanishing", ("first", "deep/0"), deep_sigmoids, along="deep/*", held_out=True),
    Fault("vanishing", ("twelfth",), powers_of_a_small_input, held_out=True),
]
