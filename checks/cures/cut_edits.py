"""Edits of equations that pass a leaf's value and not its gradient."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.edits import Edit, EquationGroup, group_by_place
from checks.cures.failures import Failures
from checks.cures.loop_edits import edit_loop
from checks.cures.rule_edits import use_own_derivative
from checks.cures.stop_edits import StopOthers
from checks.cures.straight_through import ROUNDING, SURROGATES, StraightThrough
from checks.program import jaxprs
from checks.program.bits import has_leaf, to_bits
from checks.proofs.cuts import Cut, find_cuts
from checks.proofs.dependence import Dependence, Rows

_MOST_IN_SERIES = 3
# Each group costs a static analysis or two.
_MOST_GROUPS = 8
_REMOVE = "remove the stop_gradient"
_ESTIMATE = "use a straight-through estimate"
_FLOAT_CUTS = ROUNDING | {"stop_gradient"}


def propose_cut_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes to remove the cuts of blocked leaves, line by line, or to give them a derivative.

    A cut is an equation that passes a leaf's value but not its gradient.

    Args:
        failures: the failing leaves and their loss.
    """
    blocked = to_bits(f.leaf for f in failures.select("blocked"))
    if not blocked:
        return
    loss = failures.loss
    cuts = find_cuts(loss.dependence, loss.program.jaxpr, blocked)
    for group in group_by_place([(cut.site, cut.leaves) for cut in cuts], failures):
        name = group.equation.primitive.name
        if name == "stop_gradient":
            yield group.replace(_REMOVE, lambda _, operands: operands)
            yield _stop_other_leaves(failures, group)
        elif name in SURROGATES:
            yield group.rewrite(_ESTIMATE, StraightThrough(group.paths))
        elif name in jaxprs.CUSTOM_RULES:
            yield group.replace("use JAX's own derivative", use_own_derivative)
        elif name == "while":
            yield edit_loop(failures, group)


def propose_series_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes, for blocked leaves with several cuts in a row, a straight-through estimate at each.

    Args:
        failures: the failing leaves and their loss.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for failing in failures.select("blocked"):
        groups.setdefault(failing.where, []).append(failing.leaf)
    for leaves in list(groups.values())[:_MOST_GROUPS]:
        cuts = _find_series(failures, leaves[0])
        if len(cuts) > 1 and all(cut.primitive in _FLOAT_CUTS for cut in cuts):
            steps = [f"{_describe_step(cut)} at {cut.place}" for cut in cuts]
            estimate = StraightThrough({cut.site.path for cut in cuts})
            text = " and ".join(dict.fromkeys(steps))
            rewrite = partial(DiagnosedLoss.rewrite, interpreter=estimate)
            yield Edit("equation", text, tuple(leaves), rewrite, is_last=True)


def _describe_step(cut: Cut) -> str:
    return _REMOVE if cut.primitive == "stop_gradient" else _ESTIMATE


def _stop_other_leaves(failures: Failures, group: EquationGroup) -> Edit:
    text = f"let only the gradient of {failures.name(group.leaves)} pass"
    count = failures.loss.program.leaf_count
    return group.rewrite(text, StopOthers(group.paths, group.leaves, count), is_last=True)


def _find_series(failures: Failures, leaf: int) -> list[Cut]:
    """Returns the cuts of a leaf, those found when they are opened, and so on until the loss."""
    cuts: list[Cut] = []
    jaxpr = failures.loss.program.jaxpr
    for _ in range(_MOST_IN_SERIES):
        opened = _OpenedCuts(cuts)
        if has_leaf(opened.get_jaxpr_rows(jaxpr).tangent[0], leaf):
            break
        cuts += [cut for cut in find_cuts(opened, jaxpr, to_bits([leaf])) if cut not in cuts]
    return cuts


class _OpenedCuts(Dependence):
    """Computes the dependence of a program as if some cuts let tangents pass."""

    def __init__(self, cuts: Sequence[Cut]) -> None:
        super().__init__()
        self._cuts = [cut.site.equation for cut in cuts]

    def get_equation_rows(self, equation: Any) -> Rows:
        """Returns the rows of an equation; the tangents of an opened cut go where values go."""
        rows = super().get_equation_rows(equation)
        is_opened = any(equation is cut for cut in self._cuts)
        return rows._replace(tangent=rows.value) if is_opened else rows
