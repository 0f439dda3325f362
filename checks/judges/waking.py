"""The judge of `waking`: the gradient is zero here, but not after some steps of training."""

from collections.abc import Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Findings
from checks.judges.ends import add_ends
from checks.judges.judge import Judge
from checks.judges.views import describe_size, find_in_views


def find_waking(evidence: Evidence) -> Findings:
    """Finds leaves and slices that get a gradient within the optimiser's steps.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `waking` is true, or of some
        of whose slices it is true. The other leaves are left out.
    """
    return add_ends(evidence, find_in_views(evidence, "waking", _select, _describe))


def _select(views: Sequence[View]) -> list[np.ndarray]:
    return [(view.seen == "params") & (view.steps > 0) for view in views]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    steps = int(evidence.views(leaf)[view].steps[chosen].min())
    size = describe_size(evidence, leaf, view, chosen)
    return f"measured: {size}; it has a gradient after {steps} optimiser steps"


WAKING = Judge("waking", find_waking, "#4c7d3f", passes=True, is_harmless_in_slices=True)
