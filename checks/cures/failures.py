"""The failing leaves of a diagnosed loss, which the families of edits read.

The module depends on `checks/flow` for the cotangents on the path of a leaf.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.leaf_measurement import LeafMeasurement, measure_leaf
from checks.flow.taps import TappedEquation, tap
from checks.measure.points import root_mean_square
from checks.proofs.context import Seen, walk

_MOST_NAMES = 3


@dataclass(frozen=True)
class Failures:
    """The failing leaves, and the loss in which they fail.

    Attributes:
        loss: the diagnosed loss.
        leaves: index of each failing leaf -> the leaf with its failing verdict, or its failing
            slices.
    """

    loss: DiagnosedLoss
    leaves: dict[int, FailingLeaf]
    _before: dict[int, tuple[str, LeafMeasurement]] = field(default_factory=dict)

    def measure_before(self, leaf: int) -> tuple[str, LeafMeasurement]:
        """Measures a failing leaf in the loss as it is, without any edit.

        Args:
            leaf: the index of a failing leaf.

        Returns:
            The name of the measured number (`gradient`, `update` or `error`), and the measurement.
        """
        if leaf not in self._before:
            with self.loss.enter_precision():
                self._before[leaf] = measure_leaf(self.loss, self.leaves[leaf])
        return self._before[leaf]

    def select(self, *verdicts: str) -> list[FailingLeaf]:
        """Returns the failing leaves that have one of these verdicts, in leaf order.

        Args:
            *verdicts: names of verdicts.
        """
        return [failing for failing in self.leaves.values() if failing.verdict in verdicts]

    def walk(self) -> Iterable[Seen]:
        """Yields every equation of the program, with bit sets of the leaves that enter it.

        Equations of sub-jaxprs come after the equation that contains them.
        """
        program = self.loss.program
        return walk(self.loss.dependence, program.jaxpr, (1 << program.leaf_count) - 1)

    @cached_property
    def tapped(self) -> list[TappedEquation]:
        """The cotangents at the equations that lead to stuck, unvisited and vanishing leaves.

        They are measured at the first batch.
        """
        leaves = [f.leaf for f in self.select("stuck", "unvisited", "vanishing")]
        point, loss = self.loss.points[0], self.loss
        return tap(loss.runner, loss.dependence, leaves, point.leaves, point.args)

    @cached_property
    def sizes(self) -> list[float]:
        """The root mean square of the values of each leaf, by its index."""
        return [root_mean_square(x) for x in self.loss.points[0].leaves]

    def name(self, leaves: Iterable[int]) -> str:
        """Returns the names of leaves: at most three, and the number of the others.

        Args:
            leaves: indices of leaves.
        """
        names = [self.loss.program.params.names[i] for i in leaves]
        others = len(names) - _MOST_NAMES
        more = f" and {others} more" if others > 0 else ""
        return ", ".join(names[:_MOST_NAMES]) + more
