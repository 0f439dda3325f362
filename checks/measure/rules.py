"""Compares custom rules with finite differences of their functions, where they are used.

A gradient can be wrong only through a custom rule. Each call of one is compared in float64, with
the operands and cotangents that it has in the program. A `stop_gradient` outside a rule does not
enter the comparison; one inside the rule's function is ignored, since differences see only values.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.points import Point
from checks.program import jaxprs
from checks.program.bits import unite
from checks.program.places import describe_derivative, describe_rule, find_place, is_jax_rule
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Site, SitePath
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence

# Largest relative error of a directional derivative by finite differences in float64.
TOLERANCE = 2e-4
# A difference below this share of the function's size is rounding.
_ROUNDING = 1e-9
# The same where the function computes in float32 what the checks cannot widen: its rounding, 6e-8,
# over the wider of the half-widths, times the factor 3 and more of Richardson's extrapolation.
NARROW_ROUNDING = 1e-3
# Half-widths of the differences, in units of the operand's root mean square.
_WIDTHS = (1e-3, 1e-5)

# Equations that pass no derivative although their results change smoothly.
_NOT_STEPS = frozenset({"stop_gradient", "while"}) | jaxprs.CALLBACKS


class RuleError(NamedTuple):
    """The error of a custom rule at one call, for one operand.

    Attributes:
        seen: the call in its context.
        operand: position of the operand.
        error: relative error of the rule's directional derivative. Where the function is constant,
            it is 1 for a rule with a derivative and 0 for one without.
        is_zero: whether the rule returns exactly zero, so that it passes no gradient.
        is_flat: whether the function is constant in this operand, or a step function of it.
        counts: True if the error is larger than the differences are uncertain; False if the rule
            may be right.
    """

    seen: Seen
    operand: int
    error: float
    is_zero: bool
    is_flat: bool
    counts: bool

    @property
    def leaves(self) -> int:
        """Bit set (bit i stands for input i) of the inputs whose tangent enters this operand."""
        return self.seen.operands.tangent[self.operand]

    @property
    def rule(self) -> str:
        """Name and place of the function that the rule belongs to, as `f (path:line)`."""
        return describe_rule(self.seen.site.equation)

    @property
    def derivative(self) -> str:
        """The function that computes the derivative, with its place; empty if not known."""
        return describe_derivative(self.seen.site.equation)

    @property
    def place(self) -> str:
        """The place of the call: `path:line primitive of f (path:line) in module/path`."""
        return find_place(self.seen.site.equation, self.seen.site.enclosing)


def find_rule_calls(dependence: Dependence, jaxpr: Any, leaf_count: int) -> list[Seen]:
    """Finds the calls of users' custom derivative rules between the leaves and the loss.

    Rules of JAX's own functions are left out. Calls inside a `while` or a `shard_map` are left out,
    since they cannot be compared.

    Args:
        dependence: what depends on what in the program, by value and by tangent.
        jaxpr: the program.
        leaf_count: number of leaves, which are its first inputs.
    """
    everyone = (1 << leaf_count) - 1
    return [
        seen
        for seen in walk(dependence, jaxpr, everyone)
        if seen.site.equation.primitive.name in jaxprs.CUSTOM_RULES
        and not is_jax_rule(seen.site.equation)
        and seen.arriving
        and any(seen.live)
        and seen.repeats is not None
        and not any(e.primitive.name == "shard_map" for e in seen.site.enclosing)
    ]


def compare_rules(
    runner: Runner, calls: Sequence[Seen], points: Sequence[Point]
) -> list[RuleError]:
    """Compares calls of custom rules with finite differences of their functions, in float64.

    Args:
        runner: the compiled program.
        calls: the calls, from `find_rule_calls`.
        points: parameters and data to compare at.

    Returns:
        The error of each call and operand at each point, whether it counts or not.
    """
    comparer, program = (
        _RuleComparer({seen.site.path: find_moved(seen) for seen in calls}),
        runner.program,
    )
    slope = jax.grad(lambda t, given: comparer.run(program.jaxpr, given, t)[0][0])
    ask = jax.jit(slope, compiler_options=QUICK)
    found = []
    with jax.enable_x64(True):
        tokens: Feeds = {
            seen.site.path: jnp.zeros((*(seen.repeats or ()), len(seen.operands.value), 4))
            for seen in calls
        }
        for point in points:
            inputs = program.list_inputs([*map(widen_array, point.leaves)], widen_args(point.args))
            found += _read_answers(calls, jax.tree.map(np.asarray, ask(tokens, inputs)))
    return found


def _read_answers(calls: Sequence[Seen], answers: Feeds) -> list[RuleError]:
    found = []
    for seen in calls:
        rounding = NARROW_ROUNDING if is_narrow(seen) else _ROUNDING
        steps = _find_step_operands(seen)
        sums = answers[seen.site.path].reshape(-1, len(seen.operands.value), 4).sum(0)
        for operand, (error, true, given, floor) in enumerate(np.sqrt(sums)):
            counts = error > max(TOLERANCE * true, rounding * floor, TOLERANCE * given)
            relative = float(error / true) if true else float(counts)
            is_flat = bool(true == 0) or operand in steps
            found.append(
                RuleError(seen, operand, relative, bool(given == 0), is_flat, bool(counts))
            )
    return found


def _find_step_operands(seen: Seen) -> frozenset[int]:
    """Returns the operands of which a rule's function is a step function, such as `round`."""
    body = jaxprs.get_custom_body(seen.site.equation)
    if _NOT_STEPS & jaxprs.collect_primitives(body):
        return frozenset()
    rows = Dependence(ask_rules=False).get_jaxpr_rows(body).tangent
    return frozenset(i for i in range(len(seen.operands.value)) if not unite(rows) >> i & 1)


