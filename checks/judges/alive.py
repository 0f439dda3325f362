"""The judge of `alive`: the gradient at the data is above rounding noise."""

from collections.abc import Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.judges.views import describe_size, find_in_views, find_strongest_gradient


def find_alive(evidence: Evidence) -> Findings:
    """Finds the leaves that have a gradient, and those without elements.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `alive` is true, or of some
        of whose slices it is true. The other leaves are left out.
    """
    params, proof = evidence.program.params, evidence.proof
    empty = [i for i in proof.reachable if params.learning[i].size == 0]
    found = find_in_views(evidence, "alive", _select, _describe)
    return {**{i: [Finding("alive", "it has no elements")] for i in empty}, **found}


def _select(views: Sequence[View]) -> list[np.ndarray]:
    return [view.seen == "data" for view in views]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    size = describe_size(evidence, leaf, view, chosen)
    return f"{size}; the largest of any leaf is {find_strongest_gradient(evidence):.1e}"


ALIVE = Judge("alive", find_alive, "#2f7d50", passes=True, is_harmless_in_slices=True)
