"""Finds the leaves that have a gradient and do not move, and the stage that is the reason."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from checks.measure.chain import Chain, fill_gradient, repeat_gradient
from checks.measure.stages import Stage, find_blamed_stage
from checks.measure.survey import Survey
from checks.measure.training import Training
from checks.program.runner import Gradient

# Elements with a gradient below this share of the leaf's largest need not move.
_COUNTS = 1e-6
# A leaf moves when at least this share of the elements that count do.
_ENOUGH = 0.5


class Standstill(NamedTuple):
    """The first moves of a leaf that the optimiser does not move enough.

    Attributes:
        asked: number of optimiser steps, in the program's types, that did not move it enough.
        together: root mean square of its first non-zero move in float64, 0 for none.
        alone: the same if the other leaves had no gradient.
    """

    asked: int
    together: float
    alone: float


def moves_enough(survey: Survey, leaf: int, moved: np.ndarray) -> bool:
    """Returns whether at least half of a leaf's elements that have a gradient moved.

    It is True for a leaf whose gradient is zero.

    Args:
        survey: gradients at the data.
        leaf: index of the leaf.
        moved: booleans in the leaf's shape: which elements moved.
    """
    slopes = [np.abs(g) for m in survey.data if (g := m.wide.leaves[leaf]) is not None]
    largest = np.max(slopes, axis=0)
    counts = largest > _COUNTS * largest.max(initial=0.0)
    return bool(moved[counts].mean() >= _ENOUGH) if counts.any() else True


def find_standstills(
    survey: Survey, chain: Chain, training: Training, leaves: Sequence[int]
) -> dict[int, Standstill]:
    """Finds the leaves that the optimiser does not move in many steps, and measures their moves.

    Args:
        survey: gradients at the data.
        chain: the optimiser.
        training: its first steps.
        leaves: indices of the leaves that have a gradient.

    Returns:
        Leaf index -> what the optimiser does with it, for the leaves that do not move enough in
        up to some 10,000 steps with the same gradient.
    """
    still = [i for i in leaves if not moves_enough(survey, i, training.moved[i])]
    if not still:
        return {}
    written = _finite(survey.data[0].written)

    def is_enough(leaf: int, moved: np.ndarray) -> bool:
        return moves_enough(survey, leaf, moved)

    record, asked = repeat_gradient(chain, training.last, training.state, written, still, is_enough)
    asked += max(training.leaves)
    still = [i for i in still if not is_enough(i, np.asarray(record.moved[i]))]
    return {i: _standstill(survey, chain, i, asked) for i in still}


def find_starving_stage(survey: Survey, chain: Chain, leaf: int) -> Stage:
    """Returns the stage that makes the leaf's update smallest, in float64.

    Args:
        survey: gradients at the data.
        chain: the optimiser.
        leaf: the index of a leaf.
    """
    leaves = survey.data[0].point.leaves
    with jax.enable_x64(True):
        gradients = fill_gradient(_finite(survey.data[0].wide), leaves)
        return find_blamed_stage(chain, leaves, gradients, leaf)


def _standstill(survey: Survey, chain: Chain, leaf: int, asked: int) -> Standstill:
    leaves, wide = survey.data[0].point.leaves, _finite(survey.data[0].wide)
    slopes = [g if i == leaf or g is None else 0 * g for i, g in enumerate(wide.leaves)]
    together = _first_move(chain, leaves, wide, leaf)
    alone = _first_move(chain, leaves, wide._replace(leaves=slopes), leaf)
    return Standstill(asked, together, alone)


def _first_move(chain: Chain, leaves: Sequence[np.ndarray], gradient: Gradient, leaf: int) -> float:
    """Returns the root mean square of the leaf's first non-zero move in float64."""
    with jax.enable_x64(True):
        state = chain.init(leaves)
        record, _ = repeat_gradient(
            chain, leaves, state, gradient, [leaf], lambda _, moved: bool(moved.any())
        )
        return float(record.first[leaf])


def _finite(gradient: Gradient) -> Gradient:
    """Returns the gradient with zeros for NaN and large numbers for Inf."""
    leaves = [None if g is None else np.nan_to_num(g) for g in gradient.leaves]
    return Gradient(float(np.nan_to_num(gradient.loss)), leaves)
