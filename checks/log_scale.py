"""A logarithmic scale over positive numbers."""

import math
from collections.abc import Iterable


class LogScale:
    """Sizes to shares: 0 for the smallest positive one, 1 for the largest; at least a decade wide.

    Args:
        sizes: those to cover; what is zero or not finite does not count.
    """

    def __init__(self, sizes: Iterable[float | None]) -> None:
        logs = [math.log10(size) for size in sizes if size and size > 0 and math.isfinite(size)]
        self._low = min(logs, default=0.0)
        self._span = max(max(logs, default=0.0) - self._low, 1.0)

    def share(self, size: float) -> float:
        """Between 0 and 1; 0 too for what is zero or NaN, 1 for an infinity."""
        if not size > 0:
            return 0.0
        if math.isinf(size):
            return 1.0
        return min(max((math.log10(size) - self._low) / self._span, 0.0), 1.0)
