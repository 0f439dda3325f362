"""Where a gradient ends that arrives at an equation and does not leave it."""

from collections.abc import Sequence
from dataclasses import replace

from checks.evidence import Evidence
from checks.findings import Finding, Findings, SliceFinding
from checks.flow.taps import Tapped

# A cotangent below this share of the one that arrives is rounding.
_ENDED = 1e-14


def add_ends(evidence: Evidence, findings: Findings) -> Findings:
    """Adds to findings about whole leaves where the gradient ends, as a sentence and places."""
    return {
        leaf: [_with_end(evidence, leaf, finding) for finding in found]
        for leaf, found in findings.items()
    }


def find_ends(tapped: Sequence[Tapped], leaf: int) -> list[Tapped]:
    """The equations that a gradient arrives at and does not leave towards the leaf."""
    return [t for t in tapped if t.reaches(leaf) and t.size > 0 and t.factor(leaf) < _ENDED]


def zero_factors(tapped: Tapped) -> int:
    """Bit set of the leaves that an equation's zero operands are computed from."""
    found = 0
    for leaves, is_zero in zip(tapped.seen.operands.value, tapped.is_zero):
        found |= leaves if is_zero else 0
    return found


def _with_end(evidence: Evidence, leaf: int, finding: Finding) -> Finding:
    ends = [] if isinstance(finding, SliceFinding) else find_ends(evidence.tapped, leaf)
    if not ends:
        return finding
    text = f"{finding.evidence}; {_sentence(evidence, ends)}"
    return replace(finding, evidence=text, where=tuple(dict.fromkeys(t.place for t in ends)))


def _sentence(evidence: Evidence, ends: Sequence[Tapped]) -> str:
    names = list(dict.fromkeys(name for t in ends for name in _zero_leaves(evidence, t)))
    primitives = ", ".join(dict.fromkeys(t.seen.site.equation.primitive.name for t in ends))
    if names:
        return f"its gradient ends at {primitives}, where a factor is zero: {', '.join(names)}"
    if any(t.is_zero.any() for t in ends):
        return f"its gradient ends at {primitives}, where a factor is zero"
    return f"its gradient ends at {primitives}, which is flat there"


def _zero_leaves(evidence: Evidence, tapped: Tapped) -> list[str]:
    """Names of the zero leaves among those that the equation's zero operands are computed from."""
    params, leaves = evidence.program.params, zero_factors(tapped)
    return [
        name
        for i, name in enumerate(params.names)
        if leaves >> i & 1 and not bool(params.learning[i].any())
    ]
