"""Splits a table at the fit row of a back-test, and trains a model on the rows up to it.

A fold is a run of the configuration whose test split begins on the day after the fit row. Its
folder is found by the digest of everything that its parameters depend on, so that a fold is trained
once, and an interrupted training goes on where it stopped.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from pgat_jax.backtest.store import digest_sources
from pgat_jax.config import Config
from pgat_jax.data.cache import content_key
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import split_data
from pgat_jax.data.splits import check_enough, split_rows
from pgat_jax.data.table import Table
from pgat_jax.forecasting.coverage_record import ROOT
from pgat_jax.mesh import make_mesh
from pgat_jax.model.build import Model, Params, build
from pgat_jax.output import write_output, writing
from pgat_jax.progress import Reporter
from pgat_jax.storage.creation import describe_run
from pgat_jax.storage.folder import CHECKPOINTS
from pgat_jax.storage.loaded_run import LoadedRun, load_run
from pgat_jax.storage.lock import lock_run
from pgat_jax.training.interrupts import DURING_STEPS, Interrupts
from pgat_jax.training.loop import open_trainer
from pgat_jax.training.plan import Plan, count_steps
from pgat_jax.training.start import start_at_residuals
from pgat_jax.training.state import create_state, unpack_params

FOLDER = "models"
# An empty file that says that a training has ended.
TRAINED = "trained"
# The code that the parameters of a training depend on.
SOURCES = ("config.py", "data", "mesh.py", "model", "training")
# Hexadecimal digits of a folder's name.
DIGEST_LENGTH = 20


class Fold(NamedTuple):
    """A configuration and its data, split at the fit row: the last row that a model is fitted on.

    Attributes:
        config: the configuration; its test split begins after the fit row.
        data: the table with these splits, and the statistics of the training rows.
    """

    config: Config
    data: Data


def split_at(config: Config, table: Table, fit_row: int) -> Fold:
    """Splits a table so that training and validation end with the fit row.

    Args:
        config: the configuration.
        table: all rows; those after the fit row are only forecast.
        fit_row: the last row whose return is a target of training or validation.

    Raises:
        UserError: there are too few rows up to the fit row.
    """
    test_days = len(table) - 1 - fit_row
    own = config.data.model_copy(update={"test_days": test_days})
    check_enough(len(table), own, f"{table.source} up to {table.dates[fit_row]}")
    data = split_data(own, table, split_rows(len(table), own))
    return Fold(config.model_copy(update={"data": data.config}), data)


def train_fold(fold: Fold, reporter: Reporter, root: Path = ROOT) -> LoadedRun:
    """Trains a fold, continues its training, or reads it back if it was trained.

    Args:
        fold: the configuration and its data.
        reporter: shows messages to the user.
        root: the folder of all back-tests.

    Returns:
        The run with its best parameters.

    Raises:
        Interrupted: a signal came; everything is saved.
    """
    path = find_folder(fold, root)
    if not (path / TRAINED).exists():
        _train(fold, path, reporter)
        write_output(path / TRAINED, b"")
    return load_run(path, say=reporter.say)


def start_fold(fold: Fold) -> tuple[Model, Params]:
    """Returns the model of a fold with the parameters from which its training begins.

    Args:
        fold: the configuration and its data.
    """
    plan = _make_plan(fold)
    state = start_at_residuals(plan, create_state(plan), fold.data)
    return plan.model, unpack_params(plan, state.params)


def find_folder(fold: Fold, root: Path = ROOT) -> Path:
    """Returns the folder of a fold's training, which need not exist yet.

    Args:
        fold: the configuration and its data.
        root: the folder of all back-tests.
    """
    parts = (fold.data.table.hash, digest_training(fold.config))
    key = content_key(*(part.encode() for part in parts))
    return root / FOLDER / f"{fold.config.name}-{key[:DIGEST_LENGTH]}"


def digest_training(config: Config) -> str:
    """Returns the digest of a configuration, its name aside, and of the code that trains it.

    Args:
        config: the configuration.
    """
    own = config.model_copy(update={"name": "fold"})
    return content_key(own.model_dump_json().encode(), _digest_code().encode())


@cache
def _digest_code() -> str:
    return digest_sources(SOURCES, ("jax", "flax", "optax", "numpy"))


def _make_plan(fold: Fold) -> Plan:
    config, data = fold
    return Plan(build(config, data.columns), make_mesh(config), count_steps(config, data))


def _train(fold: Fold, path: Path, reporter: Reporter) -> None:
    """Runs the loop of training in a folder, from its newest checkpoint if it has one."""
    config, data = fold
    if not path.is_dir():
        describe_run(path, config)
    plan = _make_plan(fold)
    is_resumed = any((path / CHECKPOINTS).glob("[0-9]*"))
    reporter.say(f"training on the days up to {data.table.dates[data.splits.test.start - 1]}")
    with Interrupts() as interrupts, writing(path), lock_run(path):
        opening = open_trainer(
            plan, data, path, reporter, lambda: interrupts.number, resume=is_resumed
        )
        with opening as trainer:
            interrupts.notice = DURING_STEPS
            trainer.run()
    reporter.close()
