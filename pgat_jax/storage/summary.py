"""Summarises runs from the small files in their folders; it imports no JAX and no pandas."""

import math
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pgat_jax.config_file import flatten_keys, load_config
from pgat_jax.errors import UserError
from pgat_jax.storage.folder import CONFIG, ROOT, SCORES
from pgat_jax.storage.manifest import read_json
from pgat_jax.storage.metas import list_steps, read_metas
from pgat_jax.storage.retention import rank_steps

# Bytes of a megabyte.
_MEGA = 1e6


class RunSummary(NamedTuple):
    """What a list of runs shows of one.

    Attributes:
        run: the name of the run's folder.
        date: the time at which its configuration was written.
        configuration: the name of its configuration.
        source: the source of its table.
        steps: training steps taken, as the newest checkpoint says; None without one.
        planned: training steps that the configuration plans; None if no checkpoint says it.
        validation_loss: the lowest validation loss of a checkpoint; None without one.
        coverage: the share of the test days' returns of Close inside the 90% band; None if it was
            not measured.
        bytes: the size of the folder's files.
    """

    run: str
    date: datetime
    configuration: str
    source: str
    steps: int | None
    planned: int | None
    validation_loss: float | None
    coverage: float | None
    bytes: int


def list_runs(root: Path = ROOT) -> list[Path]:
    """Returns the folders of all runs, the newest first.

    Args:
        root: the folder of all runs.
    """
    runs = [path.parent for path in root.glob(f"*/{CONFIG}")]
    return sorted(runs, key=_find_time, reverse=True)


def summarise_runs(root: Path = ROOT) -> list[RunSummary]:
    """Returns the summaries of all runs whose configuration can be read, the newest first.

    Args:
        root: the folder of all runs.
    """
    summaries = []
    for run in list_runs(root):
        try:
            summaries.append(summarise_run(run))
        except UserError:
            continue
    return summaries


def summarise_run(run: Path) -> RunSummary:
    """Summarises a run.

    Args:
        run: the folder of the run.

    Raises:
        UserError: its configuration cannot be read.
    """
    config = load_config(run / CONFIG)
    metas, steps = read_metas(run), list_steps(run)
    ranked = rank_steps(metas)
    return RunSummary(
        run=run.resolve().name,
        date=datetime.fromtimestamp(_find_time(run)).replace(microsecond=0),
        configuration=config.name,
        source=config.data.source,
        steps=steps[-1] if steps else None,
        planned=next((meta.get("planned_steps") for meta in metas.values()), None),
        validation_loss=metas[ranked[0]]["validation_loss"] if ranked else None,
        coverage=find_coverage(read_json(run / SCORES)),
        bytes=sum(path.stat().st_size for path in run.rglob("*") if path.is_file()),
    )


def find_coverage(scores: dict[str, Any] | None) -> float | None:
    """Returns the coverage of the 90% band of Close on the test split, if it was measured.

    Args:
        scores: the content of `scores.json`; None if there is none.
    """
    try:
        model = (scores or {})["splits"]["test"]["forecasters"]["model"]
        share = model["coverage"]["90%"]["by_target"]["Close"]
    except (KeyError, TypeError):
        return None
    return share if isinstance(share, float) and math.isfinite(share) else None


def describe_summary(summary: RunSummary) -> dict[str, str]:
    """Returns name -> text of the facts about a run.

    Args:
        summary: what `summarise_run` returned.
    """
    loss, coverage = summary.validation_loss, summary.coverage
    return {
        "date": f"{summary.date:%Y-%m-%d %H:%M:%S}",
        "configuration": summary.configuration,
        "source": summary.source,
        "steps": describe_steps(summary),
        "validation loss": "not measured" if loss is None else f"{loss:.5f}",
        "coverage of the 90% band": "not measured" if coverage is None else f"{coverage:.1%}",
        "size": f"{summary.bytes / _MEGA:,.1f} MB",
    }


def describe_steps(summary: RunSummary) -> str:
    """Returns the steps taken and planned, such as `240 of 240`.

    Args:
        summary: what `summarise_run` returned.
    """
    taken = 0 if summary.steps is None else summary.steps
    return f"{taken:,}" if summary.planned is None else f"{taken:,} of {summary.planned:,}"


def compare_runs(first: Path, second: Path) -> dict[str, tuple[str, str]]:
    """Returns the facts of two runs, and the keys in which their configurations differ.

    Args:
        first: the folder of a run.
        second: the folder of another one.

    Returns:
        Name of a fact, or key such as `train.epochs` -> the texts for the first and the second.

    Raises:
        UserError: a configuration cannot be read.
    """
    facts, other_facts = (describe_summary(summarise_run(run)) for run in (first, second))
    keys, other_keys = (flatten_keys(load_config(run / CONFIG)) for run in (first, second))
    differing = [key for key in keys if keys[key] != other_keys[key]]
    return {name: (facts[name], other_facts[name]) for name in facts} | {
        key: (str(keys[key]), str(other_keys[key])) for key in differing
    }


def _find_time(run: Path) -> float:
    return (run / CONFIG).stat().st_mtime
