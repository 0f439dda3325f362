"""Data classes of the gradient profile of one leaf: the size of the cotangent at each equation.

This file imports no other file of `checks`. `checks.flow` measures a profile, `checks.render` shows
it.
"""

from dataclasses import dataclass

# Number of equations that a summary of a profile names.
SUMMARY_LENGTH = 5


@dataclass(frozen=True)
class Passage:
    """One equation between the loss and the leaf.

    Attributes:
        place: `path:line primitive in module/path`.
        module: module path, empty where the program has none.
        arriving: root mean square of the cotangent of the equation's results.
        leaving: root mean square of the cotangent that it passes back towards the leaf.
        steps: for an equation inside scans, `leaving` for each step of the outermost scan.
    """

    place: str
    module: str
    arriving: float
    leaving: float
    steps: tuple[float, ...]

    @property
    def factor(self) -> float:
        """The share of the cotangent that passes on; 1 where none arrives."""
        return self.leaving / self.arriving if self.arriving > 0 else 1.0


@dataclass(frozen=True)
class Profile:
    """The size of the gradient from the loss back to one leaf.

    Attributes:
        leaf: name of the leaf.
        passages: the equations in the order of the backward pass, the one at the loss first.
        gradient: root mean square of the leaf's own gradient, in float64.
    """

    leaf: str
    passages: tuple[Passage, ...]
    gradient: float

    def steepest(self, count: int = SUMMARY_LENGTH) -> list[Passage]:
        """Returns the `count` equations that lose most of the gradient, the worst first.

        Equations are ordered by `Passage.factor`; those that lose nothing come last.

        Args:
            count: the largest number of equations to return.
        """
        return sorted(self.passages, key=lambda passage: passage.factor)[:count]
