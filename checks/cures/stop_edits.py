"""An edit of a `stop_gradient`: it passes the gradient of some leaves and stops all others."""

from collections.abc import Sequence
from typing import Any

from jax import lax

from checks.program.interpret import Interpreter
from checks.program.sites import Feeds, Run, Site, SitePath


class StopOthers(Interpreter):
    """Runs a jaxpr whose `stop_gradient`s at some paths stop all leaves but the given ones.

    Their operands are computed a second time with the other leaves detached. That cannot be done
    for an equation inside of control flow: there tracing raises.

    Args:
        paths: the paths of the `stop_gradient` equations.
        leaves: indices of the leaves whose gradient passes.
        count: the number of leaves, which are the first inputs of the jaxpr.
    """

    def __init__(self, paths: set[SitePath], leaves: Sequence[int], count: int) -> None:
        self._paths = paths
        self._detached = set(range(count)) - set(leaves)
        self._recorded: dict[SitePath, list[Any]] = {}

    def run(self, closed: Any, operands: Sequence[Any], feeds: Feeds | None = None) -> Run:
        """Runs the jaxpr once with the other leaves detached, and then as it is.

        Args:
            closed: a closed jaxpr, whose first `count` inputs are the leaves.
            operands: one array for each of its inputs.
            feeds: extra inputs by path, for the second run.

        Returns:
            Outputs and notes of the second run.
        """
        recorder, stop = _Recorder(self._paths), lax.stop_gradient
        values = [stop(x) if i in self._detached else x for i, x in enumerate(operands)]
        recorder.run(closed, values)
        self._recorded = recorder.operands_by_path
        return super().run(closed, operands, feeds)

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Gives the result of a `stop_gradient` the tangent of the operand that was recorded.

        Other equations are computed as they are.

        Args:
            site: the equation.
            operands: its operands.
            feed: the extra input for this path, or None.
        """
        results = super().compute(site, operands, feed)
        if site.path in self._paths:
            (smooth,) = self._recorded[site.path]
            return [results[0] + (smooth - lax.stop_gradient(smooth))]
        return results


class _Recorder(Interpreter):
    """Records the operands of the equations at some paths."""

    def __init__(self, paths: set[SitePath]) -> None:
        self._paths = paths
        self.operands_by_path: dict[SitePath, list[Any]] = {}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes the equation as it is."""
        if site.path in self._paths:
            self.operands_by_path[site.path] = operands
        return super().compute(site, operands, feed)
