"""Defines an edit, and the tools by which families of edits change equations.

A family of edits is a function from `Failures` to edits; `checks/cures/trials.py` lists them.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.failures import Failures
from checks.program.bits import LeafBits, has_leaf
from checks.program.interpret import Interpreter
from checks.program.places import find_place
from checks.program.sites import Site, SitePath

# A factor that leaves less than this share of a cotangent is worth an edit.
SMALL = 0.1
# Computes an equation in another way: from the equation and its operands to its results.
Replacement = Callable[[Any, list[Any]], list[Any]]


class Edit(NamedTuple):
    """A proposed edit.

    Attributes:
        kind: `leaf`, `equation` or `optimizer`.
        text: what to do and where, as an imperative.
        leaves: indices of the failing leaves that it may help.
        apply: called as `apply(loss)` with a `DiagnosedLoss`; returns an edited copy.
        is_last: True to try it only for leaves that no edit before it helped; False to try it for
            leaves that have few cures too.
    """

    kind: str
    text: str
    leaves: tuple[int, ...]
    apply: Callable[[DiagnosedLoss], DiagnosedLoss]
    is_last: bool = False


class Rewriter(Interpreter):
    """Runs a jaxpr with other results for the equations at some paths, or for all.

    Args:
        replacement: called as `replacement(equation, operands)`; returns the list of results.
        paths: the paths of the equations to replace; None for all without sub-jaxprs.
    """

    def __init__(self, replacement: Replacement, paths: set[SitePath] | None = None) -> None:
        self._replacement, self._paths = replacement, paths

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Returns the results of an equation, new ones in the types of the old.

        Args:
            site: the equation.
            operands: its operands.
            feed: the extra input for this path, or None; new results do not use it.

        Returns:
            One array for each result.
        """
        if self._paths is not None and site.path not in self._paths:
            return super().compute(site, operands, feed)
        results = self._replacement(site.equation, operands)
        return [x.astype(atom.aval.dtype) for x, atom in zip(results, site.equation.outvars)]


class EquationGroup(NamedTuple):
    """All equations of one primitive at one line of user code, which one edit changes together.

    Attributes:
        place: `path:line primitive in module/path`.
        paths: the paths of the equations.
        leaves: indices of the failing leaves that enter one of them.
        equation: one of the equations.
    """

    place: str
    paths: set[SitePath]
    leaves: tuple[int, ...]
    equation: Any

    def rewrite(self, text: str, interpreter: Interpreter, is_last: bool = False) -> Edit:
        """Returns the edit that runs the program by an interpreter.

        Args:
            text: what to do, as an imperative; the place is added.
            interpreter: runs the program.
            is_last: as in `Edit`.
        """
        text = f"{text} at {self.place}"
        return Edit("equation", text, self.leaves, lambda x: x.rewrite(interpreter), is_last)

    def replace(self, text: str, replacement: Replacement) -> Edit:
        """Returns the edit that computes these equations in another way.

        Args:
            text: what to do, as an imperative; the place is added.
            replacement: called as `replacement(equation, operands)`; returns the list of results.
        """
        return self.rewrite(text, Rewriter(replacement, self.paths))


def group_by_place(
    sites: Iterable[tuple[Site, LeafBits]], failures: Failures
) -> list[EquationGroup]:
    """Groups equations by their place in user code.

    Args:
        sites: equations, each with the bit set of the leaves that enter it (bit i stands for
            leaf i).
        failures: the failing leaves.

    Returns:
        The groups that a failing leaf enters, those with the most failing leaves first.
    """
    found: dict[str, tuple[Any, set[SitePath], LeafBits]] = {}
    for site, bits in sites:
        place = find_place(site.equation, site.enclosing)
        equation, paths, leaves = found.get(place, (site.equation, set(), 0))
        found[place] = (equation, paths | {site.path}, leaves | bits)
    groups = [
        EquationGroup(place, paths, tuple(i for i in failures.leaves if has_leaf(bits, i)), one)
        for place, (one, paths, bits) in found.items()
    ]
    return sorted([x for x in groups if x.leaves], key=lambda x: -len(x.leaves))
