"""The judge of `invariant`: the path is differentiable, but the leaf changes the loss nowhere."""

from collections.abc import Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Findings
from checks.judges.disconnected import select_disconnected
from checks.judges.judge import Judge
from checks.judges.views import (
    count_points,
    describe_size,
    find_in_views,
    find_largest_gradient,
    find_strongest_gradient,
)
from checks.measure.response import NOTICED
from checks.measure.survey import NOWHERE


def find_invariant(evidence: Evidence) -> Findings:
    """Finds leaves and slices without a gradient whose changes do not change the loss.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `invariant` is true, or of
        some of whose slices it is true. The other leaves are left out, also those whose gradient
        a constant takes away by vanishing.
    """
    found = find_in_views(evidence, "invariant", _select, _describe)
    return {i: findings for i, findings in found.items() if i not in evidence.lost_gradients}


def _select(views: Sequence[View]) -> list[np.ndarray]:
    return [
        (view.seen == NOWHERE) & ((view.changes <= NOTICED) | view.is_inert) & ~disconnected
        for view, disconnected in zip(views, select_disconnected(views))
    ]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    noise, points = "", count_points(evidence, leaf)
    if find_largest_gradient(evidence, leaf, view, chosen):
        strongest = find_strongest_gradient(evidence)
        noise = f", rounding noise (the largest of any leaf is {strongest:.1e})"
    is_inert = bool(evidence.views(leaf)[view].is_inert[chosen].any())
    kept = " unless they change its sign, as a scale that a normalisation cancels" * is_inert
    return (
        f"measured: {describe_size(evidence, leaf, view, chosen)}{noise}, and no more than noise "
        f"at any of {points} points; large changes of it do not change the loss{kept}"
    )


INVARIANT = Judge("invariant", find_invariant, "#c2571a")
