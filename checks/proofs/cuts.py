"""Finds the equations that pass a leaf's value to the loss but not its tangent.

The module depends on `checks/program`.
"""

from typing import Any, NamedTuple

from checks.program.bits import unite
from checks.program.places import find_place
from checks.program.sites import Site
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence


class Cut(NamedTuple):
    """An equation that a tangent enters and only a value leaves.

    Attributes:
        site: the cutting equation.
        leaves: bit set (an integer; bit i stands for input i of the program) of the inputs whose
            tangent ends here.
    """

    site: Site
    leaves: int

    @property
    def primitive(self) -> str:
        """Name of the cutting primitive."""
        return self.site.equation.primitive.name

    @property
    def place(self) -> str:
        """The place of the cutting equation: `path:line primitive in module/path`."""
        return find_place(self.site.equation, self.site.enclosing)


def find_cuts(dependence: Dependence, jaxpr: Any, leaves: int) -> list[Cut]:
    """Finds the equations that cut inputs off from the loss.

    A cut passes an input's value on to the loss, but not its derivative.

    A jitted call or a scan that contains a cut is returned only if no cut is found inside it. A
    custom rule or a `while` is itself the cut.

    Args:
        dependence: what depends on what in the program, by value and by tangent.
        jaxpr: the program; the loss is its first output.
        leaves: bit set of the inputs that are asked about.

    Returns:
        The cuts whose results the loss depends on, in program order.
    """
    seen = walk(dependence, jaxpr, leaves, enter=lambda seen: _find_lost(seen) != 0)
    found = [Cut(one.site, lost) for one in seen if (lost := _find_lost(one))]
    outer = ((cut, cut.leaves & ~_find_inside(cut, found)) for cut in found)
    return [Cut(cut.site, leaves) for cut, leaves in outer if leaves]


def _find_lost(seen: Seen) -> int:
    """Returns the inputs whose tangent arrives at an equation, but only whose value leaves it."""
    results = zip(*seen.results, seen.live)
    lost = unite(value & ~tangent for value, tangent, is_live in results if is_live)
    return seen.arriving & lost


def _find_inside(outer: Cut, cuts: list[Cut]) -> int:
    """Returns the inputs that are cut inside the sub-jaxprs of this equation."""
    path = outer.site.path
    return unite(
        cut.leaves
        for cut in cuts
        if len(cut.site.path) > len(path) and cut.site.path[: len(path)] == path
    )
