"""A run as one page: ``report.html``, which needs no network, no script and no other file."""

import base64
import json
from pathlib import Path

from checks.render.template import fill_template
from pgat_jax.config_file import load_config
from pgat_jax.forecasting.score_tables import conclusions, score_grids
from pgat_jax.output import write_output
from pgat_jax.pages.plots import PICTURES, Picture, picture_path
from pgat_jax.pages.theme import DARK, LIGHT
from pgat_jax.runs.folder import find_run
from pgat_jax.runs.metrics import read_metrics


def write_report(run: Path) -> Path:
    """Put a scored and drawn run's figures and pictures together; the page's path.

    Raises:
        UserError: ``run`` is not a run folder.
    """
    run = find_run(run)
    page = fill_template("report.html", {}, content(run), ["pgat_jax.pages"])
    return write_output(run / "report.html", page.encode())


def content(run: Path) -> dict:
    """What the template shows, read from the run folder's files."""
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    config = load_config(run / "config.yaml")
    return {
        "run": run.resolve().name,
        "horizon": config.data.pred_len,
        "criterion": config.loss.criterion,
        "data": scores["data"],
        "progress": progress(run, config.train.epochs),
        "conclusions": conclusions(scores["splits"]["test"]),
        "tables": score_grids(scores),
        "pictures": [
            embedded(run, p) for p in PICTURES if picture_path(run, p.name, LIGHT).exists()
        ],
        "data_facts": data_facts(scores["data"]),
        "configuration": (run / "config.yaml").read_text(encoding="utf-8"),
        "command": f"python run.py train --config {run}/config.yaml",
        "versions": version_facts(run, scores),
    }


def progress(run: Path, epochs: int) -> str:
    """How far training came, from its last record."""
    records = [record for record in read_metrics(run) if record["event"] == "train"]
    if not records:
        return "not trained yet"
    last = records[-1]
    minutes = last["time"] / 60
    return f"epoch {last['epoch']} of {epochs}, {last['step']:,} steps in {minutes:.1f} minutes"


def embedded(run: Path, picture: Picture) -> dict[str, str]:
    """A picture's caption, and its light and dark form as data URIs."""
    return {
        "caption": picture.caption,
        "light": _data_uri(picture_path(run, picture.name, LIGHT)),
        "dark": _data_uri(picture_path(run, picture.name, DARK)),
    }


def data_facts(data: dict) -> dict[str, str]:
    """The table in a few lines."""
    windows = ", ".join(f"{count:,} {split}" for split, count in data["windows"].items())
    deviations = ", ".join(f"{t} {100 * std:.2f}%" for t, std in data["return_std"].items())
    return {
        "source": data["source"],
        "rows": f"{data['rows']:,} days, {data['first_date']} to {data['last_date']}",
        "columns": str(data["columns"]),
        "constant, left out": ", ".join(data["dropped"]) or "none",
        "windows": windows,
        "one scaled unit": f"{deviations} (standard deviation of the training rows' log returns)",
        **{f"note {i}": note for i, note in enumerate(data["notes"], 1)},
        "digest": data["hash"],
    }


def version_facts(run: Path, scores: dict) -> dict[str, str]:
    """Parameters, devices, platform and libraries that made the run."""
    versions = json.loads((run / "versions.json").read_text(encoding="utf-8"))
    return {
        "parameters": f"sha256 {scores['params_sha256']}",
        "devices": ", ".join(versions["devices"]),
        "platform": f"{versions['platform']}, {versions['cpu_count']} cores",
        "Python": versions["python"],
        "libraries": ", ".join(f"{k} {v}" for k, v in versions["libraries"].items()),
    }


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
