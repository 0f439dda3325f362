"""Finds the equations at which the gradient of a leaf ends."""

from collections.abc import Sequence
from dataclasses import replace

from checks.evidence import Evidence
from checks.findings import Finding, Findings, SliceFinding
from checks.flow.taps import TappedEquation
from checks.program.bits import has_leaf, unite

# A cotangent below this share of the one that arrives is rounding.
_ENDED = 1e-14


def add_ends(evidence: Evidence, findings: Findings) -> Findings:
    """Adds to findings about whole leaves the equations at which the gradient ends.

    An equation ends a gradient if a cotangent enters it and none above rounding leaves it towards
    the leaf. Findings about slices are returned unchanged.

    Args:
        evidence: what was proved and measured.
        findings: the findings of one judge, by leaf.

    Returns:
        The findings, each with a further sentence and with places where ends were found.
    """
    return {
        leaf: [_add_end(evidence, leaf, finding) for finding in found]
        for leaf, found in findings.items()
    }


def find_ends(tapped: Sequence[TappedEquation], leaf: int) -> list[TappedEquation]:
    """Returns the equations that a cotangent enters but does not leave towards the leaf.

    A share below 1e-14 of the cotangent that arrives counts as none.

    Args:
        tapped: the cotangents of the equations.
        leaf: the index of a leaf.
    """
    return [t for t in tapped if t.reaches(leaf) and t.size > 0 and t.factor(leaf) < _ENDED]


def find_zero_factors(tapped: TappedEquation) -> int:
    """Returns the set of the leaves from which an equation's zero operands are computed.

    It is an integer in which bit i stands for leaf i.

    Args:
        tapped: the cotangents of the equation.
    """
    operands = zip(tapped.seen.operands.value, tapped.is_zero)
    return unite(leaves for leaves, is_zero in operands if is_zero)


def _add_end(evidence: Evidence, leaf: int, finding: Finding) -> Finding:
    ends = [] if isinstance(finding, SliceFinding) else find_ends(evidence.tapped, leaf)
    if not ends:
        return finding
    text = f"{finding.evidence}; {_describe_ends(evidence, ends)}"
    return replace(finding, evidence=text, where=tuple(dict.fromkeys(t.place for t in ends)))


def _describe_ends(evidence: Evidence, ends: Sequence[TappedEquation]) -> str:
    names = list(dict.fromkeys(name for t in ends for name in _find_zero_leaves(evidence, t)))
    primitives = ", ".join(dict.fromkeys(t.seen.site.equation.primitive.name for t in ends))
    if names:
        return f"its gradient ends at {primitives}, where a factor is zero: {', '.join(names)}"
    if any(t.is_zero.any() for t in ends):
        return f"its gradient ends at {primitives}, where a factor is zero"
    return f"its gradient ends at {primitives}, which is flat there"


def _find_zero_leaves(evidence: Evidence, tapped: TappedEquation) -> list[str]:
    """Returns the names of the zero leaves from which an equation's zero operands are computed."""
    params, leaves = evidence.program.params, find_zero_factors(tapped)
    return [
        name
        for i, name in enumerate(params.names)
        if has_leaf(leaves, i) and not bool(params.learning[i].any())
    ]
