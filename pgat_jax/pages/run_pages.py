"""Writes the page of a run anew, with what it shows."""

from collections.abc import Callable
from pathlib import Path

from pgat_jax.forecasting.evaluate import load_or_score
from pgat_jax.forecasting.forecast import write_test_forecasts
from pgat_jax.forecasting.next_days import write_next_days
from pgat_jax.pages.plots import draw_run
from pgat_jax.pages.run_report import write_report
from pgat_jax.storage.folder import FORECASTS
from pgat_jax.storage.loaded_run import LoadedRun


def renew_page(run: LoadedRun, say: Callable[[str], None]) -> Path:
    """Draws the pictures and writes the page of a run; scores that are missing are computed.

    The forecast of the next days is made anew, with what the run's scores say now.

    Args:
        run: the run.
        say: called with a line before each piece of work.

    Returns:
        The path of the page.

    Raises:
        UserError: the run's table cannot be read or has changed, or a file cannot be written.
    """
    say("scores ...")
    load_or_score(run)
    if not (run.path / FORECASTS).exists():
        say("forecasts of the test days ...")
        write_test_forecasts(run)
    say("forecast of the next days ...")
    write_next_days(run)
    say("pictures ...")
    draw_run(run.path)
    say("report.html ...")
    return write_report(run.path)
