"""The verb `causes`: chooses causes, runs missing trials, prints results, writes JSON and page."""

import json
from collections.abc import Sequence
from pathlib import Path

from pgat_jax.causes.catalogue import choose_causes, load_causes
from pgat_jax.causes.causes_page import render_page
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.result_tables import format_causes, format_results
from pgat_jax.causes.results import collect_results
from pgat_jax.causes.scales import FULL, SCALES
from pgat_jax.causes.scheduler import run_missing
from pgat_jax.causes.trial_store import TrialStore
from pgat_jax.errors import UserError
from pgat_jax.output import write_output
from pgat_jax.progress import Reporter

SEEDS, QUICK_SEEDS = 10, 4


def run_causes(
    study: StudyConfig,
    only: Sequence[str] = (),
    seeds: int | None = None,
    quick: bool = False,
    json_path: Path | None = None,
    html_path: Path | None = None,
) -> None:
    """Tries causes, and all remedies if no causes are named, and prints what was measured.

    Args:
        study: The configuration on which causes are imposed. With its faults it gives the faulty
            model.
        only: Numbers of causes or parts of their titles; all causes if empty.
        seeds: Number of seeds of each trial. The default is `SEEDS`, or `QUICK_SEEDS` if `quick`.
        quick: Measure the start alone, at the sizes of the configuration.
        json_path: File for all results.
        html_path: File for the page.

    Raises:
        UserError: An entry of `only` names no cause, there are too few seeds, or the table cannot
            be read.
    """
    seeds = seeds if seeds is not None else QUICK_SEEDS if quick else SEEDS
    if seeds < 2:
        raise UserError(f"--seeds {seeds}: expected 2 or more, since one has no uncertainty.")
    causes = choose_causes(only)
    scales = [FULL] if quick else SCALES
    store, reporter = TrialStore(), Reporter()
    try:
        run_missing(study, scales, causes, not only, range(seeds), store, reporter)
    except KeyboardInterrupt:
        reporter.close()
        reporter.say("finished trials are stored; the same command continues")
        raise
    reporter.say("proofs and tables ...")
    results = collect_results(study, scales, causes, not only, range(seeds), store)
    print(format_results(results))
    if json_path is not None:
        write_output(json_path, (json.dumps(results, indent=1) + "\n").encode())
    if html_path is not None:
        reporter.say("the page ...")
        write_output(html_path, render_page(results, study).encode())


def list_causes() -> str:
    """Returns a table of all causes: number, title, rank in the document, and prediction."""
    return format_causes(load_causes().values())