def is_narrow(seen: Seen) -> bool:
    """Returns whether a rule's function has equations that keep their own precision.

    Args:
        seen: a call of a custom rule in its context.
    """
    queue = [jaxprs.get_custom_body(seen.site.equation)]
    while queue:
        for equation in jaxprs.open_jaxpr(queue.pop()).eqns:
            if jaxprs.is_opaque(equation) or equation.primitive.name in jaxprs.CALLBACKS:
                return True
            queue += jaxprs.find_sub_jaxprs(equation)
    return False


def find_moved(seen: Seen) -> list[int]:
    """Returns the operands that a leaf's tangent enters; a rule may raise for all others.

    Args:
        seen: a call of a custom rule in its context.
    """
    return [i for i, bits in enumerate(seen.operands.tangent) if bits]


class _RuleComparer(Widener):
    """Runs the float64 program, and compares chosen calls in its backward pass.

    Each call has a further operand, a token of zeros. The "gradient" of the token is, for each
    operand, the squares of the error, the finite difference, the rule's derivative and the size of
    rounding. Inside a scan each step has a token.
    """

    def __init__(self, moved: Mapping[SitePath, Sequence[int]]) -> None:
        super().__init__()
        self._moved = moved

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes an equation; the results of a chosen call are unchanged."""
        if site.path not in self._moved or feed is None:
            return super().compute(site, operands, feed)

        def call(*given: Any) -> list[Any]:
            return Widener.compute(self, site, list(given), None)

        @jax.custom_vjp
        def checked(token: Any, *given: Any) -> Any:
            del token
            return call(*given)

        def forward(token: Any, *given: Any) -> Any:
            del token
            return call(*given), given

        def backward(given: Any, cotangents: Any) -> Any:
            return _compare(site.equation, self._moved[site.path], call, given, cotangents)

        checked.defvjp(forward, backward)
        results: Any = checked(feed, *operands)
        return list(results)


def _compare(
    equation: Any,
    moved: Sequence[int],
    call: Any,
    given: Sequence[Any],
    cotangents: Sequence[Any],
) -> Any:
    """Returns the cotangent of the token, then the rule's cotangents of the operands `moved`."""
    seen = [j for j, x in enumerate(equation.outvars) if jaxprs.is_differentiable(x)]
    weights = [cotangents[j] for j in seen]

    def function(*values: Any) -> list[Any]:
        operands = list(given)
        for i, x in zip(moved, values):
            operands[i] = x
        results = call(*operands)
        return [results[j] for j in seen]

    values = [given[i] for i in moved]
    slopes = jax.vjp(function, *values)[1](weights)
    answer = jnp.zeros((len(given), 4))
    back: list[Any] = [None] * len(given)
    for k, (i, slope) in enumerate(zip(moved, slopes)):
        back[i] = slope
        answer = answer.at[i].set(_measure_squares(function, values, k, slope, weights))
    return (answer, *back)


def _measure_squares(
    function: Any, values: list[Any], which: int, slope: Any, weights: Sequence[Any]
) -> jax.Array:
    """Returns the squares of error, difference, rule's derivative and rounding for one operand."""
    value = values[which]
    size = jnp.sqrt(jnp.mean(jnp.abs(value) ** 2)) if value.size else jnp.float64(1)
    size = jnp.where(size == 0, 1.0, size)
    direction = size * jax.random.normal(jax.random.key(which), value.shape, value.dtype)

    def at(width: float) -> list[Any]:
        return function(*[v + width * direction if k == which else v for k, v in enumerate(values)])

    def difference(width: float) -> Any:
        pairs = zip(at(width), at(-width), weights)
        return sum(_product(w, (up - down) / (2 * width)) for up, down, w in pairs)

    def extrapolated(width: float) -> Any:
        """Extrapolates by Richardson, since a central difference has an error of second order."""
        return (4 * difference(width / 2) - difference(width)) / 3

    rule = _product(slope, direction)
    tries = jnp.stack([extrapolated(width) for width in _WIDTHS])
    best = jnp.argmin(jnp.abs(tries - rule))
    rounding = sum(jnp.sum(jnp.abs(w) * jnp.abs(y)) for w, y in zip(weights, at(0.0)))
    return (
        jnp.stack([jnp.abs(tries[best] - rule), jnp.abs(tries[best]), jnp.abs(rule), rounding]) ** 2
    )


def _product(one: Any, two: Any) -> Any:
    """Returns the real pairing of a cotangent with a tangent."""
    return jnp.sum(one * two).real
