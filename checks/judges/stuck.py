"""The judge of `stuck`: the gradient is zero here and in training, but not at other parameters."""

from collections.abc import Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Findings
from checks.judges.ends import add_ends
from checks.judges.judge import Judge
from checks.judges.views import describe_search, describe_size, find_in_views
from checks.measure.training import STEPS


def find_stuck(evidence: Evidence) -> Findings:
    """Finds leaves and slices that have a gradient at other parameters alone.

    They have none at the data, at other inputs, or after any of the optimiser's steps. The path
    itself is differentiable, since other parameters give them a gradient.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `stuck` is true, or of some
        of whose slices it is true. The other leaves are left out.
    """
    return add_ends(evidence, find_in_views(evidence, "stuck", _select, _describe))


def _select(views: Sequence[View]) -> list[np.ndarray]:
    return [(view.seen == "params") & (view.steps == 0) for view in views]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    size = describe_size(evidence, leaf, view, chosen)
    after = f"none after {STEPS} optimiser steps"
    tried = describe_search(evidence, leaf, view, chosen)
    return f"measured: {size}; it has a gradient at other parameters, but {after}{tried}"


STUCK = Judge("stuck", find_stuck, "#a8480f")
