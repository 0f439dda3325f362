"""Where each leaf and slice is alive: at the data, at other inputs, at other parameters, nowhere.

More points are tried only while some slice has not been seen alive.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.measure.branches import choices, every_branch, other_branch
from checks.measure.points import Point, Sampler
from checks.measure.readings import Measured, Reading, is_strong, measure, views
from checks.program.leaves import Partition
from checks.program.runner import Gradient, Runner
from checks.proofs.dependence import Dependence

# Kinds of points, from the nearest to the data to the remotest.
KINDS = ("data", "inputs", "params", "far", "branch")
# In the place of a kind: the slice has no gradient at any point.
NOWHERE = "nowhere"
# Kinds that count only for slices whose gradient is exactly zero at all other points.
_REMOTE = ("far", "branch")
_MOST_INPUTS = 12
_PATIENCE = 3


@dataclass(frozen=True)
class LeafSurvey:
    """Where one leaf and its slices have a gradient.

    Attributes:
        seen: for each view (the whole leaf, then each axis) and each slice, the first of `KINDS` at
            whose points the slice has a gradient; `NOWHERE` if there is none.
        is_zero: for each view, whether each slice's gradient is exactly zero at every point that is
            not remote.
        points: number of points with a finite gradient.
    """

    seen: list[np.ndarray]
    is_zero: list[np.ndarray]
    points: int


@dataclass(frozen=True)
class Survey:
    """All points measured.

    Attributes:
        data: the given parameters at each batch of the caller's data.
        others: further points, measured while some slice had no gradient.
        leaves: for each leaf what was seen of it; None for a leaf without a finite gradient.
    """

    data: list[Measured]
    others: list[Measured]
    leaves: list[LeafSurvey | None]


def take_survey(
    runner: Runner,
    sampler: Sampler,
    dependence: Dependence,
    datasets: Sequence[Partition],
    say: Callable[[str], None],
) -> Survey:
    """Measures at the data and, while anything looks dead, at other points."""
    say("gradients at the data, in float64 and as written")
    data = [measure(runner, sampler, sampler.data(args)) for args in datasets]
    others: list[Measured] = []
    for points in (_inputs, _params, _far):
        stale = 0
        for point in points(sampler):
            before = _pending(data, others)
            if before == 0 or stale >= _PATIENCE:
                break
            say(f"other {point.kind}: {before} slices not yet seen alive")
            others.append(measure(runner, sampler, point))
            unchanged = _pending(data, others) == before
            stale = stale + 1 if unchanged and point.kind == "inputs" else 0
    paths = choices(runner.program, dependence)
    for gradient in (every_branch, other_branch):
        if paths and _pending(data, others):
            say("other branches of the choices that the data make")
            others.append(_branched(gradient(runner, paths, data[0].point), data[0]))
    return Survey(data, others, _leaf_surveys([*data, *others]))


def _branched(wide: Gradient, at: Measured) -> Measured:
    """A measurement of kind `branch`; where it is not finite nothing is seen."""
    slopes = [None if g is None else np.nan_to_num(g) for g in wide.leaves]
    sizes = [None if g is None else views(g) for g in slopes]
    readings = [None if s is None else Reading("branch", s, [x > 0 for x in s]) for s in sizes]
    return Measured(replace(at.point, kind="branch"), wide, at.written, readings)


def _inputs(sampler: Sampler) -> Iterator[Point]:
    for _ in range(_MOST_INPUTS):
        yield sampler.inputs()


def _params(sampler: Sampler) -> Iterator[Point]:
    yield sampler.near(0.03, redraw=False)
    yield sampler.near(0.3, redraw=True)
    for factor in (1.0, 0.3, 0.05):
        yield sampler.redrawn(factor, redraw=False)
        yield sampler.redrawn(factor, redraw=True)


def _far(sampler: Sampler) -> Iterator[Point]:
    for scale in (10.0, 30.0, 100.0):
        yield sampler.far_inputs(scale)


def _pending(data: Sequence[Measured], others: Sequence[Measured]) -> int:
    """Number of slices without a gradient at any point so far."""
    found = [leaf for leaf in _leaf_surveys([*data, *others]) if leaf is not None]
    return sum(int((seen == NOWHERE).sum()) for leaf in found for seen in leaf.seen)


def _leaf_surveys(measured: Sequence[Measured]) -> list[LeafSurvey | None]:
    columns = zip(*(m.readings for m in measured))
    at_data = max((m.strongest for m in measured if m.point.kind == "data"), default=0.0)
    strongest = [max(m.strongest, at_data) for m in measured]
    return [_leaf_survey(column, strongest) for column in columns]


def _leaf_survey(
    readings: Sequence[Reading | None], strongest: Sequence[float]
) -> LeafSurvey | None:
    pairs = [(r, top) for r, top in zip(readings, strongest) if r is not None]
    if not pairs:
        return None
    views = range(len(pairs[0][0].size))
    nearer = [r for r, _ in pairs if r.kind not in _REMOTE]
    is_zero = [np.all([r.size[view] == 0 for r in nearer], axis=0) for view in views]
    seen = [_nearest(pairs, view, is_zero[view]) for view in views]
    return LeafSurvey(seen, is_zero, len(pairs))


def _nearest(pairs: list[tuple[Reading, float]], view: int, is_zero: np.ndarray) -> np.ndarray:
    """The first kind of point, if any, at which each slice has a gradient."""
    seen = {kind: _seen(pairs, kind, view) for kind in KINDS}
    counts = [found & is_zero if kind in _REMOTE else found for kind, found in seen.items()]
    return np.select(counts, list(KINDS), NOWHERE)


def _seen(pairs: list[tuple[Reading, float]], kind: str, view: int) -> np.ndarray:
    """At the data, alive at one point; elsewhere clearly at one, or weakly at most of them.

    Clearly means not far below the strongest gradient there and at the data: where exponentials
    underflow, rounding leaves remains that no jitter moves. Far out a weak gradient proves nothing.
    """
    chosen = [(r, top) for r, top in pairs if r.kind == kind]
    weak = np.zeros(pairs[0][0].size[view].shape, int)
    clear = weak > 0
    for reading, top in chosen:
        weak += reading.alive[view]
        clear = clear | (reading.alive[view] & is_strong(reading, top)[view])
    if kind == "data":
        return weak > 0
    return clear if kind in _REMOTE else clear | (weak > max(1, len(chosen) // 2))
