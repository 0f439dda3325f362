"""The judge of `unvisited`: these data do not use the leaf, but others of the same kind do."""

from collections.abc import Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Findings
from checks.judges.ends import add_ends
from checks.judges.judge import Judge
from checks.judges.views import describe_search, describe_size, find_in_views
from checks.measure.response import NOTICED
from checks.measure.survey import LONGER, NOWHERE, UNTRIED


def find_unvisited(evidence: Evidence) -> Findings:
    """Finds leaves and slices that have a gradient at other inputs with the same parameters.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `unvisited` is true, or of
        some of whose slices it is true. The other leaves are left out.
    """
    return add_ends(evidence, find_in_views(evidence, "unvisited", _select, _describe))


def _select(views: Sequence[View]) -> list[np.ndarray]:
    """Selects slices with a gradient at other inputs or in a branch that is not taken.

    A slice that was not redrawn counts as one: other slices of its axis have a gradient only at
    other inputs. So does a slice for which too few inputs were tried, or
    that longer data read.
    """
    return [
        np.isin(view.seen, ("inputs", "far", UNTRIED, LONGER))
        | ((view.seen == "branch") & (view.changes <= NOTICED))
        | ((view.seen == NOWHERE) & np.isnan(view.changes))
        for view in views
    ]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    size = describe_size(evidence, leaf, view, chosen)
    if (evidence.views(leaf)[view].seen[chosen] == UNTRIED).all():
        tried = describe_search(evidence, leaf, view, chosen)
        return f"measured: {size}; it has one at other parameters{tried}: too few to call it stuck"
    if (evidence.views(leaf)[view].seen[chosen] == LONGER).all():
        return f"measured: {size}; longer data of the same kind read the first of these slices"
    return f"measured: {size}; it has a gradient at other inputs with the same parameters"


UNVISITED = Judge("unvisited", find_unvisited, "#a05a10", is_harmless_in_slices=True)
