"""Measures how strong the gradient of a leaf is beside those of the other leaves."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from checks.measure.points import root_mean_square
from checks.measure.survey import Survey

# A gradient below this share of its peers', alone and times the leaf's own size, is too weak.
WEAK = 1e-8
# A peer whose gradient is this many times the next one's is left out of the comparison.
_OUTLIER = 1e6
# The peers' strength is this quantile of their gradients.
_UPPER_TENTH = 0.9


class Strength(NamedTuple):
    """The float64 gradient of one leaf beside those of its peers, the other leaves.

    Attributes:
        size: root mean square of the gradient, the largest over the batches.
        share: `size` over that of the peers' upper tenth; 1 without peers.
        effect: the same quotient of `size` times the root mean square of the leaf.
    """

    size: float
    share: float
    effect: float

    @property
    def is_weak(self) -> bool:
        """Whether both `share` and `effect` are below 1e-8, too weak to matter."""
        return self.share < WEAK and self.effect < WEAK


def measure_strengths(survey: Survey, leaves: Sequence[int]) -> dict[int, Strength]:
    """Compares the gradients of these leaves, which all have one, with each other.

    Args:
        survey: gradients at the data.
        leaves: indices of the leaves.

    Returns:
        Leaf index -> its strength.
    """
    values = survey.data[0].point.leaves
    sizes = {i: _size(survey, i) for i in leaves}
    effects = {i: sizes[i] * root_mean_square(values[i]) for i in leaves}
    found = {}
    for i in leaves:
        peers = _peers(sizes, i)
        found[i] = Strength(sizes[i], _share(sizes, i, peers), _share(effects, i, peers))
    return found


def _size(survey: Survey, leaf: int) -> float:
    sizes = [root_mean_square(g) for m in survey.data if (g := m.wide.leaves[leaf]) is not None]
    return max(sizes)


def _peers(sizes: dict[int, float], leaf: int) -> list[int]:
    """Returns the other leaves, without those whose gradient is far larger than all the rest."""
    peers = sorted((i for i in sizes if i != leaf), key=lambda i: sizes[i], reverse=True)
    while len(peers) > 1 and sizes[peers[0]] > _OUTLIER * sizes[peers[1]]:
        peers = peers[1:]
    return peers


def _share(sizes: dict[int, float], leaf: int, peers: Sequence[int]) -> float:
    reference = float(np.quantile([sizes[i] for i in peers], _UPPER_TENTH)) if peers else 0.0
    return sizes[leaf] / reference if reference > 0 else 1.0
