"""Runs the forecasters over the years of a back-test; finished years are read from the store."""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
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
        fit: a function from the fit row to a function from origins to forecasts.
    """

    settings: str
    fit: Callable[[int], Predict]


def list_baselines(history: History) -> dict[str, Arm]:
    """Returns the simple forecasters.

    Args:
        history: the returns and dates.
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
        blocks: the origins.
        store: where finished years are.
        reporter: shows progress.

    Returns:
        Name -> the scores of `score_forecast`, for the origins of all blocks in their order.
    """
    clock = _Clock(reporter, len(arms) * len(blocks))
    scores = {}
    for name, arm in arms.items():
        fit = lru_cache(maxsize=1)(arm.fit)
        parts = []
        for block in blocks:
            key = make_key(table_hash, arm.settings, block)
            stored = store.read(key)
            if stored is None:
                stored = score_block(fit(block.fit_row), history, block)
                store.write(key, stored)
            parts.append(stored)
            clock.tick(f"{name} {block.year}")
        scores[name] = {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}
    reporter.close()
    return scores


def score_block(predict: Predict, history: History, block: Block) -> Arrays:
    """Scores the forecasts from the origins of one year.

    Args:
        predict: a fitted forecaster.
        history: the returns that are forecast.
        block: the origins.
    """
    unit = find_unit(history.returns)
    chunks = np.array_split(block.rows, -(-len(block.rows) // CHUNK))
    parts = [score_forecast(predict(rows), history.find_truth(rows), unit) for rows in chunks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _make_baseline(name: str, history: History) -> Arm:
    return Arm(f"{name} {history.horizon}", lambda fit_row: BASELINES[name](history, fit_row))


class _Clock:
    """Counts finished years and estimates the time left from the mean time of a year."""

    def __init__(self, reporter: Reporter, total: int):
        self._reporter, self._total, self._done = reporter, total, 0
        self._began = time.monotonic()

    def tick(self, of: str) -> None:
        """Counts one finished year and reports the time left.

        Args:
            of: the forecaster and the year.
        """
        self._done += 1
        each = (time.monotonic() - self._began) / self._done
        left = each * (self._total - self._done)
        year = f"{self._done}/{self._total}"
        self._reporter.step(self._done, self._total, left, year=year, of=of)
