"""Faults in VQ-VAE, VAE, flows, mixtures and policies."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(80, 12, 4)


def codebook_behind_straight_through(faulty: bool) -> Example:
    """The codebook loss is missing, and the straight-through line skips the codebook.

    Args:
        faulty: True for this fault; False for the sound twin, which has a codebook loss.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `codes` [2, 3], `decoder` [3, 4] and `encoder` [4, 3]. `args` has `x` [12, 4]. `settings` is
        empty.
    """

    def loss(p, x):
        z = x @ p["encoder"]
        nearest = jnp.argmin(((z[:, None] - p["codes"][None]) ** 2).sum(-1), -1)
        code = p["codes"][nearest]
        through = z + lax.stop_gradient(code - z)  # here
        commit = 0.0 if faulty else jnp.mean((code - lax.stop_gradient(z)) ** 2)
        return jnp.mean((through @ p["decoder"] - x) ** 2) + commit

    params = {"encoder": normal(81, 4, 3), "codes": normal(82, 2, 3), "decoder": normal(83, 3, 4)}
    return Example(loss, params, (X,))


def sampled_by_categorical(faulty: bool) -> Example:
    """A categorical sample has no derivative in its logits; a relaxed sample has one.

    Args:
        faulty: True for this fault; False for the sound twin, which weights the values by a relaxed
            (Gumbel-softmax) sample.

    Returns:
        An `Example`: `loss(params, x, key)` returns a scalar. `params` is a dict with the leaves
        `logits` [4, 3] and `values` [3, 4]. `args` has `x` [12, 4] and `key` (a PRNG key).
        `settings` is empty.
    """

    def loss(p, x, key):
        logits = x @ p["logits"]
        if faulty:
            weights = jax.nn.one_hot(jax.random.categorical(key, logits), 3)  # here
        else:
            weights = jax.nn.softmax(logits + jax.random.gumbel(key, logits.shape))
        return jnp.mean((weights @ p["values"] - x) ** 2)

    params = {"logits": normal(84, 4, 3), "values": normal(85, 3, 4)}
    return Example(loss, params, (X, jax.random.key(0)))


def clipped_log_std(faulty: bool) -> Example:
    """A log standard deviation starts below the lower end of its clip.

    Args:
        faulty: True for this fault; False for the sound twin, which starts inside the clip, at -1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `log_std` [4] and `mean` [4, 4]. `args` has `x` [12, 4]. `settings` is empty.
    """

    def loss(p, x):
        log_std = jnp.clip(p["log_std"], -5.0, 2.0)
        return jnp.mean(((x - x @ p["mean"]) / jnp.exp(log_std)[None]) ** 2 / 1e4 + log_std[None])

    start = jnp.full(4, -6.0 if faulty else -1.0)
    return Example(loss, {"mean": 0.3 * normal(86, 4, 4), "log_std": start}, (X,))


def log_of_zero_probability(faulty: bool) -> Example:
    """`where` guards the value of the logarithm of a zero weight, but not its derivative.

    Args:
        faulty: True for this fault; False for the sound twin, whose weights all start above zero.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `mean` [4, 3] and `weight` [3]. `args` has `x` [12, 4]. `settings` is empty.
    """
    start = jnp.array([0.0 if faulty else 0.1, 0.5, 0.5])

    def loss(p, x):
        weight = p["weight"]
        entropy = jnp.where(weight > 0, weight * jnp.log(weight), 0.0)  # here
        return entropy.sum() + jnp.mean((x @ p["mean"]) ** 2)

    return Example(loss, {"weight": start, "mean": normal(87, 4, 3)}, (X,))


def overflowing_scale(faulty: bool) -> Example:
    """The scale of a flow is an exponential without a bound.

    Args:
        faulty: True for this fault; False for the sound twin, whose `log_scale` starts at 0.1
            instead of 120, where the exponential overflows.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `log_scale` [4] and `shift` [4, 4]. `args` has `x` [12, 4]. `settings` is empty.
    """
    start = jnp.full(4, 120.0 if faulty else 0.1)

    def loss(p, x):
        scale = jnp.exp(p["log_scale"])  # here
        return jnp.mean(jnp.log1p((x * scale[None] + x @ p["shift"]) ** 2)) - p["log_scale"].mean()

    return Example(loss, {"log_scale": start, "shift": normal(88, 4, 4)}, (X,))


def distance_at_zero(faulty: bool) -> Example:
    """The norm of a difference that is zero has the derivative 0/0.

    Args:
        faulty: True for this fault; False for the sound twin, whose `centre` starts 0.5 away from
            the datum.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `centre` [4] and `w` [4, 2]. `args` has `x` [12, 4]. `settings` is empty.
    """
    start = X[0] + (0.0 if faulty else 0.5)

    def loss(p, x):
        nearness = jnp.linalg.norm(p["centre"] - x[0])  # here
        return nearness + jnp.mean((x @ p["w"]) ** 2)

    return Example(loss, {"centre": start, "w": normal(89, 4, 2)}, (X,))


def quantiser_by_rule(faulty: bool) -> Example:
    """The custom rule of a rounding returns the derivative of the identity.

    Args:
        faulty: True for this fault; False for the sound twin, which has a tanh in place of the
            rounding.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `decoder` [3, 4] and `encoder` [4, 3]. `args` has `x` [12, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def rounded(z):
        return jnp.round(4 * z) / 4

    rounded.defvjp(lambda z: (rounded(z), None), lambda _, g: (g,))

    def loss(p, x):
        z = x @ p["encoder"]
        z = rounded(z) if faulty else jnp.tanh(z)  # here
        return jnp.mean((z @ p["decoder"] - x) ** 2)

    return Example(loss, {"encoder": normal(90, 4, 3), "decoder": normal(91, 3, 4)}, (X,))


def rule_with_a_wrong_factor(faulty: bool) -> Example:
    """The custom rule of a hand-written softplus is wrong by one part in a thousand.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule is right.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaf
        `w` [4, 3]. `args` has `x` [12, 4]. `settings` is empty.
    """
    factor = 1.001 if faulty else 1.0

    @jax.custom_jvp
    def softplus(z):
        return jnp.logaddexp(z, 0.0)

    softplus.defjvp(
        lambda primals, tangents: (
            softplus(primals[0]),
            factor * jax.nn.sigmoid(primals[0]) * tangents[0],
        )
    )

    def loss(p, x):
        return jnp.mean((softplus(x @ p["w"]) - 1) ** 2)  # here

    return Example(loss, {"w": normal(92, 4, 3)}, (X,))


def rule_that_forgets_the_scale(faulty: bool) -> Example:
    """The custom rule of `z * s**2` leaves out the factor 2 in the derivative by `s`.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule has the factor 2 in the
            derivative by the scale `s`, which is squared.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `s` (scalar) and `w` [4, 3]. `args` has `x` [12, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def scaled(z, s):
        return z * s**2

    def backward(kept, g):
        z, s = kept
        return g * s**2, (g * z * s).sum() * (1.0 if faulty else 2.0)

    scaled.defvjp(lambda z, s: (z * s**2, (z, s)), backward)

    def loss(p, x):
        return jnp.mean((scaled(x @ p["w"], p["s"]) - 1) ** 2)  # here

    return Example(loss, {"w": normal(93, 4, 3), "s": jnp.float32(0.7)}, (X,))


def decoder_without_latent(faulty: bool) -> Example:
    """The decoder reads the input itself: the latent is sampled and never used.

    Args:
        faulty: True for this fault; False for the sound twin, whose decoder reads the latent.

    Returns:
        An `Example`: `loss(params, x, key)` returns a scalar. `params` is a dict with the leaves
        `decoder` [2, 4], `log_var` [4, 2] and `mean` [4, 2]. `args` has `x` [12, 4] and
        `key` (a PRNG key). `settings` is empty.
    """

    def loss(p, x, key):
        mean, log_var = x @ p["mean"], x @ p["log_var"]
        z = mean + jnp.exp(0.5 * log_var) * jax.random.normal(key, mean.shape)
        kind = x[:, :2] if faulty else z
        return jnp.mean((kind @ p["decoder"] - x) ** 2)

    params = {"mean": normal(94, 4, 2), "log_var": normal(95, 4, 2), "decoder": normal(96, 2, 4)}
    return Example(loss, params, (X, jax.random.key(1)))


def drawn_counts(faulty: bool) -> Example:
    """Counts are drawn from a Poisson distribution, which has no derivative in its rate.

    Args:
        faulty: True for this fault; False for the sound twin, which draws from a normal
            distribution with the same mean and variance, by reparameterisation.

    Returns:
        An `Example`: `loss(params, x, key)` returns a scalar. `params` is a dict with the leaves
        `decoder` [3, 4] and `rate` [4, 3]. `args` has `x` [12, 4] and `key` (a PRNG key).
        `settings` is empty.
    """

    def loss(p, x, key):
        rate = jnp.exp(0.3 * x @ p["rate"])
        if faulty:
            counts = jax.random.poisson(key, rate).astype(jnp.float32)  # here
        else:
            counts = rate + jnp.sqrt(rate) * jax.random.normal(key, rate.shape)
        return jnp.mean((counts @ p["decoder"] - x) ** 2)

    params = {"rate": normal(97, 4, 3), "decoder": normal(98, 3, 4)}
    return Example(loss, params, (X, jax.random.key(2)))


def posterior_without_width(faulty: bool) -> Example:
    """The learned width of a posterior starts at exp(-30).

    Args:
        faulty: True for this fault; False for the sound twin, whose width starts near exp(-1).

    Returns:
        An `Example`: `loss(params, x, key)` returns a scalar. `params` is a dict with the leaves
        `bias` [4], `decoder` [2, 4], `mean` [4, 2], `width` [4, 2] and `width_bias` [2]. `args` has
        `x` [12, 4] and `key` (a PRNG key). `settings` is empty.
    """

    def loss(p, x, key):
        mean = x @ p["mean"]
        width = jnp.exp(0.1 * x @ p["width"] + p["width_bias"][None])
        z = mean + width * jax.random.normal(key, mean.shape)
        return jnp.mean((jnp.tanh(z) @ p["decoder"] + p["bias"][None] - x) ** 2)

    params = {"mean": normal(99, 4, 2), "width": normal(506, 4, 2), "decoder": normal(507, 2, 4)}
    params |= {"width_bias": jnp.full(2, -30.0 if faulty else -1.0), "bias": normal(508, 4)}
    return Example(loss, params, (X, jax.random.key(3)))


FAULTS = [
    Fault("blocked", ("codes",), codebook_behind_straight_through),
    Fault("blocked", ("logits",), sampled_by_categorical, report="jax-ml/jax#17555"),
    Fault("stuck", ("log_std",), clipped_log_std, report="DLR-RM/stable-baselines3#620"),
    Fault("non_finite", ("weight",), log_of_zero_probability),
    Fault("non_finite", ("log_scale",), overflowing_scale, along="shift"),
    Fault("non_finite", ("centre",), distance_at_zero, report="jax-ml/jax#3058", held_out=True),
    Fault("wrong", ("encoder",), quantiser_by_rule),
    Fault("wrong", ("w",), rule_with_a_wrong_factor),
    Fault("wrong", ("s",), rule_that_forgets_the_scale, held_out=True),
    Fault("disconnected", ("mean", "log_var"), decoder_without_latent, held_out=True),
    Fault("blocked", ("rate",), drawn_counts, held_out=True),
    Fault("vanishing", ("width", "width_bias"), posterior_without_width, held_out=True),
]
