"""The model as a forecaster of a back-test: trained up to the fit row, scored like the others."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pgat_jax.backtest.evaluation import Arm
from pgat_jax.backtest.fhs import standardise_paths
from pgat_jax.backtest.fold import digest_training, split_at, start_fold, train_fold
from pgat_jax.backtest.forecasters import HAR_POOL, Predict, forecast_har_volatility
from pgat_jax.backtest.history import History
from pgat_jax.backtest.joint_forecast import JointForecast, join_days, rank_paths
from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.store import digest_sources
from pgat_jax.config import Config
from pgat_jax.data.dataset import Data
from pgat_jax.data.table import Table
from pgat_jax.forecasting.baselines import scale_all_targets
from pgat_jax.forecasting.coverage_record import ROOT
from pgat_jax.forecasting.predict import Prediction, forecast_rows
from pgat_jax.forecasting.residuals import add_residual_spread
from pgat_jax.model.build import Model, Params
from pgat_jax.progress import Reporter

# The code that a model's forecasts depend on, besides that of its training.
SOURCES = ("backtest/fold.py", "backtest/model_arm.py", "forecasting")


class Trained(NamedTuple):
    """A model with its parameters.

    Attributes:
        model: the model.
        params: its parameters.
    """

    model: Model
    params: Params


def make_model_arm(
    config: Config,
    table: Table,
    history: History,
    reporter: Reporter,
    root: Path = ROOT,
    is_trained: bool = True,
    blocks: tuple[Block, ...] = (),
) -> Arm:
    """Makes the forecaster (an `Arm`) of a configuration's model.

    Args:
        config: the configuration.
        table: all rows, with the columns that the model reads.
        history: the returns of the table.
        reporter: shows the training.
        root: the folder of all back-tests.
        is_trained: True trains the model up to each fit row; False forecasts with its initial
            parameters.
        blocks: all blocks. Those with one fit row are forecast together, since the forecasts of
            each need those of the four years before it.
    """

    @lru_cache(maxsize=1)
    def fit_once(fit_row: int, first: int, last: int) -> Predict:
        fold = split_at(config, table, fit_row)
        if is_trained:
            run = train_fold(fold, reporter, root)
            trained = Trained(run.model, run.params)
        else:
            trained = Trained(*start_fold(fold))
        ranks = rank_past_paths(history, fit_row)
        return predict_origins(trained, fold.data, np.arange(first, last + 1), ranks)

    def fit(block: Block) -> Predict:
        others = (other.rows for other in blocks if other.fit_row == block.fit_row)
        rows = np.concatenate([block.rows, *others])
        return fit_once(block.fit_row, int(rows.min()), int(rows.max()))

    kind = "model" if is_trained else "untrained"
    settings = f"{kind} {digest_training(config)} {digest_sources(SOURCES, ())}"
    return Arm(settings, fit)


def predict_origins(trained: Trained, data: Data, rows: np.ndarray, ranks: np.ndarray) -> Predict:
    """Forecasts origins with a trained model.

    Args:
        trained: the model.
        data: the table, split before the first origin.
        rows: consecutive rows, the origins among them.
        ranks: the ranks [M, P, T] of past paths, which join the days.

    Returns:
        A function from evenly spaced origins among `rows` to their forecasts, in log returns.
    """
    scaled = forecast_rows(
        trained.model, trained.params, data, rows, f"Forecasting {len(rows)} origins"
    )
    if scaled.distribution is None:
        scaled = add_residual_spread(scaled, forecast_validation(trained, data))
    mean, std = data.scaler.target_mean, data.scaler.target_std

    def predict(own: np.ndarray) -> JointForecast:
        chosen = scaled.at(slice(own[0] - rows[0], own[-1] - rows[0] + 1, _find_step(own)))
        shape = chosen.point.shape
        forecast = chosen.transform(np.broadcast_to(mean, shape), np.broadcast_to(std, shape))
        assert forecast.distribution is not None
        paths = join_days(forecast.distribution, ranks)
        return JointForecast(forecast.point, forecast.distribution, paths)

    return predict


def forecast_validation(trained: Trained, data: Data) -> Prediction:
    """Forecasts the validation windows, whose errors give a point forecast its spread.

    Args:
        trained: the model.
        data: the table and its splits.
    """
    rows = data.windows("validation")
    forecast = forecast_rows(
        trained.model, trained.params, data, rows, f"Forecasting {len(rows)} validation windows"
    )
    days = rows[:, None] + 1 + np.arange(data.config.pred_len)
    return Prediction(forecast, scale_all_targets(data)[days])


def rank_past_paths(history: History, fit_row: int) -> np.ndarray:
    """Ranks the last paths of P standardised returns up to the fit row, at most 250.

    Args:
        history: the returns and dates.
        fit_row: the last row that may be read.

    Returns:
        The ranks [M, P, T].
    """
    log_volatility = forecast_har_volatility(history, fit_row)
    paths = standardise_paths(history.returns, log_volatility, fit_row, HAR_POOL)
    return rank_paths(paths)


def _find_step(rows: np.ndarray) -> int:
    """Returns the distance of two origins."""
    return int(rows[1] - rows[0]) if len(rows) > 1 else 1
