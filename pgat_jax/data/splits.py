"""Splits a table by time: a window belongs to the split that contains all days it predicts."""

from typing import NamedTuple

import numpy as np

from pgat_jax.config import DataConfig
from pgat_jax.errors import UserError


class Split(NamedTuple):
    """The rows of a split, from `start` to before `stop`; both are row numbers of the table."""

    start: int
    stop: int


class Splits(NamedTuple):
    """The rows of each split of a table: `train`, then `validation`, then `test`."""

    train: Split
    validation: Split
    test: Split


def split_rows(days: int, config: DataConfig) -> Splits:
    """Splits the rows of a table by time.

    The last `test_days` rows are for the test, the `validation_days` before them for validation,
    and all before these for training. If there are too few rows, training gets none first, then
    validation.

    Args:
        days: the number of rows.
        config: the sizes of the splits.
    """
    test = max(0, days - config.test_days)
    validation = max(0, test - config.validation_days)
    return Splits(Split(0, validation), Split(validation, test), Split(test, days))


def find_window_rows(split: Split, config: DataConfig) -> np.ndarray:
    """Returns the row of the last past day of each window that predicts only days of the split.

    Args:
        split: the rows to predict.
        config: the lengths of a window.

    Returns:
        [windows] int, increasing, empty if the split is too short. The past of a window may begin
        before the split.
    """
    first = max(split.start, config.seq_len) - 1
    return np.arange(first, split.stop - config.pred_len)


def check_enough(days: int, config: DataConfig, where: str) -> None:
    """Checks that a table has rows for one training window and the other two splits.

    Args:
        days: the number of rows.
        config: the sizes of the splits and of a window.
        where: the name of the table in the error.

    Raises:
        UserError: there are too few rows.
    """
    need = config.seq_len + config.pred_len + config.validation_days + config.test_days
    if days < need:
        raise UserError(
            f"{where}: {days:,} usable rows, expected at least {need:,}: data.seq_len "
            f"({config.seq_len}) + data.pred_len ({config.pred_len}) + data.validation_days "
            f"({config.validation_days}) + data.test_days ({config.test_days}); give more rows or "
            "lower these."
        )
