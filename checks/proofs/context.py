"""Visits the equations of a program and its sub-programs with what each operand depends on.

A sub-jaxpr is entered once for each of its calls, with the sets of that call, so a function that is
called twice is visited in both contexts. The module depends on `checks/program`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from checks.program import jaxprs
from checks.program.bits import unite
from checks.program.sites import Site
from checks.proofs.dependence import Dependence, Sets


class Seen(NamedTuple):
    """An equation in its context.

    Attributes:
        site: the equation and its address.
        operands: for each operand, the bit sets of the program's inputs that it depends on, by
            value and by tangent (through equations with a derivative).
        results: for each result, the same.
        live: for each result, whether the loss depends on it by value.
        felt: for each result, whether the loss depends on it by tangent.
        repeats: lengths of the scans around the equation, outermost first; None inside a `while`.
    """

    site: Site
    operands: Sets
    results: Sets
    live: tuple[bool, ...]
    felt: tuple[bool, ...]
    repeats: tuple[int, ...] | None

    @property
    def arriving(self) -> int:
        """Bit set (bit i stands for input i) of the inputs whose tangent enters the equation."""
        return unite(self.operands.tangent)

    @property
    def ends(self) -> "Ends":
        """Whether the loss depends on each of the results."""
        return Ends(self.live, self.felt)


class Ends(NamedTuple):
    """Whether the loss depends on each of a list of variables.

    Attributes:
        value: for each variable, whether the loss depends on it by value.
        tangent: for each variable, whether the loss depends on it by tangent.
    """

    value: Sequence[bool]
    tangent: Sequence[bool]


def walk(
    dependence: Dependence,
    jaxpr: Any,
    inputs: int,
    enter: Callable[[Seen], bool] = lambda seen: True,
) -> Iterator[Seen]:
    """Yields every equation in program order, with whether the loss depends on its results.

    Args:
        dependence: what depends on what in the program, by value and by tangent.
        jaxpr: the program; the loss is its first output.
        inputs: bit set (an integer; bit i stands for input i) of the inputs to follow; the others
            count as constants.
        enter: called as `enter(seen)` after an equation was yielded; True enters its sub-jaxprs,
            False skips them. Those of custom rules and of a `while` are never entered.

    Yields:
        Each equation, and after it those of its sub-jaxprs.
    """
    jaxpr = jaxprs.open_jaxpr(jaxpr)
    ones = [1 << i & inputs for i in range(len(jaxpr.invars))]
    loss = [i == 0 for i in range(len(jaxpr.outvars))]
    walker = _Walker(dependence, enter)
    yield from walker.visit(jaxpr, Sets(ones, ones), Ends(loss, loss), _Around((), (), ()))


class _Around(NamedTuple):
    """What surrounds a sub-jaxpr: path, enclosing equations and lengths of scans."""

    path: tuple[int, ...]
    enclosing: tuple[Any, ...]
    repeats: tuple[int, ...] | None


class _Walker:
    """Visits the equations of jaxprs."""

    def __init__(self, dependence: Dependence, enter: Callable[[Seen], bool]) -> None:
        self._dependence, self._enter = dependence, enter

    def visit(self, jaxpr: Any, inputs: Sets, ends: Ends, around: _Around) -> Iterator[Seen]:
        """Yields the equations of an open jaxpr and of its sub-jaxprs."""
        sets = self._dependence.propagate(jaxpr, inputs)
        live, felt = (self._find_live(jaxpr, kind, ends) for kind in ("value", "tangent"))
        for i, equation in enumerate(jaxpr.eqns):
            seen = Seen(
                Site(equation, (*around.path, i), around.enclosing),
                sets.get(equation.invars),
                sets.get(equation.outvars),
                tuple(variable in live for variable in equation.outvars),
                tuple(variable in felt for variable in equation.outvars),
                around.repeats,
            )
            yield seen
            if self._enter(seen):
                yield from self._visit_inside(seen)

    def _visit_inside(self, seen: Seen) -> Iterator[Seen]:
        equation, operands = seen.site.equation, seen.operands
        name = equation.primitive.name
        if name == "cond":
            inputs = Sets(operands.value[1:], operands.tangent[1:])
            for which, branch in enumerate(equation.params["branches"]):
                around = self._around(seen, which, seen.repeats)
                yield from self.visit(jaxprs.open_jaxpr(branch), inputs, seen.ends, around)
        elif name == "scan":
            body = jaxprs.open_jaxpr(equation.params["jaxpr"])
            inputs, ends = self._unite_steps(equation, body, operands, seen.ends)
            repeats = seen.repeats
            if repeats is not None:
                repeats = (*repeats, equation.params["length"])
            yield from self.visit(body, inputs, ends, self._around(seen, 0, repeats))
        elif (inner := jaxprs.find_callee(equation)) is not None:
            around = self._around(seen, 0, seen.repeats)
            yield from self.visit(jaxprs.open_jaxpr(inner), operands, seen.ends, around)

    def _around(self, seen: Seen, which: int, repeats: tuple[int, ...] | None) -> _Around:
        site = seen.site
        return _Around((*site.path, which), (*site.enclosing, site.equation), repeats)

    def _unite_steps(
        self, equation: Any, body: Any, operands: Sets, ends: Ends
    ) -> tuple[Sets, Ends]:
        """Returns the sets of a scan body's inputs, and of its outputs' ends, over all steps."""
        constants, carries = jaxprs.count_scan_inputs(equation)
        value, tangent = list(operands.value), list(operands.tangent)
        for _ in range(carries + 1):
            found = self._dependence.propagate(body, Sets(value, tangent)).get(body.outvars)
            before = list(value), list(tangent)
            for i in range(carries):
                value[constants + i] |= found.value[i]
                tangent[constants + i] |= found.tangent[i]
            if before == (value, tangent):
                break
        rows = self._dependence.get_jaxpr_rows(body)
        seen = [_find_live_outputs(*pair, constants, carries) for pair in zip(rows, ends)]
        return Sets(value, tangent), Ends(*seen)

    def _find_live(self, jaxpr: Any, kind: str, ends: Ends) -> set[Any]:
        """Returns the variables of a jaxpr on which one of its live outputs depends.

        Args:
            jaxpr: an open jaxpr.
            kind: `value` or `tangent`.
            ends: whether the loss depends on each output.
        """
        outputs = zip(jaxpr.outvars, getattr(ends, kind))
        alive = {x for x, is_live in outputs if is_live and not jaxprs.is_literal(x)}
        for equation in reversed(jaxpr.eqns):
            if any(variable in alive for variable in equation.outvars):
                rows = getattr(self._dependence.get_equation_rows(equation), kind)
                needed = unite(row for x, row in zip(equation.outvars, rows) if x in alive)
                for i, atom in enumerate(equation.invars):
                    if needed >> i & 1 and not jaxprs.is_literal(atom):
                        alive.add(atom)
        return alive


def _find_live_outputs(
    rows: Sequence[int], ends: Sequence[bool], constants: int, carries: int
) -> list[bool]:
    """Returns whether the loss depends on each output of a scan body, directly or by later steps.

    Args:
        rows: what each output of the body depends on.
        ends: whether the loss depends on each output of the scan.
        constants: number of constants among the body's inputs.
        carries: number of carries.
    """
    alive = list(ends)
    for _ in range(carries):
        needed = unite(row for row, is_live in zip(rows, alive) if is_live)
        before = list(alive)
        for i in range(carries):
            alive[i] = alive[i] or bool(needed >> (constants + i) & 1)
        if before == alive:
            break
    return alive
