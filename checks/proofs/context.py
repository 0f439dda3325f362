"""Walking a program with what each operand depends on there, sub-programs included.

A sub-jaxpr is entered anew for each of its calls, with the sets of that call: a function called
twice is seen in both of its contexts.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from checks.program import jaxprs
from checks.program.sites import Site
from checks.proofs.dependence import Dependence, Sets


class Seen(NamedTuple):
    """An equation in its context.

    Attributes:
        site: the equation and where it stands, addressed as `Interpreter` does.
        operands: what the operands depend on, as bit sets of the program's inputs.
        results: likewise for the results.
        live: for each result, whether the loss depends on it by value.
        felt: for each result, whether the loss depends on it by tangent.
        repeats: lengths of the scans around it, outermost first; None inside a `while`.
    """

    site: Site
    operands: Sets
    results: Sets
    live: tuple[bool, ...]
    felt: tuple[bool, ...]
    repeats: tuple[int, ...] | None

    @property
    def arriving(self) -> int:
        """Inputs whose tangent enters the equation."""
        return _union(self.operands.tangent)

    @property
    def ends(self) -> "Ends":
        """What the loss sees of the results."""
        return Ends(self.live, self.felt)


class Ends(NamedTuple):
    """For each of a list of variables: whether the loss depends on it by value, by tangent."""

    value: Sequence[bool]
    tangent: Sequence[bool]


def walk(
    dependence: Dependence,
    jaxpr: Any,
    inputs: int,
    enter: Callable[[Seen], bool] = lambda seen: True,
) -> Iterator[Seen]:
    """Every equation that the first output, the loss, may see or not, in program order.

    Args:
        dependence: flows of the program.
        jaxpr: the program.
        inputs: bit set of the inputs to follow.
        enter: whether to go into the sub-jaxprs of an equation. Those of custom rules are never
            entered: the rule answers for its function.
    """
    jaxpr = jaxprs.open_jaxpr(jaxpr)
    ones = [1 << i & inputs for i in range(len(jaxpr.invars))]
    loss = [i == 0 for i in range(len(jaxpr.outvars))]
    walker = _Walker(dependence, enter)
    yield from walker.jaxpr(jaxpr, Sets(ones, ones), Ends(loss, loss), _Around((), (), ()))


class _Around(NamedTuple):
    path: tuple[int, ...]
    enclosing: tuple[Any, ...]
    repeats: tuple[int, ...] | None


class _Walker:
    def __init__(self, dependence: Dependence, enter: Callable[[Seen], bool]) -> None:
        self._dependence, self._enter = dependence, enter

    def jaxpr(self, jaxpr: Any, inputs: Sets, ends: Ends, around: _Around) -> Iterator[Seen]:
        sets = self._dependence.forward(jaxpr, inputs)
        live, felt = (self._live(jaxpr, kind, ends) for kind in ("value", "tangent"))
        for i, equation in enumerate(jaxpr.eqns):
            seen = Seen(
                Site(equation, (*around.path, i), around.enclosing),
                sets.of(equation.invars),
                sets.of(equation.outvars),
                tuple(variable in live for variable in equation.outvars),
                tuple(variable in felt for variable in equation.outvars),
                around.repeats,
            )
            yield seen
            if self._enter(seen):
                yield from self._inside(seen)

    def _inside(self, seen: Seen) -> Iterator[Seen]:
        equation, operands = seen.site.equation, seen.operands
        name = equation.primitive.name
        if name == "cond":
            inputs = Sets(operands.value[1:], operands.tangent[1:])
            for which, branch in enumerate(equation.params["branches"]):
                around = self._around(seen, which, seen.repeats)
                yield from self.jaxpr(jaxprs.open_jaxpr(branch), inputs, seen.ends, around)
        elif name == "scan":
            body = jaxprs.open_jaxpr(equation.params["jaxpr"])
            inputs, ends = self._any_step(equation, body, operands, seen.ends)
            repeats = seen.repeats
            if repeats is not None:
                repeats = (*repeats, equation.params["length"])
            yield from self.jaxpr(body, inputs, ends, self._around(seen, 0, repeats))
        elif (inner := jaxprs.find_callee(equation)) is not None:
            around = self._around(seen, 0, seen.repeats)
            yield from self.jaxpr(jaxprs.open_jaxpr(inner), operands, seen.ends, around)

    def _around(self, seen: Seen, which: int, repeats: tuple[int, ...] | None) -> _Around:
        site = seen.site
        return _Around((*site.path, which), (*site.enclosing, site.equation), repeats)

    def _any_step(self, equation: Any, body: Any, operands: Sets, ends: Ends) -> tuple[Sets, Ends]:
        """Sets of a scan body's inputs, and what the loss sees of its outputs, over all steps."""
        constants, carries = jaxprs.count_scan_inputs(equation)
        value, tangent = list(operands.value), list(operands.tangent)
        for _ in range(carries + 1):
            found = self._dependence.forward(body, Sets(value, tangent)).of(body.outvars)
            before = list(value), list(tangent)
            for i in range(carries):
                value[constants + i] |= found.value[i]
                tangent[constants + i] |= found.tangent[i]
            if before == (value, tangent):
                break
        rows = self._dependence.jaxpr(body)
        seen = [_seen_later(*pair, constants, carries) for pair in zip(rows, ends)]
        return Sets(value, tangent), Ends(*seen)

    def _live(self, jaxpr: Any, kind: str, ends: Ends) -> set[Any]:
        """Variables of a jaxpr on which one of its live outputs depends, by value or tangent."""
        outputs = zip(jaxpr.outvars, getattr(ends, kind))
        alive = {x for x, is_live in outputs if is_live and not jaxprs.is_literal(x)}
        for equation in reversed(jaxpr.eqns):
            if any(variable in alive for variable in equation.outvars):
                rows = getattr(self._dependence.equation(equation), kind)
                needed = _union([row for x, row in zip(equation.outvars, rows) if x in alive])
                for i, atom in enumerate(equation.invars):
                    if needed >> i & 1 and not jaxprs.is_literal(atom):
                        alive.add(atom)
        return alive


def _seen_later(
    rows: Sequence[int], seen: Sequence[bool], constants: int, carries: int
) -> list[bool]:
    """Of a scan body's outputs, which are seen by the loss at once or through later steps."""
    alive = list(seen)
    for _ in range(carries):
        needed = _union([row for row, is_live in zip(rows, alive) if is_live])
        before = list(alive)
        for i in range(carries):
            alive[i] = alive[i] or bool(needed >> (constants + i) & 1)
        if before == alive:
            break
    return alive


def _union(sets: Sequence[int]) -> int:
    union = 0
    for one in sets:
        union |= one
    return union
