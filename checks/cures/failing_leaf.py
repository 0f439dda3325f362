"""A leaf that fails its verdict, or the slices of a leaf that fail. Depends on numpy only."""

from typing import NamedTuple

import numpy as np


class FailingLeaf(NamedTuple):
    """A leaf that fails, or the failing slices of a leaf that passes.

    Attributes:
        leaf: the index of the leaf.
        verdict: the verdict that fails.
        view: 0 for the whole leaf, 1 + a for slices along axis a.
        indices: which slices of the view; `(0,)` for the whole leaf.
        where: the places that the verdict names.
    """

    leaf: int
    verdict: str
    view: int = 0
    indices: tuple[int, ...] = (0,)
    where: tuple[str, ...] = ()

    def select(self, array: np.ndarray) -> np.ndarray:
        """Returns the elements of an array that belong to the failing slices.

        The result is the array itself for a whole leaf, else it has the failing indices only along
        the sliced axis.

        Args:
            array: an array of the leaf's shape.
        """
        return array if self.view == 0 else np.take(array, self.indices, self.view - 1)
