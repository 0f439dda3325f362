"""A logarithmic scale over positive numbers."""

import math
from collections.abc import Iterable

# Share of the smallest positive number, so that it can be seen that it is not zero.
_LEAST = 0.08


class LogScale:
    """Maps sizes to shares from 0 to 1, on a logarithmic scale, as for the widths of bars.

    The smallest positive size gets 0.08, and the largest gets 1 if it is at least ten times as
    large; otherwise less, since the scale starts at the smallest and is at least a decade wide.

    Args:
        sizes: the sizes to cover; those that are None, not positive or not finite are ignored.
    """

    def __init__(self, sizes: Iterable[float | None]) -> None:
        logs = [math.log10(size) for size in sizes if size and size > 0 and math.isfinite(size)]
        self._low = min(logs, default=0.0)
        self._span = max(max(logs, default=0.0) - self._low, 1.0)

    def share(self, size: float) -> float:
        """Returns a number from 0 to 1: 0 only for zero or NaN, 1 for infinity.

        Sizes below the smallest one that is covered get 0.08.

        Args:
            size: a number; a negative one counts as zero.
        """
        if not size > 0:
            return 0.0
        if math.isinf(size):
            return 1.0
        share = (math.log10(size) - self._low) / self._span
        return _LEAST + (1 - _LEAST) * min(max(share, 0.0), 1.0)
