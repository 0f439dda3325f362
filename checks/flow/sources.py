"""Where a variable comes from: followed back through calls, branches and scans to a group."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from checks.program import jaxprs
from checks.program.sites import SitePath
from checks.proofs.context import Seen


class Step(NamedTuple):
    """Of a scan's carry: whether the source made its first value or the later ones.

    Attributes:
        axis: which of the scans around the reader, the outermost is 0.
        is_first: whether it is the value before the first step.
        is_reverse: whether the scan runs from its last element.
    """

    axis: int
    is_first: bool
    is_reverse: bool


class Source(NamedTuple):
    """A group's name, or the position of an input of the program."""

    node: str | int
    step: Step | None = None


class Sources:
    """Answers for every variable of a program.

    Args:
        jaxpr: the program.
        seen: its equations, those in sub-programs too.
        owners: path of each equation that counts as a whole -> its group.
    """

    def __init__(self, jaxpr: Any, seen: Sequence[Seen], owners: Mapping[SitePath, str]) -> None:
        self._owners = owners
        self._by_path = {one.site.path: one for one in seen}
        self._made = {
            (one.site.path[:-1], variable): (one, i)
            for one in seen
            for i, variable in enumerate(one.site.equation.outvars)
        }
        self._inputs = {x: i for i, x in enumerate(jaxprs.open_jaxpr(jaxpr).invars)}
        self._known: dict[tuple[SitePath, Any], frozenset[Source]] = {}

    def of(self, frame: SitePath, atom: Any) -> frozenset[Source]:
        """The sources of a variable of one jaxpr, which is named by its path."""
        if jaxprs.is_literal(atom):
            return frozenset()
        if (frame, atom) not in self._known:
            self._known[frame, atom] = frozenset()  # a carry that is handed on comes back here
            self._known[frame, atom] = frozenset(self._found(frame, atom))
        return self._known[frame, atom]

    def _found(self, frame: SitePath, variable: Any) -> Iterator[Source]:
        if (frame, variable) in self._made:
            seen, position = self._made[frame, variable]
            yield from self._result(seen, position)
        elif not frame:
            if variable in self._inputs:
                yield Source(self._inputs[variable])
        elif (outer := self._by_path.get(frame[:-1])) is not None:
            inner = _inside(outer.site.equation)[frame[-1]]
            for i, x in enumerate(inner.invars):
                if x is variable:
                    yield from self._input(outer, inner, i, frame)

    def _result(self, seen: Seen, position: int) -> Iterator[Source]:
        """What leaves an equation; in a scan that has ended there are no steps to tell apart."""
        path = seen.site.path
        if path in self._owners:
            yield Source(self._owners[path])
            return
        depth = len(seen.repeats or ())
        for which, inner in _inside(seen.site.equation).items():
            for source in self.of((*path, which), inner.outvars[position]):
                yield source if source.step and source.step.axis < depth else Source(source.node)

    def _input(self, outer: Seen, inner: Any, i: int, frame: SitePath) -> Iterator[Source]:
        """What enters a sub-program at one position."""
        equation, around = outer.site.equation, outer.site.path[:-1]
        kind = equation.primitive.name
        if kind == "cond":
            yield from self.of(around, equation.invars[i + 1])
            return
        before = self.of(around, equation.invars[i])
        constants, carries = jaxprs.count_scan_inputs(equation) if kind == "scan" else (0, 0)
        if not constants <= i < constants + carries:
            yield from before
            return
        axis, is_reverse = len(outer.repeats or ()), equation.params["reverse"]
        yield from (Source(s.node, Step(axis, True, is_reverse)) for s in before)
        for source in self.of(frame, inner.outvars[i - constants]):
            if source.step is None or source.step.axis < axis:
                yield Source(source.node, Step(axis, False, is_reverse))


def _inside(equation: Any) -> dict[int, Any]:
    """The sub-jaxprs of an equation by their number in paths."""
    kind = equation.primitive.name
    if kind == "cond":
        return {i: jaxprs.open_jaxpr(x) for i, x in enumerate(equation.params["branches"])}
    inner = equation.params["jaxpr"] if kind == "scan" else jaxprs.find_callee(equation)
    return {0: jaxprs.open_jaxpr(inner)}
