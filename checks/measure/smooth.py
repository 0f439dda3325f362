"""Climbs to inputs at which slices without a gradient get one.

At a kink (`max`, `min`, `clip`, a ReLU, `where` of a comparison) the derivative of a program is
zero on one side. Here it changes smoothly from side to side, while the values stay: so the gradient
of a dead unit is small in place of zero, and grows along the inputs that bring the unit closer to
its kink. The module depends on `checks/program`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from checks.program import jaxprs
from checks.program.runner import QUICK, Runner
from checks.program.shadow import Widener
from checks.program.sites import Site

# Steps of one climb, and how far each moves a sample, in units of the scale of the inputs.
STEPS = 32
_STEP = 0.35
# How far a sample moves at most, in the same units: normal numbers go further in one direction
# once in 30 million draws.
RADIUS = 5.5
# Width of a smoothed kink over the typical distance from it.
_WIDTH = 0.3
_COMPARISONS = {"gt": 1.0, "ge": 1.0, "lt": -1.0, "le": -1.0}
# A rule of JAX with one of these has a kink; its function is differentiated in its place.
_KINKS = frozenset({"max", "min"})

# The leaves, the arguments, the weight of each slice -> the arguments after each step.
Climb = Callable[..., Any]
# For each leaf with a pending slice, the axes over which each view is summed.
Views = Sequence[tuple[int, Sequence[tuple[int, ...]]]]


def make_climb(
    runner: Runner,
    views: Views,
    scales: Sequence[Any],
    batch: int | None,
    is_signed: Sequence[bool],
) -> Climb:
    """Compiles the climb.

    Args:
        runner: the compiled program.
        views: for each leaf with a slice of interest its index, and for each of its views the axes
            of the leaf that are not the view's.
        scales: for each float argument of the loss how far a step of size one moves its elements,
            in a shape that broadcasts to the argument's; zero for one that stays.
        batch: the length of the leading axis of every argument, if that counts samples; else None.
        is_signed: for each float argument, whether its elements may be negative.

    Returns:
        A function of the leaves, the float arguments, the other arguments and the weights (for each
        leaf and view an array [slices]), all in float64; it returns each float argument after each
        step, with the step as the leading axis.
    """
    program, smooth = runner.program, _Smooth()

    def aim(learning: list[Any], leaves: list[Any], fixed: list[Any], weights: Any) -> Any:
        def loss(moved: list[Any]) -> Any:
            given = list(leaves)
            for (leaf, _), x in zip(views, moved):
                given[leaf] = x
            smooth.margins.clear()
            inputs = [*given, *program.params.fixed, *learning, *fixed]
            return smooth.run(program.jaxpr, inputs)[0][0]

        slopes = jax.grad(loss)([leaves[leaf] for leaf, _ in views])
        total = jnp.zeros(())
        for (_, axes), slope, by_view in zip(views, slopes, weights):
            for rest, weight in zip(axes, by_view):
                size = jnp.sum(slope**2, axis=rest).reshape(weight.shape)
                logarithm = jnp.log(jnp.where(size > 0, size, 1.0))
                total += jnp.sum(weight * logarithm)
        return total

    def climb(leaves: list[Any], learning: list[Any], fixed: list[Any], weights: Any) -> Any:
        def step(shift: list[Any], _: Any) -> Any:
            at = list(map(_shift, learning, shift, scales, is_signed))
            slopes = jax.grad(aim)(at, leaves, fixed, weights)
            ascent = [jnp.nan_to_num(s * scale) for s, scale in zip(slopes, scales)]
            length = _measure(ascent, batch)
            moved = [
                x + _STEP * a / _fit(jnp.where(length > 0, length, 1.0), a)
                for x, a in zip(shift, ascent)
            ]
            excess = jnp.maximum(_measure(moved, batch) / RADIUS, 1.0)
            moved = [x / _fit(excess, x) for x in moved]
            return moved, list(map(_shift, learning, moved, scales, is_signed))

        start = [jnp.zeros_like(x) for x in learning]
        return lax.scan(step, start, None, length=STEPS)[1]

    return jax.jit(climb, compiler_options=QUICK)


def _shift(value: Any, shift: Any, scale: Any, is_signed: bool) -> Any:
    moved = value + scale * shift
    return moved if is_signed else jnp.where(scale > 0, jnp.maximum(moved, 0.0), moved)


def _measure(arrays: list[Any], batch: int | None) -> Any:
    """Returns the length of a shift of all arguments: one for each sample, or one for all."""
    rows = (1,) if batch is None else (batch,)
    squares = [jnp.sum(jnp.abs(x).reshape(*rows, -1) ** 2, axis=1) for x in arrays]
    return jnp.sqrt(sum(squares))


def _fit(lengths: Any, array: Any) -> Any:
    return lengths.reshape(-1, *[1] * (array.ndim - 1)) if array.ndim else lengths.reshape(())


class _Smooth(Widener):
    """Runs the float64 program with smooth derivatives at its kinks.

    Attributes:
        margins: `id` of the result of a comparison -> the result, and by how much it is true.
    """

    def __init__(self) -> None:
        super().__init__()
        self.margins: dict[int, tuple[Any, Any]] = {}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes an equation; a kink has a smooth derivative."""
        equation, name = site.equation, site.equation.primitive.name
        if name == "custom_jvp_call":
            body = jaxprs.get_custom_body(equation)
            if _KINKS & jaxprs.collect_primitives(body) and len(equation.outvars) == 1:
                return self.run(body, operands)[0]
        if name in ("max", "min") and _is_real(operands[0]):
            one, two = operands
            margin = one - two if name == "max" else two - one
            return [_choose(super().compute(site, operands, feed)[0], margin, one, two)]
        if name == "clamp" and _is_real(operands[1]):
            low, x, high = operands
            inner = _choose(jnp.maximum(x, low), x - low, x, low)
            return [_choose(jnp.minimum(inner, high), high - inner, inner, high)]
        results = super().compute(site, operands, feed)
        if name in _COMPARISONS and _is_real(operands[0]):
            margin = _COMPARISONS[name] * (operands[0] - operands[1])
            self.margins[id(results[0])] = (results[0], margin)
        if name in ("not", "broadcast_in_dim", "reshape") and id(operands[0]) in self.margins:
            old = self.margins[id(operands[0])][1]
            new = -old if name == "not" else super().compute(site, [old], feed)[0]
            self.margins[id(results[0])] = (results[0], new)
        if name == "select_n" and id(operands[0]) in self.margins and len(operands) == 3:
            margin = self.margins[id(operands[0])][1]
            if _is_real(operands[1]) and margin.shape == operands[1].shape:
                return [_choose(results[0], margin, operands[2], operands[1])]
        return results


def _is_real(array: Any) -> bool:
    return jnp.issubdtype(array.dtype, jnp.floating)


@jax.custom_jvp
def _choose(value: Any, margin: Any, high: Any, low: Any) -> Any:
    """Returns the value; its derivative is that of `high` far above the kink, of `low` below."""
    del margin, high, low
    return value


@_choose.defjvp
def _choose_smoothly(primals: Any, tangents: Any) -> Any:
    value, margin, *_ = primals
    _, _, to_high, to_low = tangents
    typical = jnp.sqrt(jnp.mean(lax.stop_gradient(margin) ** 2))
    share = jax.nn.sigmoid(margin / jnp.where(typical > 0, _WIDTH * typical, 1.0))
    slope = share * to_high + (1 - share) * to_low
    return value, jnp.broadcast_to(slope, value.shape)
