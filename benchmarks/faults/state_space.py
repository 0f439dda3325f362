"""Faults in state-space models: filters, linear recurrences, lattices."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

SERIES = normal(430, 8).cumsum()
STEPS = normal(431, 6, 4)


def common_scale_of_the_noises(faulty: bool) -> Example:
    """A Kalman gain depends on the ratio of its noises alone, not on their common scale.

    Args:
        faulty: True for this fault; False for the sound twin, whose cost is a likelihood, which
            depends on the scale; with the fault the cost is the squared error.

    Returns:
        An `Example`: `loss(params, series)` returns a scalar. `params` is a dict with the leaves
        `decay` (scalar), `log_ratio` (scalar) and `log_size` (scalar). `args` has `series` [8].
        `settings` is empty.
    """

    def loss(p, series):
        size, ratio = jnp.exp(p["log_size"]), jnp.exp(p["log_ratio"])

        def step(state, seen):
            mean, variance = state
            mean, variance = p["decay"] * mean, p["decay"] ** 2 * variance + size
            spread, error = variance + size * ratio, seen - mean
            gain = variance / spread
            cost = error**2 if faulty else error**2 / spread + jnp.log(spread)
            return (mean + gain * error, (1 - gain) * variance), cost

        return lax.scan(step, (jnp.zeros_like(size), size), series)[1].mean()

    params = {name: jnp.float32(v) for name, v in (("log_size", 0.3), ("log_ratio", -0.4))}
    return Example(loss, params | {"decay": jnp.float32(0.8)}, (SERIES,))


def operator_without_its_left(faulty: bool) -> Example:
    """The operator of an associative scan ignores the state from the left.

    Args:
        faulty: True for this fault; False for the sound twin, whose operator adds the decayed state
            from the left.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `decay` [3], `out` [3, 2] and `w` [4, 3]. `args` has `xs` [6, 4]. `settings` is empty.
    """

    def joined(left, right):
        (decay, state), (further, new) = left, right
        return decay * further, new if faulty else further * state + new

    def loss(p, xs):
        inputs = xs @ p["w"]
        decays = jnp.broadcast_to(jax.nn.sigmoid(p["decay"]), inputs.shape)
        _, states = lax.associative_scan(joined, (decays, inputs))
        return jnp.mean((jnp.tanh(states) @ p["out"] - 1) ** 2)

    params = {"w": normal(432, 4, 3), "decay": normal(433, 3), "out": normal(434, 3, 2)}
    return Example(loss, params, (STEPS,))


def sum_of_impossible_paths(faulty: bool) -> Example:
    """A lattice of alignments adds the log-probabilities of two impossible paths.

    Args:
        faulty: True for this fault; False for the sound twin, which uses `logaddexp` and -1e30 in
            place of minus infinity.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `b` [3] and `w` [4, 3]. `args` has `xs` [6, 4]. `settings` is empty.
    """
    labels, impossible = jnp.array([0, 2, 1, 0]), -jnp.inf if faulty else -1e30

    def together(a, b):
        return jnp.log(jnp.exp(a) + jnp.exp(b)) if faulty else jnp.logaddexp(a, b)  # here

    def loss(p, xs):
        emitted = jax.nn.log_softmax(xs @ p["w"] + p["b"][None])[:, labels]

        def step(paths, now):
            moved = jnp.concatenate([jnp.full(1, impossible), paths[:-1]])
            return together(paths, moved) + now, None

        start = jnp.full(4, impossible).at[0].set(0.0)
        return -lax.scan(step, start, emitted)[0][-1]

    return Example(loss, {"w": normal(435, 4, 3), "b": 0.1 * normal(436, 3)}, (STEPS,))


FAULTS = [
    Fault("invariant", ("log_size",), common_scale_of_the_noises, held_out=True),
    Fault("disconnected", ("decay",), operator_without_its_left, held_out=True),
    Fault("non_finite", ("w", "b"), sum_of_impossible_paths, held_out=True),
]
