"""Which equations cut a leaf's tangent off, on the way to the loss."""

from typing import Any, NamedTuple

from checks.program.places import find_place
from checks.program.sites import Site
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence


class Cut(NamedTuple):
    """An equation that a tangent enters and only a value leaves.

    Attributes:
        site: the cutting equation.
        leaves: bit set of the inputs whose tangent ends here.
    """

    site: Site
    leaves: int

    @property
    def primitive(self) -> str:
        """Name of the cutting primitive."""
        return self.site.equation.primitive.name

    @property
    def place(self) -> str:
        """`path:line primitive in module/path`."""
        return find_place(self.site.equation, self.site.enclosing)


def find_cuts(dependence: Dependence, jaxpr: Any, leaves: int) -> list[Cut]:
    """Every equation that cuts one of these inputs (a bit set) and whose result the loss sees.

    An equation that only contains the cut (a jitted call, a scan) is named when none was found
    inside it; a custom rule or a `while` is itself the cut.
    """
    seen = walk(dependence, jaxpr, leaves, enter=lambda seen: _lost(seen) != 0)
    found = [Cut(one.site, lost) for one in seen if (lost := _lost(one))]
    return [Cut(cut.site, bits) for cut in found if (bits := cut.leaves & ~_inside(cut, found))]


def _lost(seen: Seen) -> int:
    lost = 0
    for value, tangent, is_live in zip(*seen.results, seen.live):
        lost |= value & ~tangent if is_live else 0
    return seen.arriving & lost


def _inside(outer: Cut, cuts: list[Cut]) -> int:
    """Leaves that are cut inside this one's sub-jaxprs."""
    path = outer.site.path
    leaves = 0
    for cut in cuts:
        if len(cut.site.path) > len(path) and cut.site.path[: len(path)] == path:
            leaves |= cut.leaves
    return leaves
