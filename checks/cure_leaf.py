"""Edits of one leaf: a zero factor set to something, a leaf drawn anew."""

from collections.abc import Iterable
from itertools import chain

import numpy as np

from checks.edits import Edit, Ward
from checks.judge_stuck import ends, zero_factors
from checks.points import root_mean_square
from checks.vitals import Patient

_MOST_FACTORS = 4


def zero_edits(ward: Ward) -> Iterable[Edit]:
    """Each zero leaf that ends a gradient set to one or drawn, and then all of them at once."""
    factors = {p.leaf: _zeros(ward, p) for p in ward.ill_with("stuck", "unvisited")}
    zeros = dict.fromkeys(chain.from_iterable(factors.values()))
    for zero in zeros:
        yield _edit(ward, [zero], tuple(i for i, found in factors.items() if zero in found))
    together = dict.fromkeys(found for found in factors.values() if len(found) > 1)
    for found in together:
        leaves = tuple(i for i, own in factors.items() if own == found)
        yield _edit(ward, found, leaves)._replace(is_last=True)


def redrawing_edits(ward: Ward) -> Iterable[Edit]:
    """Each leaf itself drawn anew at the size of the others, then those that make it flat."""
    patients = ward.ill_with("stuck", "unvisited", "non_finite", "underflow")
    makers = {p.leaf: [p.leaf, *_makers(ward, p)] for p in patients}
    for leaf in dict.fromkeys(chain.from_iterable(makers.values())):
        yield _edit(ward, [leaf], tuple(i for i, found in makers.items() if leaf in found))


def _zeros(ward: Ward, patient: Patient) -> tuple[int, ...]:
    """Zero leaves in the factors at which the patient's gradient ends."""
    made = 0
    for tapped in ends(ward.tapped, patient.leaf):
        made |= zero_factors(tapped)
    leaves = ward.subject.points[0].leaves
    zeros = [i for i, x in enumerate(leaves) if made >> i & 1 and x.size and not x.any()]
    return tuple(zeros[:_MOST_FACTORS])


def _makers(ward: Ward, patient: Patient) -> list[int]:
    """Leaves out of which the operands are made at which the patient's gradient ends."""
    if patient.verdict not in ("stuck", "unvisited"):
        return []
    made = 0
    for tapped in ends(ward.tapped, patient.leaf):
        for bits in tapped.seen.operands.value:
            made |= bits
    count = ward.subject.program.leaf_count
    return [i for i in range(count) if made >> i & 1 and i != patient.leaf][:_MOST_FACTORS]


def _edit(ward: Ward, changed: Iterable[int], leaves: tuple[int, ...]) -> Edit:
    """Draws leaves anew; of the one patient that is a slice, the slice alone."""
    values, told = {}, []
    for i in changed:
        patient = ward.patients.get(i)
        values[i], how = _drawn(ward, i)
        told.append(how)
        if patient is not None and patient.view > 0:
            values[i] = _in_slices(ward.subject.points[0].leaves[i], values[i], patient)
            told[-1] = f"{how} on axis {patient.view - 1} at {patient.indices[0]}"
    return Edit("leaf", " and ".join(told), leaves, lambda subject: subject.with_leaves(values))


def _drawn(ward: Ward, leaf: int) -> tuple[np.ndarray, str]:
    """Normal numbers of the size of the other leaves; a scalar is that size itself."""
    leaves = ward.subject.points[0].leaves
    name = ward.subject.program.params.names[leaf]
    others = [root_mean_square(x) for i, x in enumerate(leaves) if i != leaf]
    sizes = [size for size in others if size > 0 and np.isfinite(size)]
    size = float(np.quantile(sizes, 0.5, method="lower")) if sizes else 1.0
    old = leaves[leaf]
    if old.size == 1:
        value = size if old.any() else 1.0
        return np.full_like(old, value), f"set {name} to {value:.2g}"
    drawn = size * np.random.default_rng(leaf).standard_normal(old.shape)
    return drawn.astype(
        old.dtype
    ), f"draw {name} anew from a normal distribution of size {size:.2g}"


def _in_slices(old: np.ndarray, new: np.ndarray, patient: Patient) -> np.ndarray:
    """The new values in the patient's slices, the old ones elsewhere."""
    mixed, axis = old.copy(), patient.view - 1
    where = (slice(None),) * axis + (list(patient.indices),)
    mixed[where] = new[where]
    return mixed
