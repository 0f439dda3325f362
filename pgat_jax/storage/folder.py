"""Finds run folders; it imports no JAX, so that the command line can use it before JAX starts.

runs/NAME-DATE/
  config.yaml    the resolved configuration
  versions.json  Python, libraries, platform and devices
  warm_start.json  the run whose parameters it started from, if any
  table.npz      the table that it was trained on
  metrics.jsonl  one record a line, and TensorBoard's events.* beside it
  checkpoints/   one folder a saved step
  predictions/   forecasts of the validation and test windows
  scores.json, forecasts.csv, next_days.json, pictures/, report.html
"""

from pathlib import Path

from pgat_jax.config_file import load_config
from pgat_jax.errors import UserError, nearest
from pgat_jax.flags import DEFAULT_CONFIG

# The folder, in the working directory, in which all runs are created.
ROOT = Path("runs")
CONFIG = "config.yaml"
VERSIONS = "versions.json"
TABLE = "table.npz"
WARM_START = "warm_start.json"
CHECKPOINTS = "checkpoints"
SCORES = "scores.json"
FORECASTS = "forecasts.csv"
NEXT_DAYS = "next_days.json"
REPORT = "report.html"


def find_run(run: str | Path) -> Path:
    """Returns the folder of a run.

    Args:
        run: the path of the folder, or its name under `runs/`.

    Raises:
        UserError: there is no such run; the message names the most similar or the newest one.
    """
    for path in (Path(run), ROOT / run):
        if (path / CONFIG).is_file():
            return path
    known = sorted(p.parent.name for p in ROOT.glob(f"*/{CONFIG}"))
    near = nearest(Path(run).name, known) or (known[-1] if known else None)
    hint = f"; did you mean {near!r}?" if near else f"; there is none under {ROOT}/ yet."
    raise UserError(f"run {str(run)!r}: no such folder with a {CONFIG}{hint}")


def find_recipe(earlier: str | Path | None) -> str | Path:
    """Returns the configuration that a training takes if none is named.

    Args:
        earlier: a run to continue or to start from; None for a new run.

    Returns:
        The configuration file of the run, or the name of the default.

    Raises:
        UserError: there is no such run.
    """
    return find_run(earlier) / CONFIG if earlier else DEFAULT_CONFIG


def newest_run(name: str | None = None) -> Path:
    """Returns the folder of the run that was created last.

    Args:
        name: the name of a configuration, which restricts the search to its runs.

    Raises:
        UserError: there is no such run.
    """
    runs = [p.parent for p in ROOT.glob(f"*/{CONFIG}")]
    runs = [p for p in runs if name is None or load_config(p / CONFIG).name == name]
    if not runs:
        of = f" of configuration {name!r}" if name else ""
        raise UserError(f"there is no run{of} under {ROOT}/ yet: train one, or name its folder.")
    return max(runs, key=lambda p: (p / CONFIG).stat().st_mtime)
