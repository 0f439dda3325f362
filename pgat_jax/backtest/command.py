"""The verb `backtest`: plans the origins, runs the forecasters, prints or writes the results."""

import json
from datetime import date
from typing import NamedTuple

from pgat_jax.backtest.answer import write_answer
from pgat_jax.backtest.evaluation import list_baselines, run_arms
from pgat_jax.backtest.history import make_history
from pgat_jax.backtest.origins import Refit, find_origins, plan_blocks
from pgat_jax.backtest.report import make_report, reduce_report
from pgat_jax.backtest.results import Scored
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.backtest.tables import tabulate_report
from pgat_jax.config import Config
from pgat_jax.data.source import load_table
from pgat_jax.errors import printable
from pgat_jax.progress import Reporter
from pgat_jax.text_table import open_console, print_table


class Request(NamedTuple):
    """What a user asks of a back-test.

    Attributes:
        first: the first origin, or None for the default.
        last: the last origin, or None for the default.
        step: every `step`-th trading day is an origin.
        refit: when the forecasters are fitted.
        baselines_only: whether the model is left out.
        as_json: whether to print JSON and nothing else.
    """

    first: date | None = None
    last: date | None = None
    step: int = 1
    refit: Refit = "never"
    baselines_only: bool = False
    as_json: bool = False


def run_backtest(config: Config, request: Request, store: ScoreStore | None = None) -> int:
    """Runs a back-test and prints its results.

    Args:
        config: the configuration of the model; its table and horizon are those of all forecasters.
        request: what the user asks for.
        store: where finished years are; by default below `runs/`.

    Returns:
        The exit status: 1 if the leak alarm rings, else 0.

    Raises:
        UserError: the table cannot be read, or there is no origin.
    """
    store, reporter = store or ScoreStore(), Reporter()
    table, horizon = load_table(config.data), config.data.pred_len
    rows = find_origins(table.dates, horizon, request.first, request.last, request.step)
    blocks = plan_blocks(rows, table.dates, request.refit)
    history = make_history(table, horizon, config.data.calendar)
    reporter.say(f"{len(rows):,} origins, {table.dates[rows[0]]} to {table.dates[rows[-1]]}")
    try:
        scores = run_arms(list_baselines(history), history, table.hash, blocks, store, reporter)
    except KeyboardInterrupt:
        reporter.close()
        reporter.say("finished years are stored; the same command continues")
        raise
    scored = Scored(scores, table.dates[rows])
    report = make_report(scored, config.name, table.source, horizon, request.refit, request.step)
    for sentence in report["leaks"]:
        reporter.say(sentence)
    if request.as_json:
        print(json.dumps(reduce_report(report), allow_nan=False))
    else:
        print_report(report)
    return 1 if report["leaks"] else 0


def print_report(report: dict) -> None:
    """Prints the alarm, the answer and the tables, in at most 100 columns.

    Args:
        report: what `make_report` returned.
    """
    console = open_console()
    for sentence in [*report["leaks"], *write_answer(report)]:
        console.print(printable(sentence))
    for table in tabulate_report(report):
        print_table(console, table)
