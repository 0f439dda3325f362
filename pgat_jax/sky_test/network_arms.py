"""The network as a forecaster of the test: trained once with each sky, by the same program.

All arms have the same columns, so that their training step is compiled once: the table is an
argument of the program. Only the values of the celestial columns differ.
"""

import dataclasses

import numpy as np

from pgat_jax.backtest.evaluation import Arm, run_arms
from pgat_jax.backtest.history import History
from pgat_jax.backtest.model_arm import make_model_arm
from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.results import pool
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.config import Config
from pgat_jax.data.columns import KNOWN
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError
from pgat_jax.progress import Reporter
from pgat_jax.sky_test.skies import Sky
from pgat_jax.sky_test.sky_grid import SkyGrid, place_columns


def score_network(
    config: Config,
    table: Table,
    history: History,
    blocks: tuple[Block, ...],
    skies: list[Sky | None],
    grid: SkyGrid,
    store: ScoreStore,
    reporter: Reporter,
) -> np.ndarray:
    """Trains the network with each sky, with the same seed, and scores all origins.

    Args:
        config: the configuration of the network.
        table: all rows.
        history: the returns of the table.
        blocks: the origins, fitted once.
        skies: the skies; None is no sky.
        grid: the celestial columns of all days, as `load_grid` returns them.
        store: where trained models and finished years are.
        reporter: shows progress.

    Returns:
        The pooled CRPS [A, O] of each of the A skies and each origin, in the order of `skies`.

    Raises:
        UserError: the table contains celestial columns of its own.
        Interrupted: a signal came; everything is saved.
    """
    own = keep_all_columns(config)
    arms = {}
    for number, sky in enumerate(skies):
        shown = replace_sky(table, sky, grid)
        arm = make_model_arm(own, shown, history, reporter, store.root)
        arms[f"{number}"] = Arm(f"{arm.settings} {shown.hash}", arm.fit)
    scores = run_arms(arms, history, table.hash, blocks, store, reporter)
    return np.stack([pool(scores[name]["crps"]) for name in arms])


def keep_all_columns(config: Config) -> Config:
    """Returns the configuration with constant columns kept: those of no sky are all 0.

    Args:
        config: the configuration.
    """
    data = config.data.model_copy(update={"keep_constant": True})
    return config.model_copy(update={"data": data})


def replace_sky(table: Table, sky: Sky | None, grid: SkyGrid) -> Table:
    """Returns the table with the celestial columns of another sky; if it is None they are 0.

    Args:
        table: the table.
        sky: the sky, or None.
        grid: the celestial columns of all days, as `load_grid` returns them.

    Raises:
        UserError: the table contains celestial columns of its own.
    """
    if not table.computed_sky:
        raise UserError(
            f"{table.source}: got celestial columns in the file, expected none, since each sky of "
            "the test is computed: leave them out of the file."
        )
    columns = {} if sky is None else place_columns(sky, grid, table.dates)
    values = table.values.copy()
    for place, name in enumerate(table.columns.names):
        if name.lower() in KNOWN:
            values[:, place] = columns.get(name, 0.0)
    return dataclasses.replace(table, values=values)
