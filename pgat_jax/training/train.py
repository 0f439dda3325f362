"""Trains a run and finishes its folder: the loop, then scores, forecasts, pictures and report."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from rich.console import Console

from pgat_jax.cluster import is_first, make_on_first
from pgat_jax.config import Config
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data, prepare_data
from pgat_jax.data.table import Table
from pgat_jax.forecasting.evaluate import score_run
from pgat_jax.forecasting.forecast import write_test_forecasts
from pgat_jax.forecasting.next_days import write_next_days
from pgat_jax.mesh import describe_mesh, make_mesh
from pgat_jax.model.build import build
from pgat_jax.output import writing
from pgat_jax.pages.plots import draw_run
from pgat_jax.pages.run_report import write_report
from pgat_jax.progress import Reporter
from pgat_jax.storage.consistency import require_same_config
from pgat_jax.storage.creation import create_run
from pgat_jax.storage.folder import find_run
from pgat_jax.storage.loaded_run import LoadedRun, load_run
from pgat_jax.storage.lock import lock_run
from pgat_jax.training.continuation import (
    explain_finish,
    is_finished,
    keep_inputs,
    load_own_data,
)
from pgat_jax.training.interrupts import DURING_STEPS, Interrupts
from pgat_jax.training.loop import open_trainer
from pgat_jax.training.plan import Plan, count_steps
from pgat_jax.training.warm_start import describe_start, record_start, require_same_shapes


class Start(NamedTuple):
    """What a training begins with besides its configuration.

    Attributes:
        run_name: names the new folder `runs/NAME-DATE`; None for the configuration's name.
        run: the folder of the run to continue; None for a new one.
        first: the run from whose parameters a new run starts; None for initial parameters.
        table: the table to train on; None to read `data.source`.
    """

    run_name: str | None
    run: Path | None
    first: LoadedRun | None
    table: Table | None


def train(
    config: Config,
    run_name: str | None = None,
    resume: str | Path | None = None,
    minutes: float | None = None,
    started: float | None = None,
    *,
    warm_start: str | Path | None = None,
    table: Table | None = None,
) -> Path:
    """Trains a configuration, or continues a run of it.

    A run that is finished is not trained further; only its scores and pages are made anew.

    Args:
        config: the configuration; with `resume` it must be the run's own.
        run_name: names the new folder `runs/NAME-DATE`; by default the configuration's name.
        resume: a run's folder, or its name under `runs/`.
        minutes: wall-clock minutes after which training stops; by default none.
        started: `time.monotonic()` from which the minutes count; by default now.
        warm_start: a run from whose best parameters a new run starts.
        table: the table of a new run; by default that of `data.source`.

    Returns:
        The run's folder, with scores, forecasts, pictures and page.

    Raises:
        UserError: bad input, a changed configuration or table, no usable checkpoint, or NaN and
            Inf in too many steps in a row.
        Interrupted: Ctrl-C or SIGTERM to any process of the run; everything is saved.
    """
    started = time.monotonic() if started is None else started
    stop_at = started + 60 * minutes if minutes is not None else np.inf
    run = find_run(resume) if resume is not None else None
    if run is not None:
        require_same_config(run, config)
    reporter = Reporter(None if is_first() else Console(quiet=True))
    if run is not None and is_finished(run, config):
        reporter.say(explain_finish(run))
        folder = run
    else:
        first = None if warm_start is None else load_run(warm_start, say=reporter.say)
        folder = _take_steps(config, Start(run_name, run, first, table), reporter, stop_at)
    if is_first():
        finish_run(folder, reporter)
    return folder


def _take_steps(config: Config, start: Start, reporter: Reporter, stop_at: float) -> Path:
    """Trains until the end, the minutes or a signal; returns the folder of the run."""
    with Interrupts() as interrupts:
        reporter.say(f"reading the table {config.data.source} ...")
        data = _load(config, start, reporter)
        config = config.model_copy(update={"data": data.config})  # with the calendar that was found
        plan = Plan(build(config, data.columns), make_mesh(config), count_steps(config, data))
        if start.first is not None:
            require_same_shapes(start.first, plan.param_shapes)
            reporter.say(describe_start(start.first, data))
        if jax.device_count() > 1:
            reporter.say(describe_mesh(plan.mesh))
        folder = make_on_first(lambda: start.run or create_run(config, start.run_name))
        with writing(folder), lock_run(folder) if is_first() else nullcontext():
            reporter.say(f"run {folder}")
            opening = open_trainer(
                plan,
                data,
                folder,
                reporter,
                lambda: interrupts.number,
                resume=start.run is not None,
                first_params=start.first and start.first.params,
                stop_at=stop_at,
            )
            with opening as trainer:
                if is_first():
                    keep_inputs(folder, config, data.table)
                    record_start(folder, start.first)
                interrupts.notice = DURING_STEPS
                trainer.run()
    return folder


def _load(config: Config, start: Start, reporter: Reporter) -> Data:
    """Returns the table to train on, split and scaled."""
    if start.table is not None:
        return prepare_data(config.data, start.table)
    if start.run is not None:
        return load_own_data(start.run, config, reporter.say)
    return load_data(config)


def finish_run(run: Path, reporter: Reporter) -> None:
    """Writes the scores, forecasts, pictures and page of a trained run.

    Args:
        run: the folder of the run.
        reporter: shows messages to the user.

    Raises:
        UserError: no checkpoint of the run is usable, its table has changed, or a file cannot be
            written.
    """
    loaded = load_run(run, say=reporter.say)
    for text, work in (
        ("scores", lambda: score_run(loaded)),
        ("forecasts of the test days", lambda: write_test_forecasts(loaded)),
        ("forecast of the next days", lambda: write_next_days(loaded)),
        ("pictures", lambda: draw_run(run)),
        ("report.html", lambda: write_report(run)),
    ):
        reporter.say(f"{text} ...")
        work()
