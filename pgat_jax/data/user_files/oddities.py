"""Finds what looks wrong in prices that can be read: weekly rows, splits, slips, partial days."""

from datetime import date

import numpy as np

from pgat_jax.data.trading_days import AUTO, EVERY_DAY, WEEKDAYS, is_trading_day

# Days between rows, in the median, from which on rows are not daily.
_SPARSE = 4
# A change of the close in a day that a split explains better than a market.
_JUMP = np.log(1.4)
# A price this many times its neighbours, or one part in as many, is a slip of a digit.
_SLIP = (8.0, 12.5)
# Rows with the same four prices, one after the other, from which on a halt was filled up.
_SAME = 5
# The share of rows on days without trade from which on the calendar is another.
_OFF = 0.01


def find_oddities(
    dates: np.ndarray, prices: np.ndarray, has_no_volume: bool = False
) -> tuple[str, ...]:
    """Returns a sentence about each thing that looks wrong.

    Args:
        dates: [days] `datetime64[D]`.
        prices: [days, 4] Open, High, Low, Close.
        has_no_volume: whether the last row states a volume of zero or none.
    """
    if len(dates) < 3:
        return ()
    slips = _find_slips(prices)
    found = [
        _judge_spacing(dates),
        _judge_slips(dates, prices, slips),
        _judge_jumps(dates, prices, slips),
        _judge_halts(dates, prices),
        _judge_last_row(dates, prices, has_no_volume),
    ]
    return tuple(text for text in found if text)


def find_calendar_oddities(dates: np.ndarray, calendar: str, today: date) -> tuple[str, ...]:
    """Returns a sentence about rows that are not on the days of the calendar, or in the future.

    Args:
        dates: [days] `datetime64[D]`.
        calendar: the days on which the market trades; with `auto`, which finds them from the
            rows, none is off.
        today: the day of the call.
    """
    off = dates[:0] if calendar == AUTO else dates[~is_trading_day(dates, calendar)]
    ahead = dates[dates > np.datetime64(today)]
    found = []
    if len(off) > max(1, _OFF * len(dates)):
        weekends = (~np.is_busday(off)).mean() > 0.5
        other = EVERY_DAY if weekends else WEEKDAYS
        found.append(
            f"{len(off):,} of {len(dates):,} rows, such as {off[0]}, are on days on which data."
            f"calendar={calendar} has no trade: data.calendar={other}?"
        )
    if len(ahead):
        found.append(f"{len(ahead):,} rows lie in the future, the last on {ahead[-1]}")
    return tuple(found)


def _judge_spacing(dates: np.ndarray) -> str:
    days = float(np.median(np.diff(dates).astype(int)))
    if days < _SPARSE:
        return ""
    kind = "weekly" if days < 10 else "monthly" if days < 45 else "yearly"
    return f"rows are {days:g} days apart in the median, {kind}? The model forecasts days"


def _find_slips(prices: np.ndarray) -> np.ndarray:
    """Returns for each row whether a price is ten times its neighbours, or a tenth of them."""
    close = prices[:, 3]
    before, after = np.roll(close, 1), np.roll(close, -1)
    before[0], after[-1] = after[0], before[-1]
    around = np.sqrt(before * after)[:, None]
    is_quiet = (np.abs(np.log(before / after)) < _JUMP)[:, None]
    size = np.exp(np.abs(np.log(prices / around)))
    return ((size > _SLIP[0]) & (size < _SLIP[1]) & is_quiet).any(axis=1)


def _judge_slips(dates: np.ndarray, prices: np.ndarray, slips: np.ndarray) -> str:
    rows = np.flatnonzero(slips)
    if not rows.size:
        return ""
    return (
        f"{dates[rows[0]]} has a price ten times its neighbours, or a tenth of them "
        f"({prices[rows[0], 3]:g}): a slip of the decimal point?" + _count_more(rows)
    )


def _judge_jumps(dates: np.ndarray, prices: np.ndarray, slips: np.ndarray) -> str:
    moves = np.diff(np.log(prices[:, 3]))
    rows = np.flatnonzero((np.abs(moves) > _JUMP) & ~slips[1:] & ~slips[:-1])
    if not rows.size:
        return ""
    change = np.expm1(moves[rows[0]])
    return (
        f"Close changes by {change:+.0%} on {dates[rows[0] + 1]}: a split, or prices that are not "
        "adjusted?" + _count_more(rows)
    )


def _judge_halts(dates: np.ndarray, prices: np.ndarray) -> str:
    same = (np.diff(prices, axis=0) == 0).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(int)))
    spans = list(zip(edges[::2], edges[1::2]))
    longest = max(spans, key=lambda span: span[1] - span[0], default=(0, 0))
    count = int(longest[1] - longest[0]) + 1
    if count < _SAME:
        return ""
    return f"{count} rows from {dates[longest[0]]} on have the same four prices: a filled halt?"


def _judge_last_row(dates: np.ndarray, prices: np.ndarray, has_no_volume: bool) -> str:
    is_flat = bool((prices[-1] == prices[-1, 3]).all())
    was_flat = bool((prices[:-1] == prices[:-1, 3:]).all(axis=1).mean() > 0.5)
    if not (is_flat and has_no_volume and not was_flat):
        return ""
    return (
        f"the last row, {dates[-1]}, has one price and no volume: a day that has not ended? "
        "Forecasts begin there; leave it out if so"
    )


def _count_more(rows: np.ndarray) -> str:
    return f" ({len(rows) - 1} more such rows)" if len(rows) > 1 else ""
