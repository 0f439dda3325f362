"""What an edit is, which leaves edits are proposed for, and how equations are edited."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from checks.cures.subject import Subject
from checks.cures.vitals import Patient, Vital, vital
from checks.flow.taps import Tapped, tap
from checks.measure.points import root_mean_square
from checks.program.interpret import Interpreter
from checks.program.places import find_place
from checks.program.sites import Site, SitePath
from checks.proofs.context import Seen, walk

# A factor that leaves less than this of a cotangent is worth an edit.
SMALL = 0.1
# An equation's results out of its operands, in place of its own.
New = Callable[[Any, list[Any]], list[Any]]


class Edit(NamedTuple):
    """A proposal.

    Attributes:
        kind: `leaf`, `equation` or `optimizer`.
        text: what to do and where, as an imperative.
        leaves: those that it might bring back.
        apply: makes an edited copy of a subject.
        is_last: whether it is to be tried only on leaves that nothing before it helped.
    """

    kind: str
    text: str
    leaves: tuple[int, ...]
    apply: Callable[[Subject], Subject]
    is_last: bool = False


@dataclass(frozen=True)
class Ward:
    """The failing leaves, with the subject that they fail in."""

    subject: Subject
    patients: dict[int, Patient]
    _before: dict[int, tuple[str, Vital]] = field(default_factory=dict)

    def before(self, leaf: int) -> tuple[str, Vital]:
        """What is measured of a patient, and the measurement without any edit."""
        if leaf not in self._before:
            with self.subject.precision():
                self._before[leaf] = vital(self.subject, self.patients[leaf])
        return self._before[leaf]

    def ill_with(self, *verdicts: str) -> list[Patient]:
        """Patients with one of these verdicts."""
        return [patient for patient in self.patients.values() if patient.verdict in verdicts]

    def seen(self) -> Iterable[Seen]:
        """Every equation, with the leaves that enter it."""
        program = self.subject.program
        return walk(self.subject.dependence, program.jaxpr, (1 << program.leaf_count) - 1)

    @cached_property
    def tapped(self) -> list[Tapped]:
        """Cotangents on the ways of the leaves whose gradient is lost by value."""
        leaves = [p.leaf for p in self.ill_with("stuck", "unvisited", "vanishing")]
        point, subject = self.subject.points[0], self.subject
        return tap(subject.runner, subject.dependence, leaves, point.leaves, point.args)

    @cached_property
    def sizes(self) -> list[float]:
        """Root mean square of each leaf."""
        return [root_mean_square(x) for x in self.subject.points[0].leaves]

    def names(self, leaves: Iterable[int]) -> str:
        """Names of leaves, the first few of many."""
        names = [self.subject.program.params.names[i] for i in leaves]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return ", ".join(names[:3]) + more


class Rewriter(Interpreter):
    """Runs a jaxpr with other results for the equations at some paths, or for all."""

    def __init__(self, new: New, paths: set[SitePath] | None = None) -> None:
        self._new, self._paths = new, paths

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The new results in the types of the old ones."""
        if self._paths is not None and site.path not in self._paths:
            return super().compute(site, operands, feed)
        results = self._new(site.equation, operands)
        return [x.astype(atom.aval.dtype) for x, atom in zip(results, site.equation.outvars)]


class Spot(NamedTuple):
    """All equations of one primitive at one line of the user's, which one edit changes together."""

    place: str
    paths: set[SitePath]
    leaves: tuple[int, ...]

    def edit(self, text: str, new: New) -> Edit:
        """An edit of these equations."""
        told = f"{text} at {self.place}"
        rewriter = Rewriter(new, self.paths)
        return Edit("equation", told, self.leaves, lambda subject: subject.rewritten(rewriter))


def spots(sites: Iterable[tuple[Site, int]], ward: Ward) -> list[tuple[Any, Spot]]:
    """Sites with the leaves (bit sets) that enter them, put together by place.

    Returns:
        for each place one of its equations and the spot; what holds most patients comes first.
    """
    found: dict[str, tuple[Any, set[SitePath], int]] = {}
    for site, bits in sites:
        where = find_place(site.equation, site.enclosing)
        equation, paths, leaves = found.get(where, (site.equation, set(), 0))
        found[where] = (equation, paths | {site.path}, leaves | bits)
    made = [
        (equation, Spot(where, paths, tuple(i for i in ward.patients if bits >> i & 1)))
        for where, (equation, paths, bits) in found.items()
    ]
    return sorted([x for x in made if x[1].leaves], key=lambda x: -len(x[1].leaves))


def bits_of(patients: Iterable[Patient]) -> int:
    """The leaves of patients as a bit set."""
    return sum(1 << patient.leaf for patient in patients)
