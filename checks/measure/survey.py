"""Finds where each leaf and slice has a gradient: at the data, or at which other points.

Further points are measured only while some slice has had no gradient at any point.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from checks.measure.branches import (
    differentiate_every_branch,
    differentiate_other_branch,
    find_choices,
)
from checks.measure.points import Point, Sampler
from checks.measure.readings import (
    Measurement,
    Reading,
    find_largest_by_view,
    is_strong,
    measure_point,
)
from checks.measure.screening import is_flat
from checks.measure.search import Search, Slices, search_inputs
from checks.program.leaves import Partition
from checks.program.runner import Gradient, Runner
from checks.proofs.dependence import Dependence

# Kinds of points, from the nearest to the data to the remotest.
KINDS = ("data", "inputs", "params", "far", "branch")
# In the place of a kind: the slice has no gradient at any point.
NOWHERE = "nowhere"
# In the place of a kind: it has one at other parameters, and too few other inputs were tried.
UNTRIED = "untried"
# In the place of `nowhere`: longer data of the same kind give it one.
LONGER = "longer"
# Kinds that count only for slices whose gradient is exactly zero at the points of other kinds.
_REMOTE = ("far", "branch")
# Most drawn inputs, and how many of them in a row may show nothing new.
_MOST_INPUTS = 12
_PATIENCE = 3
# The first points of each kind that are measured in any case: later ones are screened first. The
# responses of slices are measured at as many drawn parameters.
_MEASURED = {"inputs": 1, "params": 3}


@dataclass(frozen=True)
class LeafSurvey:
    """Where one leaf and its slices have a gradient.

    Attributes:
        seen: for each view (the whole leaf, then each axis) and each slice, the first kind of point
            at which the slice has a gradient, in the order of `KINDS`: `data`, `inputs`, `params`,
            `far`, `branch`; `nowhere` if there is none.
        is_zero: for each view, whether each slice's gradient is exactly zero at every point that is
            not remote.
        points: number of points with a finite gradient.
    """

    seen: list[np.ndarray]
    is_zero: list[np.ndarray]
    points: int


@dataclass(frozen=True)
class Survey:
    """All measurements, and where each leaf has a gradient.

    A point is the parameters and inputs at which gradients are measured.

    Attributes:
        data: the given parameters at each batch of the caller's data.
        others: further points, measured while some slice had no gradient; their readings and losses
            are kept, their gradients are not.
        leaves: for each leaf where it has a gradient; None for a leaf without a finite gradient.
        search: the inputs that were tried for slices with a gradient at other parameters alone;
            None if there were no such slices.
    """

    data: list[Measurement]
    others: list[Measurement]
    leaves: list[LeafSurvey | None]
    search: Search | None = None


def take_survey(
    runner: Runner,
    sampler: Sampler,
    dependence: Dependence,
    datasets: Sequence[Partition],
    say: Callable[[str], None],
) -> Survey:
    """Measures at the data and, while some slice has no gradient anywhere, at other points.

    Args:
        runner: the compiled program.
        sampler: draws the points.
        dependence: what depends on what in the program, by value and by tangent.
        datasets: the further arguments of the loss, one partition for each batch; at least one.
        say: called as `say(stage)` with the name of each stage when it begins.
    """
    say("gradients at the data, in float64 and as written")
    data = [measure_point(runner, sampler, sampler.keep_parameters(args)) for args in datasets]
    others: list[Measurement] = []
    for points in (_draw_inputs, _draw_parameters, _draw_far):
        stale = 0
        for number, point in enumerate(points(sampler)):
            pending = _find_pending(data, others)
            before = pending.total
            if before == 0 or stale >= _PATIENCE:
                break
            say(f"other {point.kind}: {before} slices without a gradient so far")
            if pending.is_noise and _shows_nothing(runner, point, number, pending.slices):
                stale = stale + 1 if point.kind == "inputs" else 0
                continue
            others.append(measure_point(runner, sampler, point).forget_gradients())
            unchanged = _find_pending(data, others).total == before
            if not unchanged and point.kind == "params" and point.args is not runner.program.args:
                kept = measure_point(runner, sampler, sampler.keep_inputs(point))
                others.append(kept.forget_gradients())
            stale = stale + 1 if unchanged and point.kind == "inputs" else 0
    pending = _find_pending(data, others)
    paths = find_choices(runner.program, dependence) if not pending.is_noise else ()
    for gradient in (differentiate_every_branch, differentiate_other_branch):
        if paths and _find_pending(data, others).total:
            say("other branches of the choices that depend on the data")
            others.append(_measure_branches(gradient(runner, paths, data[0].point), data[0]))
    return Survey(data, others, _survey_leaves([*data, *others]))


def add_search(
    runner: Runner, sampler: Sampler, survey: Survey, targets: Slices, say: Callable[[str], None]
) -> Survey:
    """Looks for inputs that give a gradient to slices, at the given parameters.

    Args:
        runner: the compiled program.
        sampler: draws the inputs; its later draws are as without the search.
        survey: where each leaf has a gradient.
        targets: leaf -> for each view booleans [slices]: those with a gradient at other parameters
            alone, also after the optimiser's steps.
        say: called as `say(stage)` with the name of the stage, unless there are no such slices.

    Returns:
        The survey with the search: a slice for which an input was found is seen at `inputs`, one
        for which too few were tried is `untried`. A whole leaf stays as it is: it fails either way.
    """
    count = sum(int(view.sum()) for views in targets.values() for view in views)
    if not count:
        return survey
    say(f"inputs for {count} slices with a gradient at other parameters alone")
    search = search_inputs(runner, sampler, survey.data[0].point, targets)
    others = [*survey.others, *search.found]
    found = Survey(survey.data, others, _survey_leaves([*survey.data, *others]), search)
    slices = {i: [np.zeros_like(views[0]), *views[1:]] for i, views in search.open.items()}
    return mark_slices(found, slices, "params", UNTRIED)


def mark_slices(
    survey: Survey, slices: Mapping[int, Sequence[np.ndarray]], old: str, new: str
) -> Survey:
    """Returns the survey with another kind in the place of one, for some slices.

    Args:
        survey: where each leaf has a gradient.
        slices: leaf -> for each view booleans [slices].
        old: the kind of point, or `nowhere`, that is replaced.
        new: what stands in its place.
    """
    leaves = list(survey.leaves)
    for leaf, views in slices.items():
        if (own := leaves[leaf]) is not None:
            seen = [np.where(v & (s == old), new, s) for v, s in zip(views, own.seen)]
            leaves[leaf] = replace(own, seen=seen)
    return replace(survey, leaves=leaves)


def _measure_branches(wide: Gradient, at: Measurement) -> Measurement:
    """Makes a measurement of kind `branch`; what is not finite counts as no gradient."""
    slopes = [None if g is None else np.nan_to_num(g) for g in wide.leaves]
    sizes = [None if g is None else find_largest_by_view(g) for g in slopes]
    readings = [None if s is None else Reading("branch", s, [x > 0 for x in s]) for s in sizes]
    found = Measurement(replace(at.point, kind="branch"), wide, at.written, readings)
    return found.forget_gradients()


def _draw_inputs(sampler: Sampler) -> Iterator[Point]:
    for _ in range(_MOST_INPUTS):
        yield sampler.draw_inputs()


def _draw_parameters(sampler: Sampler) -> Iterator[Point]:
    yield sampler.draw_near(0.03, redraw=False)
    yield sampler.draw_near(0.3, redraw=True)
    for factor in (1.0, 0.3, 0.05):
        yield sampler.draw_parameters(factor, redraw=False)
        yield sampler.draw_parameters(factor, redraw=True)


def _draw_far(sampler: Sampler) -> Iterator[Point]:
    for scale in (10.0, 30.0, 100.0):
        yield sampler.draw_far_inputs(scale)


class _Pending(NamedTuple):
    """The slices without a gradient at any point so far.

    Attributes:
        slices: leaf -> for each view booleans [slices]; leaves without such a slice are left out.
        is_noise: whether each of them had a gradient of rounding noise at some point that is not
            remote; True if there are none.
    """

    slices: dict[int, list[np.ndarray]]
    is_noise: bool

    @property
    def total(self) -> int:
        """The number of these slices, over all views."""
        return sum(int(view.sum()) for views in self.slices.values() for view in views)


def _find_pending(data: Sequence[Measurement], others: Sequence[Measurement]) -> _Pending:
    slices, is_noise = {}, True
    for i, leaf in enumerate(_survey_leaves([*data, *others])):
        views = [] if leaf is None else [seen == NOWHERE for seen in leaf.seen]
        if leaf is not None and any(view.any() for view in views):
            slices[i] = views
            is_noise &= not any((view & zero).any() for view, zero in zip(views, leaf.is_zero))
    return _Pending(slices, is_noise)


def _shows_nothing(
    runner: Runner, point: Point, number: int, pending: dict[int, list[np.ndarray]]
) -> bool:
    """Returns whether a point need not be measured for slices whose gradient is rounding noise.

    Remote points do not count for them, and the first points of each other kind are measured.
    """
    if point.kind in _REMOTE:
        return True
    return number >= _MEASURED[point.kind] and is_flat(runner, point, pending)


def _survey_leaves(measured: Sequence[Measurement]) -> list[LeafSurvey | None]:
    columns = zip(*(m.readings for m in measured))
    at_data = max((m.strongest for m in measured if m.point.kind == "data"), default=0.0)
    strongest = [max(m.strongest, at_data) for m in measured]
    return [_survey_leaf(column, strongest) for column in columns]


def _survey_leaf(
    readings: Sequence[Reading | None], strongest: Sequence[float]
) -> LeafSurvey | None:
    pairs = [(r, top) for r, top in zip(readings, strongest) if r is not None]
    if not pairs:
        return None
    views = range(len(pairs[0][0].size))
    nearer = [r for r, _ in pairs if r.kind not in _REMOTE]
    is_zero = [np.all([r.size[view] == 0 for r in nearer], axis=0) for view in views]
    seen = [_find_nearest(pairs, view, is_zero[view]) for view in views]
    return LeafSurvey(seen, is_zero, len(pairs))


def _find_nearest(pairs: list[tuple[Reading, float]], view: int, is_zero: np.ndarray) -> np.ndarray:
    """Returns the first kind of point, if any, at which each slice has a gradient."""
    seen = {kind: _is_seen(pairs, kind, view) for kind in KINDS}
    counts = [found & is_zero if kind in _REMOTE else found for kind, found in seen.items()]
    return np.select(counts, list(KINDS), NOWHERE)


def _is_seen(pairs: list[tuple[Reading, float]], kind: str, view: int) -> np.ndarray:
    """Returns for each slice of a view whether it has a gradient at the points of one kind.

    At the data, one point with a gradient is enough. Elsewhere a slice needs a strong gradient at
    one point or, unless the points are remote, a weak one at most of them: where exponentials
    underflow, rounding errors remain that no jitter changes.
    """
    readings = [(r, top) for r, top in pairs if r.kind == kind]
    weak = np.zeros(pairs[0][0].size[view].shape, int)
    clear = weak > 0
    for reading, top in readings:
        weak += reading.alive[view]
        clear = clear | (reading.alive[view] & is_strong(reading, top)[view])
    if kind == "data":
        return weak > 0
    return clear if kind in _REMOTE else clear | (weak > max(1, len(readings) // 2))
