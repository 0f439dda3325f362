"""Tries cures: edits of one leaf, one equation or one optimiser stage.

Each family proposes edits for the failing leaves. An edit is applied to a copy of the diagnosed
loss, and the copy is measured as the original was. The edit is reported for the leaves that then
pass, unless a leaf that had a gradient loses it. To add a family, write one function and add one
line to `FAMILIES`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from checks.cures.cut_edits import propose_cut_edits, propose_series_edits
from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.edits import Edit
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.failures import Failures
from checks.cures.flat_edits import propose_factor_edits, propose_limit_edits
from checks.cures.leaf_edits import propose_redraw_edits, propose_scale_edits, propose_zero_edits
from checks.cures.leaf_measurement import (
    LeafMeasurement,
    find_leaves_with_gradient,
    measure_leaf,
)
from checks.cures.non_finite_edits import propose_domain_edits
from checks.cures.optimizer_edits import propose_optimizer_edits
from checks.cures.precision_edits import propose_precision_edits
from checks.cures.rule_edits import propose_rule_edits
from checks.progress import Say
from checks.verdicts import HARMLESS_SLICES, PASSING, Cure, Leaf

# In the order in which they are tried: what says most about the reason comes first.
FAMILIES: tuple[Callable[[Failures], Iterable[Edit]], ...] = (
    propose_cut_edits,
    propose_rule_edits,
    propose_series_edits,
    propose_domain_edits,
    propose_zero_edits,
    propose_limit_edits,
    propose_factor_edits,
    propose_scale_edits,
    propose_precision_edits,
    propose_optimizer_edits,
    propose_redraw_edits,
)
# For each leaf: enough cures to choose from, and as many edits as are worth their time.
_ENOUGH = 2
_MOST_TRIED = 10
# No edit is started later than this after the first.
_SECONDS = 120.0
# Letters of an edit in a progress message.
_SHOWN = 60


def find_cures(loss: DiagnosedLoss, leaves: Sequence[Leaf], say: Say) -> list[Leaf]:
    """Tries edits for the leaves that fail.

    Args:
        loss: the diagnosed loss.
        leaves: all its leaves with their verdicts, in the order of the program.
        say: called as `say(stage)` with the name of each stage when it begins.

    Returns:
        The leaves in their order, each failing one with at most two cures and the number of edits
        tried. No edit is started later than two minutes after the first.
    """
    failing = {i: one for i, leaf in enumerate(leaves) if (one := _find_failure(i, leaf))}
    if not failing:
        return list(leaves)
    trials = _try_edits(Failures(loss, failing), say)
    return [
        _add_cures(leaf, trials[i].cures[:_ENOUGH], trials[i].tried) if i in trials else leaf
        for i, leaf in enumerate(leaves)
    ]


@dataclass
class _LeafTrials:
    """The cures found for one failing leaf so far, and the number of edits tried."""

    cures: list[Cure] = field(default_factory=list)
    tried: int = 0

    def needs(self, edit: Edit) -> bool:
        """Returns whether the edit is worth trying for this leaf."""
        enough = 1 if edit.is_last else _ENOUGH
        return len(self.cures) < enough and self.tried < _MOST_TRIED


def _add_cures(leaf: Leaf, cures: list[Cure], tried: int) -> Leaf:
    """Returns the leaf with its cures; the places that a cure edits come first."""
    where = sorted(leaf.where, key=lambda place: not any(place in cure.edit for cure in cures))
    return replace(leaf, where=where, cures=cures, tried=tried)


def _try_edits(failures: Failures, say: Say) -> dict[int, _LeafTrials]:
    """Tries each edit that some leaf still needs, and records it for every leaf it may help."""
    trials = {i: _LeafTrials() for i in failures.leaves}
    start = time.perf_counter()
    for edit in _propose_edits(failures, say):
        if time.perf_counter() - start > _SECONDS:
            break
        if any(trials[i].needs(edit) for i in edit.leaves):
            say(f"cures: trying to {edit.text[:_SHOWN]}")
            cures = _try_edit(failures, edit)
            for i in edit.leaves:
                trials[i].tried += 1
                trials[i].cures += [cures[i]] if i in cures else []
    return trials


def _find_failure(leaf: int, found: Leaf) -> FailingLeaf | None:
    """Returns the failing leaf, or its first failing slices; None if it passes."""
    if found.passes:
        return None
    if found.verdict not in PASSING:
        return FailingLeaf(leaf, found.verdict, where=tuple(found.where))
    part = next(s for s in found.slices if s.verdict not in HARMLESS_SLICES)
    return FailingLeaf(leaf, part.verdict, 1 + part.axis, part.index)


def _propose_edits(failures: Failures, say: Say) -> Iterable[Edit]:
    """Yields the edits of all families, each once, one family after the other."""
    known: set[str] = set()
    for family in FAMILIES:
        say(f"cures: {family.__name__.removeprefix('propose_').replace('_', ' ')}")
        for edit in _attempt(lambda family=family: list(family(failures))) or []:
            if edit.text not in known:
                known.add(edit.text)
                yield edit


def _attempt(work: Callable[[], Any]) -> Any:
    """Returns the result, or None on an error: JAX cannot trace or differentiate every edit."""
    try:
        return work()
    except Exception:
        return None


def _try_edit(failures: Failures, edit: Edit) -> dict[int, Cure]:
    """Returns a cure for each leaf that passes; none if another leaf loses its gradient."""
    found = _attempt(lambda: _measure_after(failures, edit))
    if found is None or find_leaves_with_gradient(failures.loss) - found[1]:
        return {}
    cured = {i: after for i, after in found[0].items() if after.passes}
    names = tuple(failures.loss.program.params.names[i] for i in cured)
    return {i: _make_cure(failures, edit, i, after, names) for i, after in cured.items()}


def _measure_after(failures: Failures, edit: Edit) -> tuple[dict[int, LeafMeasurement], set[int]]:
    """Measures the leaves of an edit after it, and finds the leaves that then have a gradient."""
    with failures.loss.enter_precision():
        edited = edit.apply(failures.loss)
    with edited.enter_precision():
        after = {i: measure_leaf(edited, failures.leaves[i])[1] for i in edit.leaves}
        return after, find_leaves_with_gradient(edited)


def _make_cure(
    failures: Failures, edit: Edit, leaf: int, after: LeafMeasurement, names: tuple[str, ...]
) -> Cure:
    measure, before = failures.measure_before(leaf)
    return Cure(edit.kind, edit.text, measure, before.size, after.size, names, after.steps)
