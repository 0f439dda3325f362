"""Trains a run and finishes its folder: the loop, then scores, forecasts, pictures and report."""

import time
from contextlib import nullcontext
from pathlib import Path

import jax
import numpy as np
from rich.console import Console

from pgat_jax.cluster import is_first, make_on_first
from pgat_jax.config import Config
from pgat_jax.data.loading import load_data
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
from pgat_jax.storage.loaded_run import load_run
from pgat_jax.storage.lock import lock_run
from pgat_jax.training.interrupts import DURING_STEPS, Interrupts
from pgat_jax.training.loop import open_trainer
from pgat_jax.training.plan import Plan, count_steps


def train(
    config: Config,
    run_name: str | None = None,
    resume: str | Path | None = None,
    minutes: float | None = None,
    started: float | None = None,
) -> Path:
    """Trains a configuration, or continues a run of it.

    Args:
        config: the configuration; with `resume` it must be the run's own.
        run_name: names the new folder `runs/NAME-DATE`; by default the configuration's name.
        resume: a run's folder, or its name under `runs/`.
        minutes: wall-clock minutes after which training stops; by default none.
        started: `time.monotonic()` from which the minutes count; by default now.

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
    with Interrupts() as interrupts:
        reporter.say(f"reading the table {config.data.source} ...")
        data = load_data(config)
        steps_per_epoch = count_steps(config, data)
        plan = Plan(build(config, data.columns), make_mesh(config), steps_per_epoch)
        if jax.device_count() > 1:
            reporter.say(describe_mesh(plan.mesh))
        folder = make_on_first(lambda: run or create_run(config, run_name))
        with writing(folder), lock_run(folder) if is_first() else nullcontext():
            reporter.say(f"run {folder}")
            opening = open_trainer(
                plan,
                data,
                folder,
                reporter,
                lambda: interrupts.number,
                resume=run is not None,
                stop_at=stop_at,
            )
            with opening as trainer:
                interrupts.notice = DURING_STEPS
                trainer.run()
    if is_first():
        finish_run(folder, reporter)
    return folder


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
