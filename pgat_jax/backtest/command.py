"""The verb `backtest`: plans the origins, runs the forecasters, prints results, writes the page."""

import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pgat_jax.backtest.answer import write_answer
from pgat_jax.backtest.evaluation import list_baselines, run_arms
from pgat_jax.backtest.forecasters import NAMES
from pgat_jax.backtest.history import make_history
from pgat_jax.backtest.model_arm import make_model_arm
from pgat_jax.backtest.origins import Refit, find_origins, plan_blocks
from pgat_jax.backtest.page import render_page
from pgat_jax.backtest.report import make_report, reduce_report
from pgat_jax.backtest.results import Scored
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.backtest.tables import tabulate_report
from pgat_jax.config import Config
from pgat_jax.config_file import dump_yaml
from pgat_jax.data.find_calendar import settle_calendar
from pgat_jax.data.source import load_table
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError, name_program, printable
from pgat_jax.forecasting.coverage_record import ROOT, BandCoverage, write_record
from pgat_jax.output import write_output
from pgat_jax.progress import Reporter
from pgat_jax.text_table import open_console, print_table
from pgat_jax.training.interrupts import Interrupted


class Request(NamedTuple):
    """What a user asks of a back-test.

    Attributes:
        first: the first origin, or None for the default.
        last: the last origin, or None for the default.
        step: every `step`-th trading day is an origin.
        refit: `never` fits the forecasters once, `yearly` at the first origin of each year.
        baselines_only: whether the model is left out; not together with `untrained`.
        as_json: whether to print JSON and nothing else.
        html: the file of the page; by default below `runs/backtest/`.
        untrained: whether the model is scored as it begins, without training.
    """

    first: date | None = None
    last: date | None = None
    step: int = 1
    refit: Refit = "never"
    baselines_only: bool = False
    as_json: bool = False
    html: Path | None = None
    untrained: bool = False


def run_backtest(config: Config, request: Request, root: Path = ROOT) -> int:
    """Runs a back-test, prints its results and writes its page.

    Args:
        config: the configuration of the model; its table and horizon are those of all forecasters.
        request: what the user asks for.
        root: the folder of trained models and finished years.

    Returns:
        The exit status: 1 if `find_leaks` found results that are too good to be true, else 0.

    Raises:
        UserError: as `make_backtest`.
        Interrupted: a signal came while the model was trained.
    """
    report, page = make_backtest(config, request, root)
    reporter = Reporter()
    for sentence in report["leaks"]:
        reporter.say(sentence)
    if request.as_json:
        print(json.dumps(reduce_report(report), allow_nan=False))
    else:
        print_report(report)
    reporter.say(f"page: {page}")
    return 1 if report["leaks"] else 0


def make_backtest(
    config: Config, request: Request, root: Path = ROOT, table: Table | None = None
) -> tuple[dict[str, Any], Path]:
    """Runs a back-test and writes its page.

    Args:
        config: the configuration of the model; its horizon is that of all forecasters.
        request: what the user asks for.
        root: the folder of trained models and finished years.
        table: the table; by default that of `config.data.source`.

    Returns:
        What `make_report` returned, and the path of the page.

    Raises:
        UserError: the table cannot be read, there is no origin, or two flags contradict each other.
        Interrupted: a signal came while the model was trained.
    """
    if request.baselines_only and request.untrained:
        raise UserError("--untrained scores the model, --baselines-only leaves it out: give one.")
    reporter = Reporter()
    table = load_table(config.data) if table is None else table
    horizon = config.data.pred_len
    given, config = config, config.model_copy(update={"data": settle_calendar(config.data, table)})
    rows = find_origins(table.dates, horizon, request.first, request.last, request.step)
    blocks = plan_blocks(rows, table.dates, request.refit)
    history = make_history(table, horizon, config.data.calendar)
    reporter.say(f"{len(rows):,} origins, {table.dates[rows[0]]} to {table.dates[rows[-1]]}")
    arms = list_baselines(history)
    if not request.baselines_only:
        is_trained = not request.untrained
        arms["model"] = make_model_arm(config, table, history, reporter, root, is_trained, blocks)
    try:
        scores = run_arms(arms, history, table.hash, blocks, ScoreStore(root), reporter)
    except (KeyboardInterrupt, Interrupted):
        reporter.close()
        reporter.say("finished years and checkpoints are stored; the same command continues")
        raise
    ordered = {name: scores[name] for name in NAMES if name in scores}
    scored = Scored(ordered, table.dates[rows])
    name = _name_report(config, request)
    report = make_report(scored, name, table.source, horizon, request.refit, request.step)
    configuration = "" if request.baselines_only else dump_yaml(config)
    command = describe_command(config.name, request)
    if not (request.baselines_only or request.untrained):
        record_coverage(given, report, root)
    page = render_page(report, scored, history, rows, command, configuration)
    return report, write_output(request.html or root / f"{name}.html", page.encode())


def record_coverage(config: Config, report: dict, root: Path) -> None:
    """Keeps the coverage of the model's 90% band, for the sentence on how far to trust a forecast.

    Args:
        config: the configuration of the model.
        report: what `make_report` returned, with the model in it.
        root: the folder of all back-tests.

    Raises:
        UserError: the file cannot be written.
    """
    share = report["forecasters"]["model"]["coverage"]["90%"]["Close"] / 100
    period = f"back-test days ({report['first_day']} to {report['last_day']})"
    write_record(config, BandCoverage(share, report["origins"], period), root)


def describe_command(config: str, request: Request) -> str:
    """Returns the command line that repeats a request, without `--json` and `--html`.

    Args:
        config: the name of the configuration.
        request: what the user asked for.
    """
    words = [f"{name_program()} backtest --config {config} --refit {request.refit}"]
    words += [f"--from {request.first}"] if request.first else []
    words += [f"--to {request.last}"] if request.last else []
    words += [f"--step {request.step}"] if request.step > 1 else []
    words += ["--baselines-only"] if request.baselines_only else []
    words += ["--untrained"] if request.untrained else []
    return " ".join(words)


def print_report(report: dict) -> None:
    """Prints the sentences about leaks, the answer and the tables, in at most 100 columns.

    Args:
        report: what `make_report` returned.
    """
    console = open_console()
    for sentence in [*report["leaks"], *write_answer(report)]:
        console.print(printable(sentence))
    for table in tabulate_report(report):
        print_table(console, table)


def _name_report(config: Config, request: Request) -> str:
    """Returns the name of the page: that of the configuration, if its model is scored."""
    if request.baselines_only:
        return "baselines"
    return f"{config.name}-untrained" if request.untrained else config.name
