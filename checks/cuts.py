"""Which equations cut a leaf's tangent off, on the way to the loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from checks import jaxprs
from checks.dependence import Dependence, Sets
from checks.places import place


class Cut(NamedTuple):
    """An equation that a tangent enters and only a value leaves.

    Attributes:
        equation: the cutting equation.
        enclosing: the equations that it stands in, outermost first.
        leaves: bit set of the inputs whose tangent ends here.
    """

    equation: Any
    enclosing: tuple[Any, ...]
    leaves: int

    @property
    def place(self) -> str:
        """`path:line primitive in module/path`."""
        return place(self.equation, self.enclosing)


def find_cuts(dependence: Dependence, jaxpr: Any, leaves: int) -> list[Cut]:
    """Every equation that cuts one of these inputs (a bit set) and whose result the loss sees.

    The loss is the first output. Sub-jaxprs are entered with the sets of their own call, so that
    one function called twice is cut only where it was.
    """
    jaxpr = jaxprs.open_jaxpr(jaxpr)
    ones = [1 << i & leaves for i in range(len(jaxpr.invars))]
    live = [i == 0 for i in range(len(jaxpr.outvars))]
    return _in_jaxpr(dependence, jaxpr, Sets(ones, ones), live, ())


def live_variables(dependence: Dependence, jaxpr: Any, live_outputs: Sequence[bool]) -> set[Any]:
    """Variables of a jaxpr on which one of its live outputs depends by value."""
    alive = {
        x for x, is_live in zip(jaxpr.outvars, live_outputs) if is_live and not jaxprs.is_literal(x)
    }
    for equation in reversed(jaxpr.eqns):
        rows = dependence.equation(equation).value
        for variable, row in zip(equation.outvars, rows):
            if variable in alive:
                alive.update(
                    atom
                    for i, atom in enumerate(equation.invars)
                    if row >> i & 1 and not jaxprs.is_literal(atom)
                )
    return alive


def _in_jaxpr(
    dependence: Dependence,
    jaxpr: Any,
    inputs: Sets,
    live_outputs: Sequence[bool],
    enclosing: tuple[Any, ...],
) -> list[Cut]:
    sets = dependence.forward(jaxpr, inputs)
    alive = live_variables(dependence, jaxpr, live_outputs)
    cuts = []
    for equation in jaxpr.eqns:
        live = [variable in alive for variable in equation.outvars]
        lost = _lost(sets.of(equation.invars), sets.of(equation.outvars), live)
        if lost:
            chain = (*enclosing, equation)
            inside = _inside(dependence, equation, sets.of(equation.invars), live, chain)
            named = 0
            for cut in inside:
                named |= cut.leaves
            cuts += inside
            if lost & ~named:
                cuts.append(Cut(equation, enclosing, lost & ~named))
    return cuts


def _lost(operands: Sets, results: Sets, live: Sequence[bool]) -> int:
    arriving = 0
    for bits in operands.tangent:
        arriving |= bits
    lost = 0
    for value, tangent, is_live in zip(*results, live):
        lost |= value & ~tangent if is_live else 0
    return arriving & lost


def _inside(
    dependence: Dependence,
    equation: Any,
    operands: Sets,
    live: Sequence[bool],
    chain: tuple[Any, ...],
) -> list[Cut]:
    """Cuts in the equation's sub-jaxprs; a custom rule or `while` is itself the cut."""
    name = equation.primitive.name
    if name == "cond":
        branches = map(jaxprs.open_jaxpr, equation.params["branches"])
        inputs = Sets(operands.value[1:], operands.tangent[1:])
        return [c for b in branches for c in _in_jaxpr(dependence, b, inputs, live, chain)]
    if name == "scan":
        body = jaxprs.open_jaxpr(equation.params["jaxpr"])
        inputs, live = _any_step(dependence, equation, body, operands, live)
        return _in_jaxpr(dependence, body, inputs, live, chain)
    inner = jaxprs.callee(equation)
    if inner is None:
        return []
    return _in_jaxpr(dependence, jaxprs.open_jaxpr(inner), operands, live, chain)


def _any_step(
    dependence: Dependence, equation: Any, body: Any, operands: Sets, live: Sequence[bool]
) -> tuple[Sets, list[bool]]:
    """Sets of a scan body's inputs, and liveness of its outputs, over all of its steps."""
    constants, carries = jaxprs.scan_counts(equation)
    value, tangent = list(operands.value), list(operands.tangent)
    alive = list(live)
    rows = dependence.jaxpr(body).value
    for _ in range(carries + 1):
        found = dependence.forward(body, Sets(value, tangent)).of(body.outvars)
        for i in range(carries):
            value[constants + i] |= found.value[i]
            tangent[constants + i] |= found.tangent[i]
            alive[i] = alive[i] or any(
                alive[j] and row >> (constants + i) & 1 for j, row in enumerate(rows)
            )
    return Sets(value, tangent), alive
