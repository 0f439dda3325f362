"""What is measured of one leaf at one point, for the leaf and for the slices along each axis."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from checks.measure.points import Point, Sampler
from checks.program.leaves import Partition
from checks.program.runner import Gradient, Runner

# A gradient that a jitter of the parameters by 1e-13 changes by more is made of rounding errors.
_NOISE_CHANGE = 0.3
# Rounding noise is about 5e8 times larger in float32 than in float64; a gradient is not.
_NOISE_RATIO = 1e-7
# Below this share of the strongest gradient, one jitter alone decides nothing.
_WEAK = 1e-9


class Reading(NamedTuple):
    """Largest magnitudes over one *view*: index 0 is the whole leaf, index 1 + a is axis a.

    Attributes:
        kind: the kind of the point.
        size: largest |gradient| in float64 of each slice, one array a view.
        alive: whether that is above rounding noise.
    """

    kind: str
    size: list[np.ndarray]
    alive: list[np.ndarray]


class Measured(NamedTuple):
    """A point with its gradients and the reading of each leaf.

    A leaf without derivative, or whose gradient is not finite, has no reading.
    """

    point: Point
    wide: Gradient
    written: Gradient
    readings: list[Reading | None]

    @property
    def strongest(self) -> float:
        """Largest |gradient| of any leaf."""
        return _strongest(self.readings)


def measure(runner: Runner, sampler: Sampler, point: Point) -> Measured:
    """Gradients at a point and readings of them; None where a gradient is missing or not finite.

    Where a gradient is weak against those of the other leaves, so that it might be rounding noise
    which one jitter left alone by chance, two more jitters are tried.
    """
    wide = runner.compute_wide(point.leaves, point.args)
    written = runner.compute_written(*narrow(runner, point))
    readings = _readings(runner, sampler, Measured(point, wide, written, []))
    if any(map(_is_doubtful, readings, [_strongest(readings)] * len(readings))):
        for _ in range(2):
            again = _readings(runner, sampler, Measured(point, wide, written, []))
            readings = list(map(_both_alive, readings, again))
    return Measured(point, wide, written, readings)


def is_strong(reading: Reading, strongest: float) -> list[np.ndarray]:
    """For each slice: whether its gradient stands far above any rounding noise of its peers."""
    return [size > _WEAK * strongest for size in reading.size]


def _strongest(readings: Sequence[Reading | None]) -> float:
    return max((float(r.size[0][0]) for r in readings if r is not None), default=0.0)


def _is_doubtful(reading: Reading | None, strongest: float) -> bool:
    if reading is None:
        return False
    strong = is_strong(reading, strongest)
    return any(bool((alive & ~sure).any()) for alive, sure in zip(reading.alive, strong))


def _both_alive(one: Reading | None, two: Reading | None) -> Reading | None:
    if one is None or two is None:
        return None
    return one._replace(alive=[a & b for a, b in zip(one.alive, two.alive)])


def _readings(runner: Runner, sampler: Sampler, at: Measured) -> list[Reading | None]:
    jittered = runner.compute_wide(sampler.jittered(at.point).leaves, at.point.args)
    return [
        _reading(at.point.kind, g, j, w)
        if g is not None and j is not None and w is not None and np.isfinite(g).all()
        else None
        for g, j, w in zip(at.wide.leaves, jittered.leaves, at.written.leaves)
    ]


def views(array: np.ndarray) -> list[np.ndarray]:
    """Largest magnitude of the whole array, then of each slice along each of its axes."""
    magnitude = np.abs(array)
    whole = np.array([magnitude.max() if magnitude.size else 0.0])
    axes = range(array.ndim)
    others = (tuple(a for a in axes if a != axis) for axis in axes)
    return [whole, *(magnitude.max(axis=rest, initial=0.0) for rest in others)]


def _reading(kind: str, wide: np.ndarray, jittered: np.ndarray, written: np.ndarray) -> Reading:
    size, change = views(wide), views(wide - jittered)
    coarse = views(np.nan_to_num(written.astype(wide.dtype), nan=0.0, posinf=0.0, neginf=0.0))
    alive = [
        (s > 0) & ~(d > _NOISE_CHANGE * s) & (s >= _NOISE_RATIO * c)
        for s, d, c in zip(size, change, coarse)
    ]
    return Reading(kind, size, alive)


def narrow(runner: Runner, point: Point) -> tuple[list[np.ndarray], Partition]:
    """Leaves and arguments of a point in the program's own types."""
    program = runner.program
    args = replace(point.args, learning=tuple(_cast(point.args.learning, program.args.learning)))
    return _cast(point.leaves, program.params.learning), args


def _cast(values: Sequence[Any], like: Sequence[Any]) -> list[np.ndarray]:
    return [np.asarray(x).astype(y.dtype) for x, y in zip(values, like)]
