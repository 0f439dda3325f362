"""Decides from two losses that a drawn point has nothing to show of the slices that are pending.

The bias of an attention's keys has no gradient but rounding noise at any point. A gradient at a
point would change the loss when the slices move, so the gradients at a point are not needed if the
loss stays the same. Slices whose gradient is exactly zero are not decided so: a custom rule may
give a gradient to what does not change the value.
"""

from collections.abc import Sequence

import numpy as np

from checks.measure.points import Point, root_mean_square
from checks.program.runner import Runner

# A change of the loss by less than this share of its own size is rounding.
_ROUNDING = 1e-10


def is_flat(
    runner: Runner, point: Point, pending: dict[int, list[np.ndarray]], factor: float = 1.0
) -> bool:
    """Returns whether the loss at a point stays the same when all pending slices move at once.

    Args:
        runner: the compiled program.
        point: parameters and inputs.
        pending: leaf -> for each view (the whole leaf, then each axis) booleans [slices]: those
            without a gradient so far.
        factor: the size of the moves over that of the leaf.
    """
    random = np.random.default_rng(0)  # its own, so that later points are drawn as without it
    moved = list(point.leaves)
    for leaf, views in pending.items():
        value = moved[leaf]
        step = factor * (root_mean_square(value) or 1.0) * random.standard_normal(value.shape)
        moved[leaf] = np.where(_find_elements(views, value.ndim), value + step, value)
    before, after = (runner.compute_wide_loss(x, point.args) for x in (point.leaves, moved))
    return abs(after - before) <= _ROUNDING * abs(before)


def _find_elements(views: Sequence[np.ndarray], ndim: int) -> np.ndarray:
    """Returns which elements are in some slice, in a shape that broadcasts to the leaf's."""
    mask = views[0].reshape([1] * ndim)
    for axis, view in enumerate(views[1:]):
        mask = mask | view.reshape([-1 if a == axis else 1 for a in range(ndim)])
    return mask
