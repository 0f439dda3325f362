"""Faults in scanned recurrences and implicit layers."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

STEPS = normal(40, 5, 4)


def _recurrence(p, xs):
    def step(h, x):
        h = jnp.tanh(h @ p["u"] + x @ p["w"])
        return h, h

    return lax.scan(step, p["start"], xs)


def _params():
    return {"u": 0.5 * normal(41, 3, 3), "w": normal(42, 4, 3), "start": normal(43, 3)}


def carry_thrown_away(faulty: bool) -> Example:
    """States are computed step by step, and the loss reads the inputs alone.

    Args:
        faulty: True for this fault; False for the sound twin, whose loss also reads the last state.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `out` [4, 2], `start` [3], `u` [3, 3] and `w` [4, 3]. `args` has `xs` [5, 4]. `settings` is
        empty.
    """

    def loss(p, xs):
        last, _ = _recurrence(p, xs)
        return jnp.mean((xs @ p["out"]) ** 2) + (0.0 if faulty else last.sum() ** 2)

    return Example(loss, _params() | {"out": normal(44, 4, 2)}, (STEPS,))


def truncated_every_step(faulty: bool) -> Example:
    """The carry is stopped at each step, so the start state gets no gradient.

    Args:
        faulty: True for this fault; False for the sound twin, without the `stop_gradient`.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `start` [3], `u` [3, 3] and `w` [4, 3]. `args` has `xs` [5, 4]. `settings` is empty.
    """

    def loss(p, xs):
        def step(h, x):
            h = lax.stop_gradient(h) if faulty else h  # here
            h = jnp.tanh(h @ p["u"] + x @ p["w"])
            return h, h

        return jnp.mean(lax.scan(step, p["start"], xs)[1] ** 2)

    return Example(loss, _params(), (STEPS,))


def loop_until(faulty: bool) -> Example:
    """A fixed point is found by a `while` loop with an unknown number of steps.

    Args:
        faulty: True for this fault; False for the sound twin, which runs ten steps of `fori_loop`.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `b` [3], `h0` [3] and `w` [4, 3]. `args` has `xs` [5, 4]. `settings` is empty.
    """

    def loss(p, xs):
        def turn(h):
            return 0.5 * jnp.tanh(h + p["b"])

        if faulty:
            h = lax.while_loop(lambda h: jnp.abs(turn(h) - h).max() > 1e-3, turn, p["h0"])  # here
        else:
            h = lax.fori_loop(0, 10, lambda _, h: turn(h), p["h0"])
        return jnp.mean((xs @ p["w"] + h[None]) ** 2)

    return Example(loss, {"w": normal(45, 4, 3), "b": normal(46, 3), "h0": normal(47, 3)}, (STEPS,))


def square_root_of_a_difference(faulty: bool) -> Example:
    """The argument of a square root becomes negative at the fourth step.

    Args:
        faulty: True for this fault; False for the sound twin, in which the argument stays positive.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `a` (scalar) and `w` [4, 2]. `args` has `xs` [5, 4]. `settings` is empty.
    """
    times = jnp.arange(5.0)

    def loss(p, xs):
        def step(h, t):
            room = 2.5 - t if faulty else 6.0 - t
            return h + jnp.sqrt(room * p["a"]), None  # here

        return lax.scan(jax.checkpoint(step), 0.0, times)[0] + jnp.mean((xs @ p["w"]) ** 2)

    return Example(loss, {"a": 1.0, "w": normal(48, 4, 2)}, (STEPS,))


def rule_of_the_fixed_point(faulty: bool) -> Example:
    """The custom derivative rule of an implicit layer leaves out the inner derivative.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule divides by one minus the
            inner derivative.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaf
        `w` [4, 2]. `args` has `xs` [5, 4]. `settings` is empty.
    """

    def solve(b):
        return lax.fori_loop(0, 60, lambda _, h: 0.5 * jnp.tanh(h) + b, jnp.zeros_like(b))

    fixed = jax.custom_vjp(solve)

    def backward(h, g):
        slope = 0.5 * (1 - jnp.tanh(h) ** 2)
        return (g if faulty else g / (1 - slope),)

    def forward(b):
        h = solve(b)
        return h, h

    fixed.defvjp(forward, backward)

    def loss(p, xs):
        return jnp.mean(fixed(xs @ p["w"]) ** 2)  # here

    return Example(loss, {"w": normal(49, 4, 2)}, (STEPS,))


def window_never_open(faulty: bool) -> Example:
    """A gate opens above a threshold that no step of this batch reaches.

    Args:
        faulty: True for this fault; False for the sound twin, whose threshold is 0 instead of 1e6.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `event` [4] and `w` [4, 2]. `args` has `xs` [5, 4]. `settings` is empty.
    """

    def loss(p, xs):
        limit = 1e6 if faulty else 0.0
        extra = jnp.where(xs.sum(-1) > limit, xs @ p["event"], 0.0)
        return jnp.mean((xs @ p["w"]).sum(-1) ** 2 + extra**2)

    return Example(loss, {"w": normal(50, 4, 2), "event": normal(51, 4)}, (STEPS,))


def forget_gate_closed(faulty: bool) -> Example:
    """A memory keeps one part in a hundred thousand of itself at each step.

    Args:
        faulty: True for this fault; False for the sound twin, whose gate starts at sigmoid(1)
            instead of sigmoid(-12).

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `forget` [3], `out` [3, 2], `start` [3] and `w` [4, 3]. `args` has `xs` [5, 4]. `settings`
        is empty.
    """
    start = jnp.full(3, -12.0 if faulty else 1.0)

    def loss(p, xs):
        keep = jax.nn.sigmoid(p["forget"])

        def step(h, x):
            return keep * h + (1 - keep) * jnp.tanh(x @ p["w"]), None

        return jnp.mean((lax.scan(step, p["start"], xs)[0] @ p["out"] - 1) ** 2)

    params = _params() | {"forget": start, "out": normal(52, 3, 2)}
    del params["u"]
    return Example(loss, params, (STEPS,))


FAULTS = [
    Fault("disconnected", ("u", "w", "start"), carry_thrown_away),
    Fault("blocked", ("start",), truncated_every_step),
    Fault("blocked", ("b", "h0"), loop_until),
    Fault("non_finite", ("a",), square_root_of_a_difference),
    Fault("wrong", ("w",), rule_of_the_fixed_point),
    Fault("unvisited", ("event",), window_never_open, held_out=True),
    Fault("vanishing", ("start",), forget_gate_closed, held_out=True),
]
