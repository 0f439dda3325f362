"""Verdicts of leaves and slices that show no gradient at the data."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from checks.measure.points import Point, Sampler
from checks.measure.readings import views
from checks.measure.survey import Fate, Survey
from checks.program.runner import Runner
from checks.verdicts import Slice

# A change of the loss by less than this share of its own size is rounding.
_ROUNDING = 1e-10
_SHOWN = 8


class Context(NamedTuple):
    """What the verdicts on dead leaves rest on.

    Attributes:
        runner: the compiled program.
        sampler: where its points come from.
        survey: what was measured.
        wakes: leaf -> for each view the number of optimiser steps after which a slice was first
            seen alive, 0 for never.
    """

    runner: Runner
    sampler: Sampler
    survey: Survey
    wakes: Callable[[int], list[np.ndarray]]


def judged(context: Context, leaf: int, fate: Fate) -> tuple[str, str, list[Slice]]:
    """Verdict and evidence of a leaf, `alive` where it is, and its slices that differ."""
    labels = _labels(context, leaf, fate)
    verdict = str(labels[0][0])
    evidence = _evidence(verdict, fate, 0, labels[0] == verdict, context, leaf)
    slices = []
    for axis, found in enumerate(labels[1:]):
        for other in dict.fromkeys(found):
            if other != verdict and len(found) > 1:
                index = tuple(int(i) for i in np.flatnonzero(found == other))
                text = _evidence(str(other), fate, axis + 1, found == other, context, leaf)
                slices.append(Slice(axis, index, str(other), text))
    return verdict, evidence, slices


def _labels(context: Context, leaf: int, fate: Fate) -> list[np.ndarray]:
    labels = []
    for view in range(len(fate.exact)):
        state = fate.state(view).astype(object)
        if (state == "still").any():
            steps = context.wakes(leaf)[view]
            state[state == "still"] = np.where(steps > 0, "waking", "stuck")[state == "still"]
        if (opened := state == "opened").any():
            state[opened] = _opened(context, leaf, view, opened)
        never = state == "never"
        undrawn = never & fate.exact[view] & (state == "unvisited").any()
        state[undrawn] = "unvisited"
        for group in (never & ~undrawn & fate.exact[view], never & ~fate.exact[view]):
            if group.any():
                state[group] = _never(context, leaf, view, group, bool(fate.exact[view][group][0]))
        labels.append(state)
        if len(set(labels[0])) == 1 and labels[0][0] == "invariant":
            state[state == "disconnected"] = "invariant"
    return labels


def _opened(context: Context, leaf: int, view: int, group: np.ndarray) -> str:
    """A gradient only if a choice went another way: do the data pass these slices by?"""
    data = [m.point for m in context.survey.data]
    noticed = _largest_change(context, leaf, view, group, data)
    return "blocked" if noticed > _ROUNDING else "unvisited"


def _never(context: Context, leaf: int, view: int, group: np.ndarray, exact: bool) -> str:
    """No derivative anywhere: does the loss notice large changes of these slices?"""
    survey = context.survey
    points = [survey.data[0].point, *(m.point for m in survey.others if m.point.kind == "params")]
    noticed = _largest_change(context, leaf, view, group, points[:4])
    if noticed > _ROUNDING:
        return "blocked"
    return "disconnected" if exact and noticed == 0 and view > 0 else "invariant"


def _largest_change(
    context: Context, leaf: int, view: int, group: np.ndarray, points: Sequence[Point]
) -> float:
    """Largest relative change of the loss when these slices alone are drawn anew."""
    survey = context.survey
    sizes = [abs(m.wide.loss) for m in [*survey.data, *survey.others] if np.isfinite(m.wide.loss)]
    typical = float(np.median(sizes)) if sizes else 1.0
    changes = [0.0]
    for point in points:
        before = context.runner.compute_wide_loss(point.leaves, point.args)
        for factor in (1.0, 10.0):
            moved = context.sampler.moved(point, leaf, _mask(point, leaf, view, group), factor)
            after = context.runner.compute_wide_loss(moved.leaves, moved.args)
            scale = max(abs(before), typical) or 1.0
            if np.isfinite(after) and np.isfinite(before):
                changes.append(abs(after - before) / scale)
    return max(changes)


def _mask(point: Point, leaf: int, view: int, group: np.ndarray) -> np.ndarray:
    """The elements of the leaf that belong to these slices, broadcastable to its shape."""
    shape = [1] * point.leaves[leaf].ndim
    if view > 0:
        shape[view - 1] = -1
    return group.reshape(shape)


def _evidence(
    verdict: str, fate: Fate, view: int, group: np.ndarray, context: Context, leaf: int
) -> str:
    points = f"{fate.points} points"
    at_data = float(_at_data(context, leaf, view)[group].max(initial=0.0))
    peers = context.survey.data[0].strongest
    size = f"largest |gradient| at the data {at_data:.1e} in float64"
    noise = f", rounding noise (the largest of any leaf is {peers:.1e})" if at_data else ""
    texts = {
        "alive": f"{size}; the largest of any leaf is {peers:.1e}",
        "unvisited": f"measured: {size}, but alive at other inputs with the same parameters",
        "stuck": f"measured: {size}, alive only at other parameters, and still so after 20 "
        "optimiser steps",
        "blocked": f"measured: zero gradient at {points}, yet large changes of it change the loss",
        "disconnected": f"measured: exactly zero at {points}, and no change of it changes one bit "
        "of the loss",
        "invariant": f"measured: {size}{noise}, and no more at any of {points}; large changes of "
        "it do not change the loss",
    }
    if verdict == "waking":
        steps = context.wakes(leaf)[view][group]
        return f"measured: {size}, alive after {int(steps.min())} optimiser steps"
    return texts[verdict]


def _at_data(context: Context, leaf: int, view: int) -> np.ndarray:
    """Largest |gradient| of each slice over the data."""
    readings: Sequence = [m.readings[leaf] for m in context.survey.data]
    sizes = [r.size[view] for r in readings if r is not None]
    return np.max(sizes, axis=0) if sizes else views(np.zeros(()))[0]
