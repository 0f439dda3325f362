"""Runs the forecasters over the years of a back-test; finished years are read from the store."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from statistics import mean
from typing import NamedTuple

import numpy as np

from pgat_jax.backtest.forecasters import BASELINES, Predict
from pgat_jax.backtest.history import History
from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.ruler import find_unit, score_forecast
from pgat_jax.backtest.store import ScoreStore, make_key
from pgat_jax.data.cache import Arrays
from pgat_jax.progress import Reporter

# Origins that are scored at once: their paths take some hundred megabytes.
CHUNK = 64


class Arm(NamedTuple):
    """A forecaster of a back-test.

    Attributes:
        settings: all that its forecasts depend on besides table, fit row and origins.
        fit: a function that fits on the rows up to a block's fit row, and returns a function from
            rows [O] of origins of the block to a `JointForecast`.
    """

    settings: str
    fit: Callable[[Block], Predict]


def list_baselines(history: History) -> dict[str, Arm]:
    """Returns the simple forecasters: key in `BASELINES` -> forecaster.

    Args:
        history: the returns and dates that they read.
    """
    return {name: _make_baseline(name, history) for name in BASELINES}


def run_arms(
    arms: Mapping[str, Arm],
    history: History,
    table_hash: str,
    blocks: tuple[Block, ...],
    store: ScoreStore,
    reporter: Reporter,
) -> dict[str, Arrays]:
    """Scores forecasters on all origins.

    If it is interrupted, only the year in progress is lost; the same call continues.

    Args:
        arms: name -> forecaster.
        history: the returns that are forecast.
        table_hash: the digest of the table.
        blocks: the origins, one block for each year.
        store: where finished years are read and written.
        reporter: shows progress.

    Returns:
        Name -> the arrays of `ruler.score_forecast`, for the origins of all blocks in their order.
    """
    years = [(name, block) for name in arms for block in blocks]
    keys = [make_key(table_hash, arms[name].settings, block) for name, block in years]
    stored = {key: store.read(key) for key in keys}
    found = {key: scores for key, scores in stored.items() if scores is not None}
    clock = _Clock(reporter, [name for key, (name, _) in zip(keys, years) if key not in found])
    for key, (name, block) in zip(keys, years):
        if key not in found:
            found[key] = score_block(arms[name].fit(block), history, block)
            store.write(key, found[key])
            clock.tick(name, block.year)
    reporter.close()
    parts = {name: [found[k] for k, (n, _) in zip(keys, years) if n == name] for name in arms}
    return {name: concatenate(own) for name, own in parts.items()}


def score_block(predict: Predict, history: History, block: Block) -> Arrays:
    """Scores the forecasts from the origins of one year.

    Args:
        predict: a fitted forecaster: a function from rows [O] of origins to a `JointForecast`.
        history: the returns that are forecast.
        block: the origins, at least one.

    Returns:
        The arrays of `ruler.score_forecast`.
    """
    unit = find_unit(history.returns)
    chunks = np.array_split(block.rows, -(-len(block.rows) // CHUNK))
    parts = [score_forecast(predict(rows), history.find_truth(rows), unit) for rows in chunks]
    return concatenate(parts)


def concatenate(parts: list[Arrays]) -> Arrays:
    """Joins scores of consecutive origins.

    Args:
        parts: name -> array [O, ...], for each part; at least one part, all with the same names.
    """
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _make_baseline(name: str, history: History) -> Arm:
    return Arm(f"{name} {history.horizon}", lambda block: BASELINES[name](history, block.fit_row))


class _Clock:
    """Counts finished years and estimates the time left, each forecaster at its own pace."""

    def __init__(self, reporter: Reporter, missing: list[str]):
        """Starts the clock.

        Args:
            reporter: shows the time left.
            missing: the forecaster of each year that is to be computed.
        """
        self._reporter, self._total = reporter, len(missing)
        self._left = Counter(missing)
        self._times: dict[str, list[float]] = {}
        self._began = time.monotonic()

    def tick(self, name: str, year: int) -> None:
        """Counts one finished year and reports the time left.

        Args:
            name: the forecaster.
            year: the year.
        """
        now = time.monotonic()
        self._times.setdefault(name, []).append(now - self._began)
        self._began = now
        self._left[name] -= 1
        done = self._total - self._left.total()
        self._reporter.step(
            done, self._total, self._estimate(), year=f"{done}/{self._total}", of=f"{name} {year}"
        )

    def _estimate(self) -> float:
        """Returns the seconds left; a forecaster without a finished year takes the mean time."""
        every = mean(time for times in self._times.values() for time in times)
        return sum(
            count * (mean(self._times[name]) if name in self._times else every)
            for name, count in self._left.items()
        )
