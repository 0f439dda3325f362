"""Whether a leaf is well in a subject, by the engine's own measure of the verdict that it failed.

The same function measures the subject as it is given and each edited copy, so that the numbers
before and after are of one kind.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from checks.cures.subject import Subject
from checks.judges.alive import Optimisation, vanishing
from checks.measure.points import root_mean_square
from checks.measure.rules import comparisons, custom_calls
from checks.measure.simulate import CHECKPOINTS
from checks.program.runner import widen_array

# Optimiser steps after which a leaf is measured that an edit did not bring back at once.
_WAITS = CHECKPOINTS[1]


class Patient(NamedTuple):
    """A failing leaf, or the failing slices of a leaf that passes.

    Attributes:
        leaf: its index.
        verdict: the failing one.
        view: 0 for the whole leaf, 1 + a for slices along axis a.
        indices: which slices of the view.
        where: places that the verdict names.
    """

    leaf: int
    verdict: str
    view: int = 0
    indices: tuple[int, ...] = (0,)
    where: tuple[str, ...] = ()

    def part(self, array: np.ndarray) -> np.ndarray:
        """Its elements of an array of the leaf's shape."""
        return array if self.view == 0 else np.take(array, self.indices, self.view - 1)


class Vital(NamedTuple):
    """A number of a patient, whether the patient is well, and after how many steps that was."""

    size: float
    is_well: bool
    steps: int = 0


def vital(subject: Subject, patient: Patient) -> tuple[str, Vital]:
    """What is measured (`gradient`, `update` or `error`), and the measurement."""
    name, take = _BY_VERDICT.get(patient.verdict, ("gradient", _gradient))
    return name, take(subject, patient)


def living(subject: Subject) -> set[int]:
    """Leaves that have a gradient at the data."""
    readings = [reading for m in subject.measured for reading in enumerate(m.readings)]
    return {i for i, reading in readings if reading is not None and reading.alive[0][0]}


def _gradient(subject: Subject, patient: Patient) -> Vital:
    """Above the noise at the data; or, for a leaf that waited at a zero, after some steps."""
    found = Vital(*_at_data(subject, patient))
    is_measured = patient.leaf in subject.runner.watched
    if is_measured and not found.is_well and patient.verdict != "blocked":
        found = _after_steps(subject, patient)
    if found.is_well and patient.leaf in subject.trained[0].non_finite:
        return Vital(float("nan"), False, subject.trained[0].non_finite[patient.leaf][0])
    return found


def _at_data(subject: Subject, patient: Patient) -> tuple[float, bool]:
    sizes, is_alive = [0.0], False
    for measured in subject.measured:
        slope, written = (g.leaves[patient.leaf] for g in (measured.wide, measured.written))
        if slope is None or written is None:
            continue
        shown = slope if np.isfinite(widen_array(written)).all() else widen_array(written)
        sizes.append(root_mean_square(patient.part(shown)))
        reading = measured.readings[patient.leaf]
        if reading is not None and np.isfinite(shown).all():
            is_alive |= bool(reading.alive[patient.view][list(patient.indices)].all())
    return float(np.max(sizes)), is_alive


def _after_steps(subject: Subject, patient: Patient) -> Vital:
    leaves = [widen_array(x) for x in subject.trained[0].leaves[_WAITS]]
    point = replace(subject.points[0], leaves=leaves)
    after = replace(subject, points=(point,))
    return Vital(*_at_data(after, patient), steps=_WAITS)


def _share(subject: Subject, patient: Patient) -> Vital:
    size, is_alive = _at_data(subject, patient)
    weak = vanishing(subject.survey, sorted(living(subject)))
    return Vital(size, is_alive and patient.leaf not in weak)


def _update(subject: Subject, patient: Patient) -> Vital:
    """Moves within the engine's steps, downhill, and its gradient is not lost in rounding."""
    leaf, (training, state) = patient.leaf, subject.trained
    path = [widen_array(training.leaves[step][leaf]) for step in sorted(training.leaves)]
    moves = [new - path[0] for new in path[1:]]
    size = root_mean_square(moves[-1]) / max(CHECKPOINTS)
    slope = subject.measured[0].wide.leaves[leaf]
    first = next((move for move in moves if move.any()), None)
    if slope is None or first is None or not np.isfinite(slope).all():
        return Vital(size, False)
    optimisation = Optimisation(subject.runner, subject.survey, subject.chain, training, state)
    is_downhill = float(np.sum(first * slope).real) < 0
    is_lost = bool(optimisation.lost_in_rounding([leaf]))
    return Vital(size, is_downhill and optimisation.moves(leaf) and not is_lost)


def _error(subject: Subject, patient: Patient) -> Vital:
    """Largest relative error of the rules on the leaf's way, and whether none counts."""
    program = subject.program
    calls = custom_calls(subject.dependence, program.jaxpr, program.leaf_count)
    calls = [call for call in calls if call.arriving >> patient.leaf & 1]
    faults = [
        fault
        for fault in comparisons(subject.runner, calls, subject.points)
        if fault.leaves >> patient.leaf & 1
    ]
    is_right = not any(fault.counts for fault in faults)
    return Vital(max(f.error for f in faults), is_right and _at_data(subject, patient)[1])


_BY_VERDICT: dict[str, tuple[str, Callable[[Subject, Patient], Vital]]] = {
    "wrong": ("error", _error),
    "vanishing": ("gradient", _share),
    "underflow": ("update", _update),
    "starved": ("update", _update),
}
