"""Faults in mixture densities and in training the best of several guesses."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X, Y = normal(230, 12, 3), normal(231, 12)


def _log_density(p, x, y):
    return -0.5 * (y[:, None] - x @ p["means"]) ** 2


def log_of_softmax(faulty: bool) -> Example:
    """Mixture weights underflow to zero before their logarithm is taken.

    Args:
        faulty: True for this fault; False for the sound twin, which computes `log_softmax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns a scalar. `params` is a dict with the leaves
        `logits` [3, 3] and `means` [3, 3]. `args` has `x` [12, 3] and `y` [12]. `settings` is
        empty.
    """

    def loss(p, x, y):
        logits = 60 * (x @ p["logits"])
        weight = jnp.log(jax.nn.softmax(logits)) if faulty else jax.nn.log_softmax(logits)  # here
        return -jnp.mean(jax.nn.logsumexp(weight + _log_density(p, x, y), -1))

    return Example(loss, {"logits": normal(232, 3, 3), "means": normal(233, 3, 3)}, (X, Y))


def single_component(faulty: bool) -> Example:
    """The weight of the only component is one for any logit.

    Args:
        faulty: True for this fault; False for the sound twin, with three components.

    Returns:
        An `Example`: `loss(params, x, y)` returns a scalar. `params` is a dict with the leaves
        `logits` [3, 1] and `means` [3, 1]; in the twin `logits` [3, 3] and `means` [3, 3]. `args`
        has `x` [12, 3] and `y` [12]. `settings` is empty.
    """
    count = 1 if faulty else 3

    def loss(p, x, y):
        weight = jax.nn.log_softmax(x @ p["logits"])
        return -jnp.mean(jax.nn.logsumexp(weight + _log_density(p, x, y), -1))

    return Example(loss, {"logits": normal(234, 3, count), "means": normal(235, 3, count)}, (X, Y))


def guess_that_never_wins(faulty: bool) -> Example:
    """Only the best guess for each datum is trained, and one guess starts too far away.

    Args:
        faulty: True for this fault; False for the sound twin, in which this guess starts at 0
            instead of 60.

    Returns:
        An `Example`: `loss(params, y)` returns a scalar. `params` is a dict with the leaf
        `guesses` [3, 2]. `args` has `y` [20, 2]. `settings` is empty.
    """
    start = normal(236, 3, 2).at[2].set(60.0 if faulty else 0.0)

    def loss(p, y):
        errors = ((y[:, None] - p["guesses"][None]) ** 2).sum(-1)
        return jnp.mean(errors.min(-1))

    return Example(loss, {"guesses": start}, (normal(237, 20, 2),))


def component_out_of_reach(faulty: bool) -> Example:
    """One component lies ten standard deviations away from all data.

    Args:
        faulty: True for this fault; False for the sound twin, in which the component `far` starts
            at 0.5 instead of 8 in both coordinates.

    Returns:
        An `Example`: `loss(params, y)` returns a scalar. `params` is a dict with the leaves
        `far` [2] and `near` [2]. `args` has `y` [12, 2]. `settings` is empty.
    """

    def loss(p, y):
        both = jnp.stack([p["near"], p["far"]])
        return -jnp.mean(jax.nn.logsumexp(-0.5 * ((y[:, None] - both[None]) ** 2).sum(-1), -1))

    params = {"near": normal(238, 2), "far": jnp.full(2, 8.0 if faulty else 0.5)}
    return Example(loss, params, (0.3 * normal(239, 12, 2),))


def group_without_tokens(faulty: bool) -> Example:
    """Tokens are sorted by expert with the size of each group, and one group is empty.

    Args:
        faulty: True for this fault; False for the sound twin, in which no group is empty.

    Returns:
        An `Example`: `loss(params, x, sizes)` returns a scalar. `params` is a dict with the leaves
        `experts` [3, 3, 4] and `out` [4, 2]. `args` has `x` [12, 3] and `sizes` [3] int32.
        `settings` is empty.
    """
    sizes = jnp.array([7, 5, 0] if faulty else [5, 4, 3])

    def loss(p, x, sizes):
        made = jax.lax.ragged_dot(x, p["experts"], sizes)
        return jnp.mean((jnp.tanh(made) @ p["out"] - 1) ** 2)

    params = {"experts": normal(509, 3, 3, 4), "out": normal(510, 4, 2)}
    return Example(loss, params, (X, sizes))


FAULTS = [
    Fault(
        "non_finite",
        ("logits",),
        log_of_softmax,
        along="means",
        report="tonyduan/mixture-density-network#4",
    ),
    Fault("invariant", ("logits",), single_component),
    Fault("stuck", ("guesses",), guess_that_never_wins, axis=(0, (2,)), held_out=True),
    Fault("vanishing", ("far",), component_out_of_reach),
    Fault("unvisited", ("experts",), group_without_tokens, axis=(0, (2,)), held_out=True),
]
