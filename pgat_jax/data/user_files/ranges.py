"""Checks that the four prices of a day belong together: Open and Close lie within Low and High."""

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.data.rows import SMALLEST
from pgat_jax.data.user_files.cells import Cells

# Prices that are rounded to the last digit may leave the range by this many of its units.
_UNITS = 1.5
# The relative error of prices that were adjusted in float32, and the most that rounding may make.
_LEAST, _MOST = 2e-6, 0.01
# The rows from whose prices the last digit is found.
_SAMPLE = 500
# The ratio of a price to the end of its range from which on the price is wrong, not the range.
_GROSS = 1.05
# The share of rows outside the range from which on it is no slip.
_MANY = 0.05


def check_ranges(cells: Cells, columns: dict[str, int], prices: np.ndarray) -> None:
    """Checks that prices are positive, and that Open and Close are within Low and High.

    Args:
        cells: the columns of the file.
        columns: Open, High, Low, Close -> the index of its column.
        prices: [rows, 4] Open, High, Low, Close.

    Raises:
        UserError: names the row, the column, the values and a way to mend the file.
    """
    names = [cells.names[columns[price]] for price in PRICES]
    numbers = f"df[{names}].astype(float)"
    for i, j in np.argwhere(~(prices > SMALLEST))[:1]:
        what = f"got {prices[i, j]:g}, expected a price above zero; to leave such rows out"
        step = f"df = df[({numbers} > 0).all(axis=1)]"
        raise cells.refuse(columns[PRICES[j]], int(i), what, step)
    _check_high_low(cells, columns, prices)
    slack = _find_slack(prices)
    above = prices[:, [0, 3]] - prices[:, 1:2] > slack[:, None]
    below = prices[:, 2:3] - prices[:, [0, 3]] > slack[:, None]
    outside = above | below
    for i, j in np.argwhere(outside)[:1]:
        name, bound = (("Open", "Close")[j], 1 if above[i, j] else 2)
        rule = f"expected at {('most', 'least')[bound - 1]} {PRICES[bound]} ({prices[i, bound]:g})"
        what = f"got {prices[i, (0, 3)[j]]:g}, {rule}"
        share = outside.any(axis=1).mean()
        if share > _MANY:
            count = outside.any(axis=1).sum()
            what += (
                f", and so in {count:,} of {len(prices):,} rows: is it adjusted "
                "for dividends and the others not? Give four prices that are adjusted alike, such "
                "as the vendor's unadjusted Close"
            )
            raise cells.refuse(columns[name], int(i), what)
        if max(prices[i, (0, 3)[j]] / prices[i, 1], prices[i, 2] / prices[i, (0, 3)[j]]) > _GROSS:
            ends = f"p[{[names[0], names[3]]}]"
            step = (
                f"p = {numbers}; df = df[({ends}.max(axis=1) <= p[{names[1]!r}]) & "
                f"({ends}.min(axis=1) >= p[{names[2]!r}])]"
            )
            raise cells.refuse(columns[name], int(i), f"{what}; to leave such rows out", step)
        step = f"p = {numbers}; df[{names[1]!r}] = p.max(axis=1); df[{names[2]!r}] = p.min(axis=1)"
        raise cells.refuse(columns[name], int(i), f"{what}; to widen such ranges", step)


def _check_high_low(cells: Cells, columns: dict[str, int], prices: np.ndarray) -> None:
    wrong = np.flatnonzero(prices[:, 1] < prices[:, 2])
    for i in wrong[:1]:
        what = f"got {prices[i, 1]:g}, expected at least Low ({prices[i, 2]:g})"
        high, low = (cells.names[columns[name]] for name in ("High", "Low"))
        if len(wrong) > len(prices) / 2:
            what += "; in most rows: if the two names are exchanged"
            step = f"df = df.rename(columns={{{high!r}: {low!r}, {low!r}: {high!r}}})"
        else:
            what += "; to leave such rows out"
            step = f"df = df[df[{high!r}].astype(float) >= df[{low!r}].astype(float)]"
        raise cells.refuse(columns["High"], int(i), what, step)


def _find_slack(prices: np.ndarray) -> np.ndarray:
    """Returns for each row by how much rounding may put a price outside its range."""
    sample = prices[:: max(1, len(prices) // _SAMPLE)]
    decimals = min(max(_count_decimals(price) for price in column) for column in sample.T)
    size = prices.max(axis=1)
    return np.clip(_UNITS * 10.0**-decimals, _LEAST * size, _MOST * size)


def _count_decimals(price: float) -> int:
    """Returns the number of decimals with which a price is written."""
    text = np.format_float_positional(price, trim="-")
    return len(text.partition(".")[2])
