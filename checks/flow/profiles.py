"""Measures gradient profiles: the size of the cotangent at each equation back to a leaf."""

from collections.abc import Sequence

import numpy as np

from checks.flow.taps import TappedEquation, tap
from checks.gradient_profile import Passage, Profile
from checks.measure.points import root_mean_square
from checks.program.leaves import Partition
from checks.program.runner import Runner
from checks.proofs.dependence import Dependence


def measure_profiles(
    runner: Runner,
    dependence: Dependence,
    leaves: Sequence[int],
    point: Sequence[np.ndarray],
    args: Partition,
) -> list[Profile]:
    """Measures the profiles of several leaves in one run.

    Args:
        runner: runs the program; it must watch these leaves.
        dependence: what depends on what in the program, by value and by tangent.
        leaves: positions of leaves that have a derivative.
        point: values of all leaves that can learn.
        args: the loss's further arguments, split by `partition`.

    Returns:
        A profile for each leaf, in the order of `leaves`.
    """
    tapped = tap(runner, dependence, leaves, point, args)
    slopes = runner.compute_wide(point, args).leaves
    names = runner.program.params.names
    return [
        Profile(names[i], tuple(_find_passages(tapped, i)), _measure_slope(slopes[i]))
        for i in leaves
    ]


def _measure_slope(slope: np.ndarray | None) -> float:
    return 0.0 if slope is None else root_mean_square(slope)


def _find_passages(tapped: Sequence[TappedEquation], leaf: int) -> list[Passage]:
    """Returns the equations that lead to the leaf, in the order of the backward pass."""
    return [_make_passage(one, leaf) for one in reversed(tapped) if one.reaches(leaf)]


def _make_passage(tapped: TappedEquation, leaf: int) -> Passage:
    towards = tapped.towards(leaf)
    steps = towards.reshape(len(towards), -1).max(1).tolist() if towards.ndim else []
    leaving = tapped.size * tapped.factor(leaf)
    return Passage(tapped.place, tapped.module, tapped.size, leaving, tuple(steps))
