"""Scores the linear forecaster with each sky, by the pooled CRPS, over all origins.

The forecast of a day is that of HAR-FHS, moved and stretched by the effects that a ridge regression
on the sky has found up to the fit row of the year. Without a sky it is HAR-FHS itself.
"""

import numpy as np

from pgat_jax.backtest.history import History
from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.ruler import find_unit
from pgat_jax.sky_test.laws import Kind
from pgat_jax.sky_test.residual_blocks import FIRST_DAY, ResidualBlock, prepare_block
from pgat_jax.sky_test.ridge import Regression, fit_ridge, predict_effects, prepare_regression


class SkyForecaster:
    """The linear forecaster of A skies; what depends on the skies alone is computed once.

    It is made of the features [A, F, days] of the skies, the blocks of origins and the horizon P;
    `score` fits it to returns and scores it.
    """

    def __init__(self, features: np.ndarray, blocks: tuple[Block, ...], horizon: int):
        """Decomposes the features of every year.

        Args:
            features: [A, F, days] of all skies.
            blocks: the origins, with the fit row of each year.
            horizon: P, the days ahead.
        """
        self._blocks = blocks
        self._regressions = [
            prepare_regression(features[..., FIRST_DAY : block.fit_row + 1]) for block in blocks
        ]
        self._ahead = [
            features[..., block.rows[0] + 1 : block.rows[-1] + horizon + 1] for block in blocks
        ]

    def score(self, history: History) -> np.ndarray:
        """Fits and scores all skies on returns.

        Args:
            history: the returns and dates.

        Returns:
            The pooled CRPS [A, O] of each sky and origin.
        """
        parts = zip(self._blocks, self._regressions, self._ahead)
        return np.concatenate([self._score_block(history, *part) for part in parts], axis=1)

    def _score_block(
        self, history: History, block: Block, regression: Regression, ahead: np.ndarray
    ) -> np.ndarray:
        prepared = prepare_block(history, block)
        coefficients = fit_ridge(regression, prepared.residuals)
        return score_effects(prepared, predict_effects(regression, coefficients, ahead))


def score_effects(block: ResidualBlock, effects: np.ndarray) -> np.ndarray:
    """Computes the pooled CRPS of HAR-FHS that is moved and stretched by the effects of A skies.

    Args:
        block: the year.
        effects: [A, days, T + 1] from the day after the first origin on: the shift of the
            standardised returns, and of the log volatility.

    Returns:
        [A, O].
    """
    days = block.rows - block.rows[0]
    total = np.zeros((len(effects), len(days)))
    for ahead, pools in enumerate(block.pools):
        own = effects[:, days + ahead]
        stretch = np.exp(own[..., -1])
        for target, pool in enumerate(pools):
            shift = own[..., target]
            score = pool.score(block.truth[:, ahead, target] / stretch - shift)
            total += score * stretch * (block.scale[:, ahead] / block.unit[target])
    return total / (len(block.pools) * len(block.unit))


def score_known_law(
    sound: list[ResidualBlock], history: History, kind: Kind, course: np.ndarray
) -> np.ndarray:
    """Scores a forecaster that knows the law: HAR-FHS of the returns without the law, and the law.

    Args:
        sound: the years of the returns without the law.
        history: the returns with the law.
        kind: what the law moves: the `mean` or the `volatility`.
        course: the law's value [days] on each day.

    Returns:
        The pooled CRPS [O].
    """
    count = history.returns.shape[1]
    moved = slice(0, count) if kind == "mean" else slice(count, None)
    parts = []
    for block in sound:
        days = np.arange(block.rows[0] + 1, block.rows[-1] + history.horizon + 1)
        effects = np.zeros((1, len(days), count + 1))
        effects[..., moved] = course[days, None]
        truth = history.find_truth(block.rows) / block.scale[..., None]
        own = block._replace(truth=truth, unit=find_unit(history.returns))
        parts.append(score_effects(own, effects)[0])
    return np.concatenate(parts)
