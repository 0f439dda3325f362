"""Whether custom rules give the derivative of their function, measured where they are used.

A gradient can be wrong only through a custom rule; so each call of one is compared, in float64 and
with the operands and cotangents that it meets in the program itself, with finite differences of
its own function. Values behind a `stop_gradient` outside of rules are no matter of a rule's and so
are held fixed by construction; inside a rule's function nothing is held.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.points import Point
from checks.program import jaxprs
from checks.program.places import describe_rule, find_place, is_jax_rule
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Site, SitePath
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence

# Largest relative error of a directional derivative that finite differences in float64 may have.
TOLERANCE = 2e-4
# Share of the function's own size below which a difference is rounding.
_ROUNDING = 1e-9
# Half-widths of the differences, in units of the operand's root mean square.
_WIDTHS = (1e-3, 1e-5)


class RuleError(NamedTuple):
    """A call of a custom rule against the derivative of its function, for one operand.

    Attributes:
        seen: the call in its context.
        operand: position of the operand.
        error: relative error of the rule's directional derivative.
        is_zero: whether the rule gives exactly zero there, which makes it a cut.
        counts: whether that is more than differences leave uncertain.
    """

    seen: Seen
    operand: int
    error: float
    is_zero: bool
    counts: bool

    @property
    def leaves(self) -> int:
        """Bit set of the inputs whose tangent enters this operand."""
        return self.seen.operands.tangent[self.operand]

    @property
    def rule(self) -> str:
        """Name and place of the function that the rule belongs to."""
        return describe_rule(self.seen.site.equation)

    @property
    def place(self) -> str:
        """Where the rule is called."""
        return find_place(self.seen.site.equation, self.seen.site.enclosing)


def find_rule_calls(dependence: Dependence, jaxpr: Any, leaf_count: int) -> list[Seen]:
    """Calls of users' custom rules that a leaf's tangent enters and the loss sees."""
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
    """Every call and operand with its error at each point, whether it counts or not."""
    checker, program = _Checker({seen.site.path: _moved(seen) for seen in calls}), runner.program
    slope = jax.grad(lambda t, given: checker.run(program.jaxpr, given, t)[0][0])
    ask = jax.jit(slope, compiler_options=QUICK)
    found = []
    with jax.enable_x64(True):
        tokens: Feeds = {
            seen.site.path: jnp.zeros((*(seen.repeats or ()), len(seen.operands.value), 4))
            for seen in calls
        }
        for point in points:
            inputs = program.list_inputs([*map(widen_array, point.leaves)], widen_args(point.args))
            found += _answered(calls, jax.tree.map(np.asarray, ask(tokens, inputs)))
    return found


def _answered(calls: Sequence[Seen], answers: Feeds) -> list[RuleError]:
    found = []
    for seen in calls:
        sums = answers[seen.site.path].reshape(-1, len(seen.operands.value), 4).sum(0)
        for operand, (error, true, given, floor) in enumerate(np.sqrt(sums)):
            counts = error > max(TOLERANCE * true, _ROUNDING * floor, TOLERANCE * given)
            relative = float(error / true) if true else float("inf" if counts else 0)
            found.append(RuleError(seen, operand, relative, bool(given == 0), bool(counts)))
    return found


def _moved(seen: Seen) -> list[int]:
    """Positions of the operands that a leaf's tangent enters: a rule may refuse all others."""
    return [i for i, bits in enumerate(seen.operands.tangent) if bits]


class _Checker(Widener):
    """The shadow, with each call of interest compared on its way back.

    A zero token is given to each call; the "gradient" of the token is, for each operand, the
    squares of: the error, the finite difference, the rule's answer, and what rounding could do.
    Inside a scan each step has its own token.
    """

    def __init__(self, moved: Mapping[SitePath, Sequence[int]]) -> None:
        super().__init__()
        self._moved = moved

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The call's results, unchanged."""
        if site.path not in self._moved or feed is None:
            return super().compute(site, operands, feed)

        def call(*given: Any) -> list[Any]:
            return Widener.compute(self, site, list(given), None)

        @jax.custom_vjp
        def checked(token: Any, *given: Any) -> Any:
            return call(*given)

        def forward(token: Any, *given: Any) -> Any:
            return call(*given), given

        def backward(given: Any, cotangents: Any) -> Any:
            return _compared(site.equation, self._moved[site.path], call, given, cotangents)

        checked.defvjp(forward, backward)
        results: Any = checked(feed, *operands)
        return list(results)


def _compared(
    equation: Any,
    moved: Sequence[int],
    call: Any,
    given: Sequence[Any],
    cotangents: Sequence[Any],
) -> Any:
    """The token's answer, then the rule's own cotangents of the operands `moved`."""
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
        answer = answer.at[i].set(_squares(function, values, k, slope, weights))
    return (answer, *back)


def _squares(
    function: Any, values: list[Any], which: int, slope: Any, weights: Sequence[Any]
) -> jax.Array:
    """Squares of error, finite difference, rule's answer and rounding, for one operand."""
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
        """Richardson: the error of a central difference is of second order in its width."""
        return (4 * difference(width / 2) - difference(width)) / 3

    rule = _product(slope, direction)
    tries = jnp.stack([extrapolated(width) for width in _WIDTHS])
    best = jnp.argmin(jnp.abs(tries - rule))
    rounding = sum(jnp.sum(jnp.abs(w) * jnp.abs(y)) for w, y in zip(weights, at(0.0)))
    return (
        jnp.stack([jnp.abs(tries[best] - rule), jnp.abs(tries[best]), jnp.abs(rule), rounding]) ** 2
    )


def _product(one: Any, two: Any) -> Any:
    """The real pairing of a cotangent with a tangent."""
    return jnp.sum(one * two).real
