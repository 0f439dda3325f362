"""Cures, tried: edits of one leaf, one equation or one optimiser stage that bring a leaf back.

Each family proposes edits for the failing leaves of a report. An edit is applied to a copy, the
copy is measured as the original was, and the edit is reported only where the leaf is then well and
no leaf that was alive is lost. Adding a family is one function and one line in `FAMILIES`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from checks.cures.cut import blocking_edits, rule_edits, series_edits
from checks.cures.edits import Edit, Ward
from checks.cures.finite import finite_edits
from checks.cures.flat import factor_edits, flat_edits
from checks.cures.leaf import redrawing_edits, rescaling_edits, zero_edits
from checks.cures.optimizer import optimizer_edits
from checks.cures.precision import precision_edits
from checks.cures.subject import Subject
from checks.cures.vitals import Patient, Vital, living, vital
from checks.progress import Say
from checks.verdicts import HARMLESS_SLICES, PASSING, Cure, Leaf

# In the order in which they are tried: what says most about the cause comes first.
FAMILIES: tuple[Callable[[Ward], Iterable[Edit]], ...] = (
    blocking_edits,
    rule_edits,
    series_edits,
    finite_edits,
    zero_edits,
    flat_edits,
    factor_edits,
    rescaling_edits,
    precision_edits,
    optimizer_edits,
    redrawing_edits,
)
# For each leaf: enough cures to choose from, and as many edits as are worth their time.
_ENOUGH = 2
_MOST_TRIED = 10
_SECONDS = 120.0
_SHOWN = 60


def with_cures(subject: Subject, leaves: Sequence[Leaf], say: Say) -> list[Leaf]:
    """The leaves, each failing one with the cures that were found; costs nothing without one."""
    patients = {i: patient for i, x in enumerate(leaves) if (patient := _patient(i, x))}
    if not patients:
        return list(leaves)
    records = _records(Ward(subject, patients), say)
    return [
        replace(leaf, cures=records[i].cures[:_ENOUGH], tried=records[i].tried)
        if i in records
        else leaf
        for i, leaf in enumerate(leaves)
    ]


@dataclass
class _Record:
    """What was found for one patient so far, and with how many edits."""

    cures: list[Cure] = field(default_factory=list)
    tried: int = 0

    def wants(self, edit: Edit) -> bool:
        """Whether the edit is worth trying for this patient."""
        enough = 1 if edit.is_last else _ENOUGH
        return len(self.cures) < enough and self.tried < _MOST_TRIED


def _records(ward: Ward, say: Say) -> dict[int, _Record]:
    """Tries what is proposed; what one patient wants is measured on all that it may help."""
    records = {i: _Record() for i in ward.patients}
    start = time.perf_counter()
    for edit in _proposed(ward, say):
        if time.perf_counter() - start > _SECONDS:
            break
        if any(records[i].wants(edit) for i in edit.leaves):
            say(f"cures: trying to {edit.text[:_SHOWN]}")
            cures = _outcome(ward, edit)
            for i in edit.leaves:
                records[i].tried += 1
                records[i].cures += [cures[i]] if i in cures else []
    return records


def _patient(leaf: int, found: Leaf) -> Patient | None:
    """What of a leaf is to be cured; None where it passes."""
    if found.passes:
        return None
    if found.verdict not in PASSING:
        return Patient(leaf, found.verdict, where=tuple(found.where))
    part = next(s for s in found.slices if s.verdict not in HARMLESS_SLICES)
    return Patient(leaf, part.verdict, 1 + part.axis, part.index)


def _proposed(ward: Ward, say: Say) -> Iterable[Edit]:
    """The edits of all families, each once; a family is asked when the ones before it are done."""
    known: set[str] = set()
    for family in FAMILIES:
        say(f"cures: {family.__name__.replace('_', ' ')}")
        for edit in _attempted(lambda family=family: list(family(ward))) or []:
            if edit.text not in known:
                known.add(edit.text)
                yield edit


def _attempted(work: Callable[[], Any]) -> Any:
    """The result, or None where it raises: what JAX cannot trace or differentiate is no cure."""
    try:
        return work()
    except Exception:
        return None


def _outcome(ward: Ward, edit: Edit) -> dict[int, Cure]:
    """The leaves that an edit brings back, each with its cure; none where it harms another."""
    found = _attempted(lambda: _measured(ward, edit))
    if found is None or living(ward.subject) - found[1]:
        return {}
    back = {i: after for i, after in found[0].items() if after.is_well}
    names = tuple(ward.subject.program.params.names[i] for i in back)
    return {i: _cure(ward, edit, i, after, names) for i, after in back.items()}


def _measured(ward: Ward, edit: Edit) -> tuple[dict[int, Vital], set[int]]:
    """The patients of an edit after it, and the leaves that have a gradient then."""
    with ward.subject.precision():
        edited = edit.apply(ward.subject)
    with edited.precision():
        return {i: vital(edited, ward.patients[i])[1] for i in edit.leaves}, living(edited)


def _cure(ward: Ward, edit: Edit, leaf: int, after: Vital, names: tuple[str, ...]) -> Cure:
    measure, before = ward.before(leaf)
    return Cure(edit.kind, edit.text, measure, before.size, after.size, names, after.steps)
