"""Faults around normalisations: of activations, of features, of weights."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X = normal(210, 9, 5)


def constant_feature(faulty: bool) -> Example:
    """A feature that is constant over the batch is divided by its standard deviation.

    Args:
        faulty: True for this fault; False for the sound twin, which adds 1e-5 to the variance
            before the square root; with the fault, 1e-5 is added to the standard deviation.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2] and `w` [5, 3]. `args` has `x` [9, 5]. `settings` is empty.
    """

    def loss(p, x):
        h = x @ p["w"]
        spread = jnp.std(h, 0) + 1e-5 if faulty else jnp.sqrt(jnp.var(h, 0) + 1e-5)  # here
        return jnp.mean(((h - h.mean(0)[None]) / spread[None] @ p["out"] - 1) ** 2)

    start = normal(211, 5, 3).at[:, 1].set(0.0)
    return Example(loss, {"w": start, "out": normal(212, 3, 2)}, (X,))


def weight_norm_of_zeros(faulty: bool) -> Example:
    """Weights are divided by their norm, which is zero for one output.

    Args:
        faulty: True for this fault; False for the sound twin, in which no output has zero weights.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `scale` [3] and `w` [5, 3]. `args` has `x` [9, 5]. `settings` is empty.
    """
    start = normal(213, 5, 3)

    def loss(p, x):
        direction = p["w"] / jnp.linalg.norm(p["w"], axis=0)[None]  # here
        return jnp.mean((x @ (direction * p["scale"][None]) - 1) ** 2)

    params = {"w": start.at[:, 2].set(0.0) if faulty else start, "scale": jnp.ones(3)}
    return Example(loss, params, (X,))


class _Gated(nn.Module):
    """A gate that reads normalised scores."""

    scores: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        score = nn.LayerNorm(name="norm")(nn.Dense(self.scores, name="score")(x))
        return nn.Dense(2, name="out")(x * nn.sigmoid(nn.Dense(1, name="gate")(nn.tanh(score))))


def layer_norm_of_one_feature(faulty: bool) -> Example:
    """A layer norm over a single feature is always zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose layer norm has four features.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `gate/bias` [1], `gate/kernel` [1, 1], `norm/bias` [1], `norm/scale` [1], `out/bias` [2],
        `out/kernel` [5, 2], `score/bias` [1] and `score/kernel` [5, 1]; in the twin
        `gate/kernel` [4, 1], `norm/bias` [4], `norm/scale` [4], `score/bias` [4] and
        `score/kernel` [5, 4]. `args` has `x` [9, 5]. `settings` is empty.
    """
    model = _Gated(1 if faulty else 4)
    params = model.init(jax.random.key(2), X)["params"]

    def loss(p, x):
        return jnp.mean((jnp.asarray(model.apply({"params": p}, x)) - 1) ** 2)

    return Example(loss, params, (X,))


def temperature_of_a_cosine(faulty: bool) -> Example:
    """A temperature multiplies features that are normalised after it, in front of a leaky ReLU.

    Args:
        faulty: True for this fault; False for the sound twin, whose temperature comes after the
            normalisation.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2], `temperature` [] and `w` [5, 3]. `args` has `x` [9, 5]. `settings` is empty.
    """

    def unit(h):
        return h / jnp.linalg.norm(h, axis=-1, keepdims=True)

    def loss(p, x):
        h, t = x @ p["w"], p["temperature"]
        return jnp.mean((jax.nn.leaky_relu(unit(t * h) if faulty else t * unit(h)) @ p["out"]) ** 2)

    params = {"w": normal(214, 5, 3), "out": normal(215, 3, 2), "temperature": jnp.full((), 0.5)}
    return Example(loss, params, (X,))


FAULTS = [
    Fault("non_finite", ("w",), constant_feature, along="out", report="jax-ml/jax#11716"),
    Fault("non_finite", ("w", "scale"), weight_norm_of_zeros, report="google/flax#1671"),
    Fault(
        "invariant",
        ("score/kernel", "score/bias", "norm/scale"),
        layer_norm_of_one_feature,
        held_out=True,
    ),
    Fault("invariant", ("temperature",), temperature_of_a_cosine),
]
