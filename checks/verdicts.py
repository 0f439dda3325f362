"""The verdicts, their order, and what a report says of one leaf or slice."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

# Proof before measurement, cause before symptom: where several hold, the first wins.
ORDER = (
    "disconnected",
    "blocked",
    "non_finite",
    "wrong",
    "invariant",
    "unvisited",
    "stuck",
    "waking",
    "vanishing",
    "underflow",
    "starved",
    "alive",
    "reachable",
)
PASSING = frozenset({"alive", "waking", "reachable"})
# Slices of a passing leaf that are reported but fail nothing.
HARMLESS_SLICES = PASSING | {"unvisited", "vanishing", "underflow", "starved"}


@dataclass(frozen=True)
class Finding:
    """A verdict that holds, with the numbers or the proof."""

    verdict: str
    evidence: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slice:
    """Indices of one axis whose verdict is not the leaf's own; `index` is sorted."""

    axis: int
    index: tuple[int, ...]
    verdict: str
    evidence: str


@dataclass(frozen=True)
class Cure:
    """An edit that was tried on a copy, and brought a leaf back.

    Attributes:
        kind: what was edited: `leaf`, `equation` or `optimizer`.
        edit: the edit and its place, in words.
        measure: what the numbers are: `gradient` (root mean square), `update` (of one step,
            likewise) or `error` (of a custom rule, relative).
        before: the number as it was; not finite where the gradient is not.
        after: the number with the edit.
        leaves: names of all the leaves that it brought back.
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
        shape: of the leaf.
        dtype: name of its type.
        verdict: one of `ORDER`; `reachable` is the static part's word for "not refuted".
        evidence: one sentence with the numbers.
        where: `path:line primitive in module/path`, for each equation or stage that is to blame.
        slices: parts that fare differently.
        also: other verdicts that hold, after the first.
        gradient: root mean square of the gradient in float64, or None where not measured.
        movement: root mean square of the first update over that of the weight, likewise; None too
            for a weight that starts at zero.
        allowed: the reason given by the allow-list for letting it pass.
        cures: edits that were tried and brought it back.
        tried: how many edits were tried on it; None where none were asked for.
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
        """Number of elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def passes(self) -> bool:
        """Whether the leaf and all its slices pass, or the allow-list lets them."""
        slices_pass = all(part.verdict in HARMLESS_SLICES for part in self.slices)
        return self.allowed is not None or (self.verdict in PASSING and slices_pass)

    def allowed_because(self, reason: str) -> "Leaf":
        """The same leaf, let pass."""
        return replace(self, allowed=reason)


def first_of(findings: list[Finding]) -> tuple[Finding, list[Finding]]:
    """The winning finding, and the others in order; of two alike, one that names a place.

    Raises:
        ValueError: there is none.
    """
    if not findings:
        raise ValueError("a leaf needs at least one finding: got none")
    ranked = sorted(findings, key=lambda f: (ORDER.index(f.verdict), not f.where))
    return ranked[0], [f for f in ranked[1:] if f.verdict != ranked[0].verdict]


def worst_first(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Failing leaves before passing ones, then in the order of the verdicts."""
    return sorted(leaves, key=lambda leaf: (leaf.passes, ORDER.index(leaf.verdict)))


def verdict_counts(leaves: Sequence[Leaf]) -> dict[str, int]:
    """Number of leaves of each verdict that occurs, worst first."""
    found = [leaf.verdict for leaf in leaves]
    return {verdict: found.count(verdict) for verdict in ORDER if verdict in found}
