"""Measures gradients at a point, and reads them leaf by leaf and slice by slice.

A *view* of a leaf is the leaf as one slice (view 0) or its slices along axis a (view 1 + a).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from checks.measure.points import Point, Sampler
from checks.program.leaves import Partition
from checks.program.runner import Gradient, Runner
from checks.program.shadow import widen_dtype

# A gradient that changes by more than this share under a jitter consists of rounding errors.
_NOISE_CHANGE = 0.3
# A gradient below this share of the one as written is noise: noise is 5e8 times larger in float32
# than in float64, a gradient is not.
_NOISE_RATIO = 1e-7
# Below this share of the strongest gradient, one jitter does not decide.
_WEAK = 1e-9
# Above this share of the strongest gradient, rounding errors are rare: a gradient that a jitter
# changes is compared again, since a jitter also crosses the steps of a quantiser.
_FAR_ABOVE_NOISE = 1e-6
# Pairs of opposite jitters for such a gradient.
_MOST_PAIRS = 2


class Reading(NamedTuple):
    """What was measured of one leaf at one point.

    Attributes:
        kind: the kind of the point, such as `data`.
        size: for each view (the whole leaf, then the slices of each axis) an array [slices] of the
            largest |gradient| of each slice in float64.
        alive: for each view booleans [slices], whether the gradient of each slice is above rounding
            noise.
    """

    kind: str
    size: list[np.ndarray]
    alive: list[np.ndarray]


class Measurement(NamedTuple):
    """What was measured at one point.

    Attributes:
        point: the point.
        wide: loss and gradient in float64.
        written: loss and gradient in the types of the program.
        readings: for each leaf its reading; None if the gradient is missing or not finite.
    """

    point: Point
    wide: Gradient
    written: Gradient
    readings: list[Reading | None]

    @property
    def strongest(self) -> float:
        """The largest |gradient| of any leaf in float64, 0 if there is none."""
        return _find_strongest(self.readings)

    def forget_gradients(self) -> "Measurement":
        """Returns a copy without the gradients, which are as large as the parameters."""
        none: list[np.ndarray | None] = [None] * len(self.readings)
        wide, written = (g._replace(leaves=none) for g in (self.wide, self.written))
        return self._replace(wide=wide, written=written)


def measure_point(runner: Runner, sampler: Sampler, point: Point) -> Measurement:
    """Measures the gradients at a point, and at jittered points to tell them from rounding noise.

    One jitter may leave noise unchanged by chance. Two more are tried if some gradient is weak
    beside those of the other leaves. A strong gradient that a jitter changes may lie at a step,
    such as that of a quantiser: it counts if most of its elements agree at any two jitters.

    Args:
        runner: the compiled program.
        sampler: draws the jittered points.
        point: parameters and inputs.

    Returns:
        The gradients in float64 and as written, with one reading for each leaf.
    """
    wide = runner.compute_wide(point.leaves, point.args)
    written = runner.compute_written(*narrow_point(runner, point))
    readings = _read_all(runner, sampler, Measurement(point, wide, written, []))
    if any(map(_is_doubtful, readings, [_find_strongest(readings)] * len(readings))):
        for _ in range(2):
            again = _read_all(runner, sampler, Measurement(point, wide, written, []))
            readings = list(map(_unite, readings, again))
    found = Measurement(point, wide, written, readings)
    return found._replace(readings=_compare_jitters(runner, sampler, found))


def is_strong(reading: Reading, strongest: float) -> list[np.ndarray]:
    """Returns for each view booleans [slices]: whether the gradient is above 1e-9 of the strongest.

    Args:
        reading: what was measured of a leaf at a point.
        strongest: the largest |gradient| of any leaf at that point.
    """
    return [size > _WEAK * strongest for size in reading.size]


def _find_strongest(readings: Sequence[Reading | None]) -> float:
    return max((float(r.size[0][0]) for r in readings if r is not None), default=0.0)


def _is_doubtful(reading: Reading | None, strongest: float) -> bool:
    if reading is None:
        return False
    strong = is_strong(reading, strongest)
    return any(bool((alive & ~sure).any()) for alive, sure in zip(reading.alive, strong))


def _unite(one: Reading | None, two: Reading | None) -> Reading | None:
    if one is None or two is None:
        return None
    return one._replace(alive=[a & b for a, b in zip(one.alive, two.alive)])


def _compare_jitters(runner: Runner, sampler: Sampler, at: Measurement) -> list[Reading | None]:
    """Returns the readings, in which strong slices are alive if any two jitters agree on them."""
    bar = _FAR_ABOVE_NOISE * _find_strongest(at.readings)
    samples, readings, moved = [at.wide.leaves], at.readings, at.point.leaves
    for number in range(2 * _MOST_PAIRS):
        if not any(map(partial(_is_open, bar), readings, at.written.leaves)):
            break
        is_second = number % 2 == 1
        opposite = [2 * x - y for x, y in zip(at.point.leaves, moved)]
        moved = opposite if is_second else sampler.jitter(at.point).leaves
        new = runner.compute_wide(moved, at.point.args).leaves
        for old in samples:
            readings = list(map(partial(_add_agreement, bar), readings, old, new))
        samples.append(new)
    return readings


def _is_open(bar: float, reading: Reading | None, written: np.ndarray | None) -> bool:
    """Returns whether a slice has a strong gradient that counts as noise for its jitter alone."""
    if reading is None or written is None:
        return False
    is_coarse = _find_coarse(reading.size, written)
    slices = zip(reading.size, reading.alive, is_coarse)
    return any(bool((~alive & ~coarse & (size > bar)).any()) for size, alive, coarse in slices)


def _add_agreement(
    bar: float, reading: Reading | None, one: np.ndarray | None, two: np.ndarray | None
) -> Reading | None:
    """Returns the reading; slices are alive too if most of their strong elements agree."""
    if reading is None or one is None or two is None:
        return reading
    is_strong_element = np.abs(one) > bar
    agrees = is_strong_element & ~(np.abs(one - two) > _NOISE_CHANGE * np.abs(one))
    shares = zip(reading.alive, _count_by_view(is_strong_element), _count_by_view(agrees))
    return reading._replace(
        alive=[alive | ((count > 0) & (2 * same >= count)) for alive, count, same in shares]
    )


def _count_by_view(mask: np.ndarray) -> list[np.ndarray]:
    rest = [tuple(a for a in range(mask.ndim) if a != axis) for axis in range(mask.ndim)]
    return [np.array([mask.sum()]), *(mask.sum(axis=others) for others in rest)]


def _read_all(runner: Runner, sampler: Sampler, at: Measurement) -> list[Reading | None]:
    jittered = runner.compute_wide(sampler.jitter(at.point).leaves, at.point.args)
    return [
        _read(at.point.kind, g, j, w)
        if g is not None and j is not None and w is not None and np.isfinite(g).all()
        else None
        for g, j, w in zip(at.wide.leaves, jittered.leaves, at.written.leaves)
    ]


def find_largest_by_view(array: np.ndarray) -> list[np.ndarray]:
    """Returns the largest magnitude in each slice of each view of an array.

    Args:
        array: an array of any shape.

    Returns:
        One array for each view: [1] for the whole, then [n] for the n slices of each axis. The
        largest of no elements is 0.
    """
    magnitude = np.abs(array)
    whole = np.array([magnitude.max() if magnitude.size else 0.0])
    axes = range(array.ndim)
    others = (tuple(a for a in axes if a != axis) for axis in axes)
    return [whole, *(magnitude.max(axis=rest, initial=0.0) for rest in others)]


def _read(kind: str, wide: np.ndarray, jittered: np.ndarray, written: np.ndarray) -> Reading:
    size, change = find_largest_by_view(wide), find_largest_by_view(wide - jittered)
    alive = [
        (s > 0) & ~(d > _NOISE_CHANGE * s) & ~coarse
        for s, d, coarse in zip(size, change, _find_coarse(size, written))
    ]
    return Reading(kind, size, alive)


def _find_coarse(size: Sequence[np.ndarray], written: np.ndarray) -> list[np.ndarray]:
    """Returns for each view whether the gradient as written is much larger: then it is noise."""
    finite = np.nan_to_num(
        written.astype(widen_dtype(written.dtype)), nan=0.0, posinf=0.0, neginf=0.0
    )
    return [~(s >= _NOISE_RATIO * c) for s, c in zip(size, find_largest_by_view(finite))]


def narrow_point(runner: Runner, point: Point) -> tuple[list[np.ndarray], Partition]:
    """Returns the leaves and arguments of a point in the types of the program.

    Args:
        runner: the compiled program.
        point: parameters and inputs in float64.
    """
    program = runner.program
    args = replace(point.args, learning=tuple(_cast(point.args.learning, program.args.learning)))
    return _cast(point.leaves, program.params.learning), args


def _cast(values: Sequence[Any], like: Sequence[Any]) -> list[np.ndarray]:
    return [np.asarray(x).astype(y.dtype) for x, y in zip(values, like)]
