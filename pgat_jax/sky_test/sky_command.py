"""The verb `sky`: runs the arms and the power study, prints the answer, writes the page."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pgat_jax.backtest.history import History, make_history
from pgat_jax.backtest.origins import Block, find_origins, plan_blocks
from pgat_jax.backtest.store import ScoreStore, digest_code, digest_sources
from pgat_jax.config import Config
from pgat_jax.config_file import dump_yaml
from pgat_jax.data.cache import content_key
from pgat_jax.data.find_calendar import settle_calendar
from pgat_jax.data.source import load_table
from pgat_jax.data.table import Table
from pgat_jax.errors import name_program, printable
from pgat_jax.output import replace_nonfinite, write_output
from pgat_jax.progress import Reporter
from pgat_jax.sky_test.claim import write_answer
from pgat_jax.sky_test.laws import SIZES, list_laws
from pgat_jax.sky_test.network_arms import score_network
from pgat_jax.sky_test.power import Field, study_power
from pgat_jax.sky_test.ranks import summarise_arms
from pgat_jax.sky_test.residual_blocks import prepare_block
from pgat_jax.sky_test.skies import Sky, draw_false_skies, draw_shifted_skies, make_true_sky
from pgat_jax.sky_test.sky_features import compute_angles, compute_features
from pgat_jax.sky_test.sky_grid import SkyGrid, load_grid, place_longitudes
from pgat_jax.sky_test.sky_page import render_page
from pgat_jax.sky_test.sky_report import make_report
from pgat_jax.sky_test.sky_scores import SkyForecaster
from pgat_jax.sky_test.sky_tables import tabulate_report
from pgat_jax.text_table import open_console, print_table
from pgat_jax.training.interrupts import Interrupted

ROOT = Path("runs/sky")
# The code that scores depend on; that of HAR and FHS is in `backtest.store`.
SOURCES = (
    "backtest/bootstrap.py",
    "sky_test/laws.py",
    "sky_test/power.py",
    "sky_test/ranks.py",
    "sky_test/residual_blocks.py",
    "sky_test/ridge.py",
    "sky_test/skies.py",
    "sky_test/sky_crps.py",
    "sky_test/sky_features.py",
    "sky_test/sky_grid.py",
    "sky_test/sky_scores.py",
)


class Effort(NamedTuple):
    """The size of a test.

    Attributes:
        false: skies at a false rate; 99 allow p-values down to 0.01.
        shifted: skies of other years.
        phases: phases of each law of the power study.
        network: skies at a false rate that the network is trained with; 0 trains none.
        sizes: the amplitudes of the laws.
    """

    false: int = 99
    shifted: int = 39
    phases: int = 4
    network: int = 0
    sizes: tuple[float, ...] = SIZES


QUICK = Effort()
FULL = Effort(phases=8, network=19)


class Request(NamedTuple):
    """What a user asks of a test.

    Attributes:
        quick: whether the linear forecaster alone is tested.
        as_json: whether to print JSON and nothing else.
        html: the file of the page; by default below `runs/sky/`.
    """

    quick: bool = False
    as_json: bool = False
    html: Path | None = None


def run_sky(
    config: Config, request: Request, root: Path = ROOT, effort: Effort | None = None
) -> None:
    """Runs a test of the sky, prints its results and writes its page.

    Args:
        config: the configuration of the network; its table and horizon are those of all arms.
        request: what the user asks for.
        root: the folder of trained models and finished scores.
        effort: the size of the test; by default `QUICK` or `FULL`.

    Raises:
        UserError: the table cannot be read, there is no origin, or it has celestial columns of its
            own.
        Interrupted: a signal came while the network was trained.
    """
    reporter = Reporter()
    try:
        report = compute_report(
            config, effort or (QUICK if request.quick else FULL), root, reporter
        )
    except (KeyboardInterrupt, Interrupted):
        reporter.close()
        reporter.say("finished parts are stored; the same command continues")
        raise
    configuration = "" if report["network"] is None else dump_yaml(config)
    page = render_page(report, describe_command(config, request), configuration)
    path = request.html or root / f"{config.name}-{config.data.source.replace('/', '-')}.html"
    write_output(path, page.encode())
    if request.as_json:
        print(json.dumps(replace_nonfinite(report), allow_nan=False))
    else:
        print_report(report)
    reporter.say(f"page: {path}")


def compute_report(
    config: Config, effort: Effort, root: Path, reporter: Reporter
) -> dict[str, Any]:
    """Scores all skies, repeats the test on planted laws, and puts the results together.

    Args:
        config: the configuration.
        effort: the size of the test.
        root: the folder of trained models and finished scores.
        reporter: shows progress.

    Returns:
        The result of `sky_report.make_report`.
    """
    store = ScoreStore(root)
    table, horizon = load_table(config.data), config.data.pred_len
    config = config.model_copy(update={"data": settle_calendar(config.data, table)})
    rows = find_origins(table.dates, horizon)
    history = make_history(table, horizon, config.data.calendar)
    grid = load_grid(store, reporter)
    reporter.say(f"{len(rows):,} origins, {table.dates[rows[0]]} to {table.dates[rows[-1]]}")
    blocks = plan_blocks(rows, table.dates, "yearly")
    field = make_field(table, history, blocks, grid, effort)
    none, true, false, shifted = field.split(score_real(field, store))
    result = summarise_arms(none, true, false, shifted)
    outcomes = study_power(field, list_laws(effort.phases, effort.sizes), store, reporter)
    network = None
    if effort.network:
        once = plan_blocks(rows, table.dates, "never")
        network = rank_network(config, table, history, once, grid, effort, store, reporter)
    return make_report(config.name, table.source, table.dates[rows], result, outcomes, network)


def make_field(
    table: Table, history: History, blocks: tuple[Block, ...], grid: SkyGrid, effort: Effort
) -> Field:
    """Prepares the linear forecaster with all skies.

    Args:
        table: the table.
        history: its returns.
        blocks: the origins, with the fit row of each year.
        grid: the celestial columns of all days, as `load_grid` returns them.
        effort: the number of skies.
    """
    dates, true = table.dates, make_true_sky(table.dates)
    skies: list[Sky | None] = [
        None,
        true,
        *draw_false_skies(dates, effort.false),
        *draw_shifted_skies(dates, effort.shifted),
    ]
    features = np.stack([compute_features(sky, grid, dates) for sky in skies])
    parts = (table.hash, repr(skies), repr([b.rows[[0, -1]].tolist() for b in blocks]))
    code = (digest_code(), digest_sources(SOURCES, ("numpy", "scipy")), str(history.horizon))
    return Field(
        history,
        blocks,
        [prepare_block(history, block) for block in blocks],
        compute_angles(place_longitudes(true, grid, dates)),
        SkyForecaster(features, blocks, history.horizon),
        effort.false,
        content_key(*(part.encode() for part in parts + code)),
    )


def score_real(field: Field, store: ScoreStore) -> np.ndarray:
    """Returns the pooled CRPS [A, O] of all skies on the real returns, computed once, then read.

    Args:
        field: the forecasters of all skies, and what they are scored on.
        store: where the scores are read and written.
    """
    key = content_key(field.digest.encode(), b"real returns")
    stored = store.read(key)
    if stored is None:
        stored = {"scores": field.forecaster.score(field.history)}
        store.write(key, stored)
    return stored["scores"]


def rank_network(
    config: Config,
    table: Table,
    history: History,
    blocks: tuple[Block, ...],
    grid: SkyGrid,
    effort: Effort,
    store: ScoreStore,
    reporter: Reporter,
) -> dict[str, Any]:
    """Trains the network without a sky, with the true one and with false ones, and ranks them.

    Args:
        config: the configuration of the network.
        table: the table.
        history: its returns.
        blocks: the origins, fitted once.
        grid: the celestial columns of all days, as `load_grid` returns them.
        effort: the number of false skies.
        store: where trained models and finished years are.
        reporter: shows progress.

    Returns:
        The result of `summarise_arms`, without skies of other years.
    """
    false = draw_false_skies(table.dates, effort.network)
    skies = [None, make_true_sky(table.dates), *false]
    scores = score_network(config, table, history, blocks, skies, grid, store, reporter)
    return summarise_arms(scores[0], scores[1], scores[2:], scores[:0])


def describe_command(config: Config, request: Request) -> str:
    """Returns the command line that repeats a request, without `--json` and `--html`.

    Args:
        config: the configuration.
        request: what the user asked for.
    """
    words = f"{name_program()} sky --config {config.name}"
    words += f" data.source={config.data.source}" if config.data.source != "nasdaq" else ""
    return words + (" --quick" if request.quick else "")


def print_report(report: dict[str, Any]) -> None:
    """Prints the answer and the tables, in at most 100 columns.

    Args:
        report: what `sky_report.make_report` returned.
    """
    console = open_console()
    for sentence in write_answer(report):
        console.print(printable(sentence))
    for table in tabulate_report(report):
        print_table(console, table)
