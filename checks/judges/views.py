"""Makes findings about leaves and slices from the points at which they have a gradient."""

from collections.abc import Callable, Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Finding, Findings, SliceFinding
from checks.measure.readings import find_largest_by_view

# The views of a leaf -> for each view, whether the verdict holds for each slice.
Select = Callable[[Sequence[View]], list[np.ndarray]]
# The evidence, a leaf, a view and the selected slices of it -> a sentence.
Describe = Callable[[Evidence, int, int, np.ndarray], str]


def find_in_views(evidence: Evidence, verdict: str, select: Select, describe: Describe) -> Findings:
    """Makes findings for the selected leaves and, in leaves that are not selected, slices.

    Args:
        evidence: what was proved and measured.
        verdict: name of the verdict.
        select: called as `select(views)` with the views of a leaf (see `Evidence.views`); returns
            for each view a boolean array [slices].
        describe: called as `describe(evidence, leaf, view, chosen)` with the index of the leaf, the
            index of the view and the boolean array of that view; returns a sentence.

    Returns:
        Leaf index -> one finding about the whole leaf, if view 0 is selected; else a `SliceFinding`
        for each axis of more than one slice with a selected slice. Other leaves are left out.
    """
    found: dict[int, list[Finding]] = {}
    for leaf in evidence.responses:
        whole, *axes = select(evidence.views(leaf))
        if whole.any():
            found[leaf] = [Finding(verdict, describe(evidence, leaf, 0, whole))]
            continue
        for axis, chosen in enumerate(axes):
            if chosen.any() and len(chosen) > 1:
                text = describe(evidence, leaf, axis + 1, chosen)
                part = SliceFinding(verdict, text, axis=axis, index=_list_indices(chosen))
                found.setdefault(leaf, []).append(part)
    return found


def describe_size(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    """Returns a sentence with the largest |gradient| of these slices over the batches.

    Args:
        evidence: what was proved and measured.
        leaf: the index of a leaf.
        view: 0 for the whole leaf, 1 + a for slices along axis a.
        chosen: for each slice of the view, whether to include it.
    """
    size = find_largest_gradient(evidence, leaf, view, chosen)
    return f"largest |gradient| at the data {size:.1e} in float64"


def describe_search(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    """Returns the end of a sentence: which inputs were tried for these slices.

    It is empty if all of them are proved to have no gradient at any input.

    Args:
        evidence: what was proved and measured.
        leaf: the index of a leaf.
        view: 0 for the whole leaf, 1 + a for slices along axis a.
        chosen: for each slice of the view, whether to include it.
    """
    search = evidence.survey.search
    if search is None or not (chosen & ~search.never[leaf][view]).any():
        return ""
    return f"; with the given parameters, {search.describe()}"


def find_largest_gradient(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> float:
    """Returns the largest |gradient| of these slices over the batches, in float64.

    Args:
        evidence: what was proved and measured.
        leaf: the index of a leaf.
        view: 0 for the whole leaf, 1 + a for slices along axis a.
        chosen: for each slice of the view, whether to include it.
    """
    readings = [m.readings[leaf] for m in evidence.survey.data]
    sizes = [reading.size[view] for reading in readings if reading is not None]
    found = np.max(sizes, axis=0) if sizes else find_largest_by_view(np.zeros(()))[0]
    return float(found[chosen].max(initial=0.0))


def count_points(evidence: Evidence, leaf: int) -> int:
    """Returns the number of points at which the leaf has a finite gradient.

    Args:
        evidence: what was proved and measured.
        leaf: the index of a leaf.
    """
    found = evidence.survey.leaves[leaf]
    return 0 if found is None else found.points


def find_strongest_gradient(evidence: Evidence) -> float:
    """Returns the largest |gradient| of any leaf at the first batch, in float64.

    Args:
        evidence: what was proved and measured.
    """
    return evidence.survey.data[0].strongest


def _list_indices(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(chosen))
