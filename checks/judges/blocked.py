"""The judge of `blocked`: the loss depends on the leaf, but no derivative leads to it.

This file decides it in all three ways: by proof, by measurement, and by a custom rule that returns
zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.judges.views import count_points, find_in_views
from checks.measure.response import NOTICED
from checks.measure.rules import RuleError
from checks.measure.survey import NOWHERE, Survey
from checks.program.bits import has_leaf, to_bits
from checks.program.places import is_own_stop_of_jax
from checks.proofs.cuts import Cut, find_cuts
from checks.proofs.proof import Proof


def find_blocked(evidence: Evidence) -> Findings:
    """Finds blocked leaves by proof, by measurement and by rules, and slices by measurement.

    The loss depends on a blocked leaf, but no derivative leads to it.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `blocked` is true, or of
        some of whose slices it is true. The other leaves are left out.
    """
    found: dict[int, list[Finding]] = {}
    for findings in (
        {leaf: [finding] for leaf, finding in prove_blocked(evidence.proof).items()},
        _judge_measurements(evidence),
        _judge_rules(evidence),
    ):
        for leaf, more in findings.items():
            found.setdefault(leaf, []).extend(more)
    return found


def prove_blocked(proof: Proof) -> dict[int, Finding]:
    """Returns a finding for each leaf that the proof shows to be blocked.

    Args:
        proof: what was proved of the program.

    Returns:
        Index of each blocked leaf -> its finding, whose places are the equations without a
        derivative that cut it off.
    """
    return {
        leaf: _make_finding(_sort_by_guilt(c for c in proof.cuts if has_leaf(c.leaves, leaf)))
        for leaf in proof.blocked
    }


def is_zero_at_data(survey: Survey, leaf: int) -> bool:
    """Returns whether the leaf's float64 gradient is exactly zero, or missing, at every batch.

    Args:
        survey: gradients at the data.
        leaf: the index of a leaf.
    """
    slopes = [m.wide.leaves[leaf] for m in survey.data]
    return all(slope is None or not slope.any() for slope in slopes)


def describe_zero_rule(errors: Sequence[RuleError]) -> str:
    """Returns a sentence about a custom rule that returns zero where its function changes.

    Args:
        errors: errors of rules, at least one; the sentence names the rule of the first.
    """
    return f"measured: the rule of {errors[0].rule} returns exactly zero where its function changes"


def _sort_by_guilt(cuts: Iterable[Cut]) -> list[Cut]:
    """Puts the stops that JAX's own functions make last; they take nothing from a derivative."""
    return sorted(cuts, key=lambda cut: is_own_stop_of_jax(cut.site.equation))


def _make_finding(cuts: Sequence[Cut]) -> Finding:
    names = ", ".join(dict.fromkeys(cut.primitive for cut in cuts))
    text = f"proved: the loss depends on it, but every path crosses {names}, without a derivative"
    return Finding("blocked", text, tuple(dict.fromkeys(cut.place for cut in cuts)))


def _judge_measurements(evidence: Evidence) -> Findings:
    """Finds leaves and slices that change the loss and have no gradient; names the leaf's cuts."""
    found = find_in_views(evidence, "blocked", _select, _describe)
    return {
        leaf: [replace(finding, where=_find_cut_places(evidence, leaf)) for finding in findings]
        for leaf, findings in found.items()
    }


def _select(views: Sequence[View]) -> list[np.ndarray]:
    """Selects slices without a gradient that change the loss when they are drawn anew."""
    return [
        np.isin(v.seen, ("branch", NOWHERE)) & (v.changes > NOTICED) & ~v.is_inert for v in views
    ]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    del view, chosen
    points = count_points(evidence, leaf)
    return f"measured: zero gradient at {points} points, yet large changes of it change the loss"


def _find_cut_places(evidence: Evidence, leaf: int) -> tuple[str, ...]:
    cuts = find_cuts(evidence.proof.dependence, evidence.program.jaxpr, to_bits([leaf]))
    return tuple(dict.fromkeys(cut.place for cut in _sort_by_guilt(cuts)))


def _judge_rules(evidence: Evidence) -> Findings:
    """Finds leaves whose whole gradient passes through custom rules that return zero."""
    found = {}
    for leaf in evidence.runner.watched:
        errors = [
            error
            for error in evidence.rule_errors.found
            if error.is_zero and has_leaf(error.leaves, leaf)
        ]
        if errors and is_zero_at_data(evidence.survey, leaf):
            places = tuple(dict.fromkeys(error.place for error in errors))
            found[leaf] = [Finding("blocked", describe_zero_rule(errors), places)]
    return found


BLOCKED = Judge("blocked", find_blocked, "#d2483e")
