"""A logarithmic scale over positive numbers."""

import math
from collections.abc import Iterable

_LEAST = 0.08  # what is small still shows that it is not zero


class LogScale:
    """Sizes to shares: a little for the smallest positive one, 1 for the largest.

    The scale is at least a decade wide.

    Args:
        sizes: those to cover; what is zero or not finite does not count.
    """

    def __init__(self, sizes: Iterable[float | None]) -> None:
        logs = [math.log10(size) for size in sizes if size and size > 0 and math.isfinite(size)]
        self._low = min(logs, default=0.0)
        self._span = max(max(logs, default=0.0) - self._low, 1.0)

    def share(self, size: float) -> float:
        """Between 0 and 1; 0 for what is zero or NaN alone, 1 for an infinity."""
        if not size > 0:
            return 0.0
        if math.isinf(size):
            return 1.0
        share = (math.log10(size) - self._low) / self._span
        return _LEAST + (1 - _LEAST) * min(max(share, 0.0), 1.0)
