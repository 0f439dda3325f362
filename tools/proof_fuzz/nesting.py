"""The transformations of random programs: each runs inner programs on two vectors.

A nesting is called as `nesting(inner, variant, a, b)`: `inner` has two functions, each of two
vectors to two vectors; `variant` chooses among the nesting's variants.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Inner = Sequence[Callable[..., tuple[Any, ...]]]
Pair = tuple[Any, Any]


def _call(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    return jax.jit(inner[0])(a, b)


def _call_twice(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls one jitted function in two contexts, one of them without a tangent."""
    shared = jax.jit(inner[0])
    one, two = shared(a, lax.stop_gradient(b))
    three, four = shared(one, two) if variant % 2 else shared(b, a)
    return one + three, two * four


def _remat(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    return jax.checkpoint(inner[0])(a, b)


def _vmap(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    axes = ((0, None), (None, 0), (0, 0))[variant % 3]
    stacked = [jnp.stack([x, 2 * x]) if axis == 0 else x for x, axis in zip((a, b), axes)]
    one, two = jax.vmap(inner[0], in_axes=axes)(*stacked)
    return one.sum(0), two[1]


def _cond(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    chooses = (b if variant % 2 else a)[0] > 0
    return lax.cond(chooses, inner[0], inner[1], a, b)


def _switch(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    which = jnp.clip(jnp.abs(a[1]).astype(jnp.int32), 0, 2)
    return lax.switch(which, [*inner, lambda a, b: (b, lax.stop_gradient(a))], a, b)


def _scan(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Scans with the carry kept, swapped, replaced or started from a constant."""

    def step(carry: Pair, x: Any) -> tuple[Pair, Any]:
        one, two = inner[0](carry[0], carry[1] + 0.1 * x)
        new = ((one, two), (two, one), (carry[1], one), (one, carry[1]))[variant % 4]
        return (jnp.tanh(new[0]), jnp.tanh(new[1])), one

    first = (a, b) if variant < 6 else (a, jnp.zeros_like(b))
    xs = jnp.stack([b, a, b])
    last, stacked = lax.scan(step, first, xs, reverse=variant % 3 == 0)
    return (last[0], stacked[1]) if variant % 2 else last


def _while(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Loops for a traced number of steps, so that there is no reverse derivative."""
    limit = 1 + jnp.clip(jnp.abs(b[0]).astype(jnp.int32), 0, 2)

    def step(state: tuple[Any, Pair]) -> tuple[Any, Pair]:
        one, two = inner[0](*state[1])
        return state[0] + 1, (jnp.tanh(one), jnp.tanh(two) if variant % 2 else state[1][1])

    return lax.while_loop(lambda state: state[0] < limit, step, (0, (a, b)))[1]


def _stopped_while(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    one, two = _while(inner, variant, lax.stop_gradient(a), lax.stop_gradient(b))
    return one + a, two * b


def _batched_while(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Loops under `vmap`, each member for a number of steps of its own."""

    def loop(x: Any) -> Any:
        step = lambda s: inner[0](s, b)[0] * 0.5 + 1  # noqa: E731
        counted = lambda s: (s[0] + 1, step(s[1]))  # noqa: E731
        return lax.while_loop(lambda s: s[0] < jnp.abs(x[0]) + 1, counted, (0.0, x))[1]

    found = jax.vmap(loop)(lax.stop_gradient(jnp.stack([a, 3 * a])))
    return found.sum(0) + a, b


def _fori(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    return lax.fori_loop(
        0, 1 + variant % 3, lambda i, s: tuple(map(jnp.tanh, inner[0](*s))), (a, b)
    )


def _map(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    found = lax.map(lambda x: inner[0](x, b), jnp.stack([a, b]))
    return found[0].sum(0), found[1][variant % 2]


def _slopes(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Takes an inner gradient, forward or reverse."""
    total = lambda x, y: sum(part.sum() for part in inner[0](x, y))  # noqa: E731
    if variant % 2:
        return jax.jvp(lambda x: inner[0](x, b)[0], (a,), (b,))
    return jax.grad(total)(a, b), a


def _custom_jvp(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls a custom rule of forward mode, whose answer depends on the variant."""
    function = jax.custom_jvp(inner[0])

    def rule(primals: Any, tangents: Any) -> Any:
        values = inner[0](*primals)
        t, u = tangents
        slopes = (
            jax.jvp(inner[0], primals, tangents)[1],
            (t, jnp.zeros_like(u)),
            (jnp.zeros_like(t), t + u),
            (u * primals[0], t * 0.0),
        )[variant % 4]
        return values, slopes

    function.defjvp(rule)
    return function(a, b)


def _custom_jvp_by_operand(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls a rule that is given operand by operand, without one for some."""
    function = jax.custom_jvp(inner[0])
    one = lambda t, out, x, y: (t * y, t)  # noqa: E731
    rules = ((one, None), (None, one), (one, one))[variant % 3]
    function.defjvps(*rules)
    return function(a, b)


def _symbolic_jvp(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls a rule of forward mode that treats operands without a tangent apart."""
    function = jax.custom_jvp(inner[0])

    def rule(primals: Any, tangents: Any) -> Any:
        moved = [not isinstance(t, jax.custom_derivatives.SymbolicZero) for t in tangents]
        known = [t if m else jnp.zeros_like(p) for p, t, m in zip(primals, tangents, moved)]
        slope = known[0] if all(moved) else known[1] + (known[0] if variant % 2 else 0.0)
        return inner[0](*primals), (slope, known[0] * primals[1])

    function.defjvp(rule, symbolic_zeros=True)
    return function(a, b)


def _custom_vjp(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls a custom rule of reverse mode, whose answer depends on the variant."""
    function = jax.custom_vjp(inner[0])

    def forward(x: Any, y: Any) -> Any:
        return inner[0](x, y), (x, y)

    def backward(saved: Pair, cotangents: Pair) -> Any:
        x, y = saved
        g, h = cotangents
        kind = variant % 6
        if kind == 0:
            return jax.vjp(inner[0], x, y)[1](cotangents)
        return (
            (None, g),
            (g * y, None),
            (jnp.zeros_like(x), h),
            (h * x, jnp.ones_like(y)),
            inner[1](g, h),
        )[kind - 1]

    function.defvjp(forward, backward)
    return function(a, b)


def _symbolic_vjp(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls a rule of reverse mode that keeps what the operands with a tangent need."""
    function = jax.custom_vjp(inner[0])

    def forward(x: Any, y: Any) -> Any:
        saved = ({"y": y.value} if x.perturbed else {}) | ({"x": x.value} if y.perturbed else {})
        return inner[0](x.value, y.value), saved

    def backward(saved: dict[str, Any], cotangents: Pair) -> Any:
        known = [
            jnp.zeros((3,), a.dtype) if isinstance(g, jax.custom_derivatives.SymbolicZero) else g
            for g in cotangents
        ]
        g, h = known
        for_x = g * saved["y"] if "y" in saved else None
        return for_x, (h + g if variant % 2 else h) if "x" in saved else None

    function.defvjp(forward, backward, symbolic_zeros=True)
    return function(a, b)


def _refusing_vjp(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Calls a rule that raises where an operand has a tangent that it does not expect."""
    function = jax.custom_vjp(inner[0])

    def forward(x: Any, y: Any) -> Any:
        if y.perturbed:
            raise RuntimeError("the second operand has no derivative")
        return inner[0](x.value, y.value), y.value

    function.defvjp(forward, lambda y, g: (g[0] * y, None), symbolic_zeros=True)
    return function(a, b if variant == 0 else lax.stop_gradient(b))


def _custom_gradient(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    @jax.custom_gradient
    def function(x: Any, y: Any) -> Any:
        return inner[0](x, y), lambda g: (g[0] * y, g[1] if variant % 2 else jnp.zeros_like(y))

    return function(a, b)


def _root(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    """Solves for a root whose equation reads one operand with, one without a derivative."""
    target = inner[0](a, b)[0]
    equation = lambda y: y - jnp.tanh(target) if variant % 2 else y - lax.stop_gradient(target)  # noqa: E731
    root = lax.custom_root(
        equation, a, lambda f, y: y - f(y), lambda g, y: y / g(jnp.ones(3, y.dtype))
    )
    return root, b


def _linear_solve(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    scale = 2 + jnp.tanh(inner[0](a, b)[variant % 2])
    solve = lambda _, right: right / scale  # noqa: E731
    found = lax.custom_linear_solve(lambda v: scale * v, b, solve, symmetric=True)
    return found, a


def _shard_map(inner: Inner, variant: int, a: Any, b: Any) -> Pair:
    mesh = jax.make_mesh((1,), ("x",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec()
    run = jax.shard_map(inner[0], mesh=mesh, in_specs=(spec, spec), out_specs=(spec, spec))
    return run(a, b)


NESTINGS: dict[str, Callable[..., Pair]] = {
    "batched while": _batched_while,
    "call": _call,
    "call twice": _call_twice,
    "cond": _cond,
    "custom gradient": _custom_gradient,
    "custom jvp": _custom_jvp,
    "custom jvp by operand": _custom_jvp_by_operand,
    "custom vjp": _custom_vjp,
    "fori": _fori,
    "linear solve": _linear_solve,
    "map": _map,
    "refusing vjp": _refusing_vjp,
    "remat": _remat,
    "root": _root,
    "scan": _scan,
    "shard map": _shard_map,
    "slopes": _slopes,
    "stopped while": _stopped_while,
    "switch": _switch,
    "symbolic jvp": _symbolic_jvp,
    "symbolic vjp": _symbolic_vjp,
    "vmap": _vmap,
    "while": _while,
}
