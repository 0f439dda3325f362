"""The findings that judges return, about a leaf and about slices of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A verdict with its evidence and place.

    Attributes:
        verdict: name of the verdict.
        evidence: one sentence with the numbers or the proof.
        where: `path:line primitive in module/path` of each equation or stage that is to blame.
    """

    verdict: str
    evidence: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class SliceFinding(Finding):
    """A finding about some slices of a leaf; it is not true of the leaf as a whole.

    Attributes:
        axis: the axis that is sliced.
        index: sorted indices along the axis.
    """

    axis: int = 0
    index: tuple[int, ...] = ()


# Index of a leaf -> the findings about it.
Findings = Mapping[int, Sequence[Finding]]
