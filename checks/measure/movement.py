"""Finds the leaves that have a gradient and do not move, and the stage that is the reason."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from checks.measure.chain import Chain, fill_gradient, repeat_gradient
from checks.measure.stages import Stage, find_blamed_stages
from checks.measure.survey import Survey
from checks.measure.training import Training
from checks.measure.zero_updates import find_zero_updates
from checks.program.runner import Gradient

# Elements with a gradient below this share of the leaf's largest need not move.
_COUNTS = 1e-6
# A leaf moves when at least this share of the elements that count do.
_ENOUGH = 0.5


class Standstill(NamedTuple):
    """The first moves of a leaf that the optimiser does not move enough.

    Attributes:
        asked: number of optimiser steps, in the program's types, that did not move it enough; 0 if
            the optimiser's own program proves that no step moves it.
        together: root mean square of its first non-zero move in float64, 0 for none.
        alone: the same if the other leaves had no gradient; 0 if `together` is 0.
    """

    asked: int
    together: float
    alone: float

    @property
    def is_proved(self) -> bool:
        """Whether the optimiser's own program proves that no step moves the leaf."""
        return self.asked == 0


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
        some 10,000 steps with the same gradient (fewer if the leaves are large), or provably never.
    """
    still = [i for i in leaves if not moves_enough(survey, i, training.moved[i])]
    if not still:
        return {}
    proved = find_zero_updates(chain, training.last, training.state)
    found = {i: Standstill(0, 0.0, 0.0) for i in still if i in proved}
    still = [i for i in still if i not in proved]
    if still:
        found |= _measure_standstills(survey, chain, training, still)
    return dict(sorted(found.items()))


def find_starving_stages(survey: Survey, chain: Chain, leaves: Sequence[int]) -> dict[int, Stage]:
    """Returns for each of these leaves the stage that makes its update smallest, in float64.

    Args:
        survey: gradients at the data.
        chain: the optimiser.
        leaves: indices of leaves.
    """
    values = survey.data[0].point.leaves
    with jax.enable_x64(True):
        gradients = fill_gradient(_finite(survey.data[0].wide), values)
        return find_blamed_stages(chain, values, gradients, leaves)


def _measure_standstills(
    survey: Survey, chain: Chain, training: Training, leaves: Sequence[int]
) -> dict[int, Standstill]:
    """Asks the optimiser again and again for all leaves at once; those that then move are left out.

    A leaf that does not move in float64 either need not be asked alone.
    """
    written = _finite(survey.data[0].written)

    def is_enough(leaf: int, moved: np.ndarray) -> bool:
        return moves_enough(survey, leaf, moved)

    record, asked = repeat_gradient(
        chain, training.last, training.state, written, leaves, is_enough
    )
    asked += max(training.leaves)
    still = [i for i in leaves if not is_enough(i, np.asarray(record.moved[i]))]
    values, wide = survey.data[0].point.leaves, _finite(survey.data[0].wide)
    together = _find_first_moves(chain, values, wide, still)
    found = {}
    for i in still:
        slopes = [g if k == i or g is None else 0 * g for k, g in enumerate(wide.leaves)]
        own = wide._replace(leaves=slopes)
        alone = _find_first_moves(chain, values, own, still, i)[i] if together[i] else 0.0
        found[i] = Standstill(asked, together[i], alone)
    return found


def _find_first_moves(
    chain: Chain,
    leaves: Sequence[np.ndarray],
    gradient: Gradient,
    wanted: Sequence[int],
    awaited: int | None = None,
) -> dict[int, float]:
    """Returns for each wanted leaf the root mean square of its first non-zero move in float64.

    Args:
        chain: the optimiser.
        leaves: the parameters.
        gradient: the gradient of all leaves.
        wanted: indices of the leaves; one compiled loop serves all calls with the same ones.
        awaited: the only leaf whose move is waited for; None for all.
    """
    if not wanted:
        return {}

    def is_enough(leaf: int, moved: np.ndarray) -> bool:
        return awaited not in (None, leaf) or bool(moved.any())

    with jax.enable_x64(True):
        state = chain.init(leaves)
        record, _ = repeat_gradient(chain, leaves, state, gradient, wanted, is_enough)
        return {i: float(record.first[i]) for i in wanted}


def _finite(gradient: Gradient) -> Gradient:
    """Returns the gradient with zeros for NaN and large numbers for Inf."""
    leaves = [None if g is None else np.nan_to_num(g) for g in gradient.leaves]
    return Gradient(float(np.nan_to_num(gradient.loss)), leaves)
