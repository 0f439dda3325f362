"""The names of the verdicts, and what a report says of one leaf or slice."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from checks.findings import Finding, SliceFinding
from checks.judges import JUDGES

# The verdict of a static proof on a leaf that it does not refute.
REACHABLE = "reachable"
# All verdicts; where several hold, the first wins.
ORDER = (*(judge.verdict for judge in JUDGES), REACHABLE)
PASSING = frozenset({REACHABLE, *(judge.verdict for judge in JUDGES if judge.passes)})
# Slices of a passing leaf that are reported but fail nothing.
HARMLESS_SLICES = PASSING | {judge.verdict for judge in JUDGES if judge.is_harmless_in_slices}


@dataclass(frozen=True)
class Slice:
    """Indices of one axis of a leaf whose verdict is not the leaf's own.

    Attributes:
        axis: the axis that is sliced.
        index: the indices along the axis, sorted.
        verdict: the verdict of these slices.
        evidence: one sentence with the numbers.
    """

    axis: int
    index: tuple[int, ...]
    verdict: str
    evidence: str


@dataclass(frozen=True)
class Cure:
    """An edit that was tried on a copy, and made a failing leaf pass.

    Attributes:
        kind: what was edited: `leaf`, `equation` or `optimizer`.
        edit: the edit and its place, in words.
        measure: what the numbers are: `gradient` (root mean square), `update` (root mean square of
            one step) or `error` (relative error of a custom rule).
        before: the number before the edit; not finite where the gradient is not.
        after: the number with the edit.
        leaves: names of all the leaves that it made pass.
        steps: optimiser steps after which `after` was measured.
    """

    kind: str
    edit: str
    measure: str
    before: float
    after: float
    leaves: tuple[str, ...]
    steps: int = 0


@dataclass(frozen=True)
class Leaf:
    """What is known of one leaf.

    Attributes:
        name: path parts joined by `/`.
        shape: the shape of the leaf.
        dtype: name of its type.
        verdict: one of `ORDER`; `reachable` means that the static proof, which ran alone, refutes
            nothing.
        evidence: one sentence with the numbers.
        where: `path:line primitive in module/path`, for each equation or stage that is to blame.
        slices: the slices that have another verdict; of a `non_finite` leaf, those that are not
            finite.
        also: other verdicts that hold, after the first.
        gradient: root mean square of the gradient in float64, or None where not measured.
        movement: root mean square of the first update over that of the weight; None where not
            measured, and for a weight that starts at zero.
        allowed: the reason that the allow-list gives, or None.
        cures: edits that were tried and made the leaf pass.
        tried: number of edits tried on the leaf; None where no cures were requested.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    verdict: str
    evidence: str
    where: list[str] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    also: list[Finding] = field(default_factory=list)
    gradient: float | None = None
    movement: float | None = None
    allowed: str | None = None
    cures: list[Cure] = field(default_factory=list)
    tried: int | None = None

    @property
    def size(self) -> int:
        """Number of elements; 1 for a scalar."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def passes(self) -> bool:
        """Whether the leaf and all its slices pass, or the allow-list lets them.

        The verdicts `alive`, `waking` and `reachable` pass. In slices some others are harmless,
        such as `unvisited`.
        """
        slices_pass = all(part.verdict in HARMLESS_SLICES for part in self.slices)
        return self.allowed is not None or (self.verdict in PASSING and slices_pass)

    def allowed_because(self, reason: str) -> "Leaf":
        """Returns a copy of the leaf that the allow-list lets pass.

        Args:
            reason: the reason that the allow-list gives.
        """
        return replace(self, allowed=reason)


def first_of(findings: Sequence[Finding]) -> tuple[Finding, list[Finding]]:
    """Returns the first finding in the order of precedence (`ORDER`), and the others.

    Of two with the same verdict, one that names a place comes first. The others are sorted
    likewise and leave out those with the verdict of the first.

    Args:
        findings: findings about one leaf, in any order.

    Raises:
        ValueError: there is none.
    """
    if not findings:
        raise ValueError("a leaf needs at least one finding: got none")
    ranked = sorted(findings, key=lambda f: (ORDER.index(f.verdict), not f.where))
    return ranked[0], [f for f in ranked[1:] if f.verdict != ranked[0].verdict]


def worst_first(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Returns a list with failing leaves before passing ones, each part in the order of `ORDER`.

    Args:
        leaves: the leaves of a report.
    """
    return sorted(leaves, key=lambda leaf: (leaf.passes, ORDER.index(leaf.verdict)))


def verdict_counts(leaves: Sequence[Leaf]) -> dict[str, int]:
    """Returns the number of leaves of each verdict that occurs, worst first.

    Args:
        leaves: the leaves of a report.
    """
    found = [leaf.verdict for leaf in leaves]
    return {verdict: found.count(verdict) for verdict in ORDER if verdict in found}


def make_leaf(
    name: str,
    array: Any,
    findings: Sequence[Finding],
    gradient: float | None = None,
    movement: float | None = None,
) -> Leaf:
    """Makes the report of one leaf out of all findings about it.

    Args:
        name: the name of the leaf.
        array: the leaf, or anything with its `shape` and `dtype`.
        findings: at least one `Finding` about the whole leaf, and any `SliceFinding`s about slices
            of it.
        gradient: as in `Leaf`.
        movement: as in `Leaf`.

    Returns:
        The leaf with the verdict that comes first in `ORDER`. Its places are those of that
        finding, or else those of the slices.

    Raises:
        ValueError: no finding is about the whole leaf.
    """
    parts = [f for f in findings if isinstance(f, SliceFinding)]
    first, others = first_of([f for f in findings if not isinstance(f, SliceFinding)])
    parts.sort(key=lambda part: (part.axis, part.index))
    of_slices = dict.fromkeys(place for part in parts for place in part.where)
    return Leaf(
        name=name,
        shape=tuple(array.shape),
        dtype=str(array.dtype),
        verdict=first.verdict,
        evidence=first.evidence,
        where=list(first.where or of_slices),
        slices=[Slice(part.axis, part.index, part.verdict, part.evidence) for part in parts],
        also=[finding for finding in others if finding.verdict != "alive"],
        gradient=gradient,
        movement=movement,
    )
