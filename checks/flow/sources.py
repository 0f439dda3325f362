"""Finds the sources of a variable, through calls, branches and scans."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from checks.program import jaxprs
from checks.program.sites import SitePath
from checks.proofs.context import Seen


class CarryStep(NamedTuple):
    """The steps of a scan at which its carry comes from a source.

    Attributes:
        axis: position of the scan among those around the reader; the outermost is 0.
        is_first: True if the source computes the value before the first step, False if it computes
            the values of the later steps.
        is_reverse: True if the scan runs from its last element to the first.
    """

    axis: int
    is_first: bool
    is_reverse: bool


class Source(NamedTuple):
    """What computes a variable.

    Attributes:
        node: name of a group, or position of an input of the program.
        step: for the carry of a scan, which of its steps; else None.
    """

    node: str | int
    step: CarryStep | None = None


class Sources:
    """Finds what directly computes each variable of a program: a `Source`.

    A source is a group of equations, such as a module of the model, or an input of the program. The
    search goes back from a variable to the nearest equation in `owners` or to an input, and no
    further.

    Args:
        jaxpr: the program, open or closed.
        seen: the equations to search among, including those in sub-programs, as `walk` gives them.
        owners: path of an equation -> name of its group. The search does not look inside such an
            equation. It looks inside any other, so each that is not a call, `cond` or `scan` must
            be here.
    """

    def __init__(self, jaxpr: Any, seen: Sequence[Seen], owners: Mapping[SitePath, str]) -> None:
        self._owners = owners
        self._by_path = {one.site.path: one for one in seen}
        self._makers = {
            (one.site.path[:-1], variable): (one, i)
            for one in seen
            for i, variable in enumerate(one.site.equation.outvars)
        }
        self._inputs = {x: i for i, x in enumerate(jaxprs.open_jaxpr(jaxpr).invars)}
        self._known: dict[tuple[SitePath, Any], frozenset[Source]] = {}

    def find(self, frame: SitePath, atom: Any) -> frozenset[Source]:
        """Finds the sources of a variable.

        Args:
            frame: path of the jaxpr that the variable belongs to; `()` for the program.
            atom: a variable, or a literal, which has no sources.

        Returns:
            The sources; empty for a literal, a constant and what is computed from none of the
            equations in `seen`.
        """
        if jaxprs.is_literal(atom):
            return frozenset()
        if (frame, atom) not in self._known:
            # A carry that a scan passes on unchanged leads back to itself.
            self._known[frame, atom] = frozenset()
            self._known[frame, atom] = frozenset(self._search(frame, atom))
        return self._known[frame, atom]

    def _search(self, frame: SitePath, variable: Any) -> Iterator[Source]:
        if (frame, variable) in self._makers:
            seen, position = self._makers[frame, variable]
            yield from self._search_result(seen, position)
        elif not frame:
            if variable in self._inputs:
                yield Source(self._inputs[variable])
        elif (outer := self._by_path.get(frame[:-1])) is not None:
            inner = _list_jaxprs(outer.site.equation)[frame[-1]]
            for i, x in enumerate(inner.invars):
                if x is variable:
                    yield from self._search_input(outer, inner, i, frame)

    def _search_result(self, seen: Seen, position: int) -> Iterator[Source]:
        """Yields the sources of a result; those of a scan are not separated by step."""
        path = seen.site.path
        if path in self._owners:
            yield Source(self._owners[path])
            return
        depth = len(seen.repeats or ())
        for which, inner in _list_jaxprs(seen.site.equation).items():
            for source in self.find((*path, which), inner.outvars[position]):
                yield source if source.step and source.step.axis < depth else Source(source.node)

    def _search_input(self, outer: Seen, inner: Any, i: int, frame: SitePath) -> Iterator[Source]:
        """Yields the sources of an input of a sub-program."""
        equation, around = outer.site.equation, outer.site.path[:-1]
        kind = equation.primitive.name
        if kind == "cond":
            yield from self.find(around, equation.invars[i + 1])
            return
        before = self.find(around, equation.invars[i])
        constants, carries = jaxprs.count_scan_inputs(equation) if kind == "scan" else (0, 0)
        if not constants <= i < constants + carries:
            yield from before
            return
        axis, is_reverse = len(outer.repeats or ()), equation.params["reverse"]
        yield from (Source(s.node, CarryStep(axis, True, is_reverse)) for s in before)
        for source in self.find(frame, inner.outvars[i - constants]):
            if source.step is None or source.step.axis < axis:
                yield Source(source.node, CarryStep(axis, False, is_reverse))


def _list_jaxprs(equation: Any) -> dict[int, Any]:
    """Returns the number in paths -> sub-jaxpr of an equation."""
    kind = equation.primitive.name
    if kind == "cond":
        return {i: jaxprs.open_jaxpr(x) for i, x in enumerate(equation.params["branches"])}
    inner = equation.params["jaxpr"] if kind == "scan" else jaxprs.find_callee(equation)
    return {0: jaxprs.open_jaxpr(inner)}
