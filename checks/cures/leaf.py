"""Edits of one leaf: a zero factor set to something, a leaf drawn anew."""

from collections.abc import Iterable
from functools import partial
from itertools import chain

import numpy as np

from checks.cures.edits import SMALL, Edit, Ward
from checks.cures.subject import Subject
from checks.cures.vitals import Patient
from checks.judges.stuck import ends, zero_factors

_MOST_FACTORS = 4


def zero_edits(ward: Ward) -> Iterable[Edit]:
    """Each zero leaf that ends a gradient set to one or drawn, and then all of them at once."""
    factors = {p.leaf: _zeros(ward, p) for p in ward.ill_with("stuck", "unvisited")}
    zeros = dict.fromkeys(chain.from_iterable(factors.values()))
    for zero in zeros:
        yield _edit(ward, [zero], tuple(i for i, found in factors.items() if zero in found))
    others = {i: tuple(zero for zero in found if zero != i) for i, found in factors.items()}
    for together in dict.fromkeys(found for found in others.values() if len(found) > 1):
        leaves = tuple(i for i, found in factors.items() if set(together) <= set(found))
        yield _edit(ward, together, leaves)._replace(is_last=True)


def rescaling_edits(ward: Ward) -> Iterable[Edit]:
    """Leaves that are small factors on the way of a vanishing gradient, at the size of others."""
    factors = {p.leaf: _small_factors(ward, p) for p in ward.ill_with("vanishing")}
    for small in dict.fromkeys(chain.from_iterable(factors.values())):
        old = ward.subject.points[0].leaves[small]
        times = _size_of_others(ward, small) / ward.sizes[small]
        text = f"scale {ward.names([small])} {times:.1e} times"
        leaves = tuple(i for i, found in factors.items() if small in found)
        yield Edit("leaf", text, leaves, partial(Subject.with_leaves, values={small: times * old}))


def redrawing_edits(ward: Ward) -> Iterable[Edit]:
    """Each leaf itself drawn anew at the size of the others, then those that make it flat.

    It says little of the cause, so it is tried only where nothing else helped.
    """
    patients = ward.ill_with("stuck", "unvisited", "non_finite", "underflow")
    makers = {p.leaf: [p.leaf, *_makers(ward, p)] for p in patients}
    for leaf in dict.fromkeys(chain.from_iterable(makers.values())):
        leaves = tuple(i for i, found in makers.items() if leaf in found)
        yield _edit(ward, [leaf], leaves)._replace(is_last=True)


def _small_factors(ward: Ward, patient: Patient) -> list[int]:
    """Small leaves in the other operands of the products that weaken a patient's gradient."""
    made = 0
    for tapped in ward.tapped:
        if tapped.reaches(patient.leaf) and tapped.factor(patient.leaf) < SMALL:
            for bits in tapped.seen.operands.value:
                made |= 0 if bits >> patient.leaf & 1 else bits
    candidates = [i for i, size in enumerate(ward.sizes) if made >> i & 1 and size > 0]
    small = [i for i in candidates if ward.sizes[i] < SMALL * _size_of_others(ward, i)]
    return small[:_MOST_FACTORS]


def _zeros(ward: Ward, patient: Patient) -> tuple[int, ...]:
    """Zero leaves in the factors at which the patient's gradient ends."""
    made = 0
    for tapped in ends(ward.tapped, patient.leaf):
        made |= zero_factors(tapped)
    return tuple(i for i, x in enumerate(ward.sizes) if made >> i & 1 and x == 0)[:_MOST_FACTORS]


def _makers(ward: Ward, patient: Patient) -> list[int]:
    """Leaves out of which the operands are made at which the patient's gradient ends.

    Of a slice, the leaves of which other slices fail: those meet in a unit.
    """
    if patient.view > 0:
        return [p.leaf for p in ward.patients.values() if p.view > 0 and p != patient]
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
    name, size = ward.subject.program.params.names[leaf], _size_of_others(ward, leaf)
    old = ward.subject.points[0].leaves[leaf]
    if old.size == 1:
        value = size if old.any() else 1.0
        return np.full_like(old, value), f"set {name} to {value:.2g}"
    drawn = size * np.random.default_rng(leaf).standard_normal(old.shape).astype(old.dtype)
    return drawn, f"draw {name} anew from a normal distribution of size {size:.2g}"


def _size_of_others(ward: Ward, leaf: int) -> float:
    """The middle one of the root mean squares of the other leaves that are not zero, or one."""
    others = [size for i, size in enumerate(ward.sizes) if i != leaf]
    sizes = [size for size in others if size > 0 and np.isfinite(size)]
    return float(np.quantile(sizes, 0.5, method="lower")) if sizes else 1.0


def _in_slices(old: np.ndarray, new: np.ndarray, patient: Patient) -> np.ndarray:
    """The new values in the patient's slices, the old ones elsewhere."""
    mixed, axis = old.copy(), patient.view - 1
    where = (slice(None),) * axis + (list(patient.indices),)
    mixed[where] = new[where]
    return mixed
