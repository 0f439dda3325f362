"""Writes a run as one page: `report.html`, which needs no network, no script and no other file."""

import base64
import json
from pathlib import Path
from typing import Any

from pgat_jax.config_file import load_config
from pgat_jax.errors import name_program
from pgat_jax.forecasting.forecast_text import tabulate_close
from pgat_jax.forecasting.next_days import from_json
from pgat_jax.forecasting.score_tables import list_conclusions, tabulate_scores
from pgat_jax.output import write_output
from pgat_jax.pages.explanations import Explainer
from pgat_jax.pages.plots import NEXT_DAYS, NEXT_DAYS_NARROW, PICTURES, Picture, picture_path
from pgat_jax.pages.template import fill_template
from pgat_jax.pages.theme import DARK, LIGHT
from pgat_jax.storage.folder import CONFIG, REPORT, SCORES, VERSIONS, find_run
from pgat_jax.storage.folder import NEXT_DAYS as NEXT_DAYS_FILE
from pgat_jax.storage.metrics import read_metrics


def write_report(run: Path) -> Path:
    """Writes the page of a run that was scored and drawn.

    Args:
        run: the folder of the run, or its name under `runs/`.

    Returns:
        The path of the page, `report.html`; one that exists is replaced.

    Raises:
        UserError: `run` is not a run folder, or the page cannot be written.
        FileNotFoundError: the run has no `scores.json` or `next_days.json`.
    """
    run = find_run(run)
    page = fill_template("run_report.html", collect_content(run))
    return write_output(run / REPORT, page.encode())


def collect_content(run: Path) -> dict[str, Any]:
    """Reads what the template shows from the files of a run.

    Args:
        run: the folder of the run; it must hold its configuration, `scores.json` and the file of
            the next days. Pictures that were not drawn are left out.

    Returns:
        Name in `run_report.html` -> what the template shows.
    """
    scores = json.loads((run / SCORES).read_text(encoding="utf-8"))
    config = load_config(run / CONFIG)
    explainer = Explainer()
    return {
        "run": run.resolve().name,
        "horizon": config.data.pred_len,
        "criterion": config.loss.criterion,
        "data": scores["data"],
        "progress": describe_progress(run, config.train.epochs),
        "forecast": show_next_days(run),
        "conclusions": list_conclusions(scores["splits"]["test"]),
        "tables": [
            (table, explainer.explain([table.caption, *table.heads]))
            for table in tabulate_scores(scores)
        ],
        "pictures": [
            (embed_picture(run, p), explainer.explain([p.caption, *p.terms]))
            for p in PICTURES
            if picture_path(run, p.name, LIGHT).exists()
        ],
        "data_facts": describe_table(scores["data"]),
        "configuration": (run / CONFIG).read_text(encoding="utf-8"),
        "command": f"{name_program()} train --config {run}/{CONFIG}",
        "versions": describe_versions(run, scores),
    }


def show_next_days(run: Path) -> dict[str, Any]:
    """Returns what the page opens with: the trust, the picture and the table of the next days.

    Args:
        run: the folder of the run.

    Returns:
        `trust` (a sentence), `picture` and `narrow` (as `embed_picture` returns them) and `table`
        (of the Close); or `problem` alone, the reason for which there is no forecast.
    """
    content = json.loads((run / NEXT_DAYS_FILE).read_text(encoding="utf-8"))
    forecast = from_json(content)
    if forecast is None:
        return content
    return {
        "trust": forecast.trust,
        "picture": embed_picture(run, NEXT_DAYS),
        "narrow": embed_picture(run, NEXT_DAYS_NARROW),
        "table": tabulate_close(forecast),
    }


def describe_progress(run: Path, epochs: int) -> str:
    """Returns a sentence about how many epochs of training are done: none without records.

    Args:
        run: the folder of the run.
        epochs: the number of epochs in its configuration.

    Raises:
        UserError: a line of `metrics.jsonl` is damaged.
    """
    records = [record for record in read_metrics(run) if record["event"] == "train"]
    if not records:
        return "not trained yet"
    last = records[-1]
    minutes = last["time"] / 60
    return f"epoch {last['epoch']} of {epochs}, {last['step']:,} steps in {minutes:.1f} minutes"


def embed_picture(run: Path, picture: Picture) -> dict[str, str]:
    """Returns `caption` of a picture, and its forms `light` and `dark` as data URIs of PNG.

    Args:
        run: the folder of the run.
        picture: a picture that was drawn, in light and in dark.
    """
    return {
        "caption": picture.caption,
        "light": encode_uri(picture_path(run, picture.name, LIGHT)),
        "dark": encode_uri(picture_path(run, picture.name, DARK)),
    }


def describe_table(data: dict[str, Any]) -> dict[str, str]:
    """Returns name -> value of what the page says about the table.

    Args:
        data: the entry `data` of `scores.json`, as `describe_data` returns it.
    """
    windows = ", ".join(f"{count:,} {split}" for split, count in data["windows"].items())
    deviations = ", ".join(f"{t} {100 * std:.2f}%" for t, std in data["return_std"].items())
    return {
        "source": data["source"],
        "rows": f"{data['rows']:,} days, {data['first_date']} to {data['last_date']}",
        "columns": str(data["columns"]),
        "constant columns, left out": ", ".join(data["dropped"]) or "none",
        "windows": windows,
        "one scaled unit": f"{deviations} (standard deviation of the training rows' log returns)",
        **{f"note {i}": note for i, note in enumerate(data["notes"], 1)},
        "digest": data["hash"],
    }


def describe_versions(run: Path, scores: dict[str, Any]) -> dict[str, str]:
    """Returns name -> value of the parameters, devices, platform and libraries of a run.

    Args:
        run: the folder of the run.
        scores: the content of `scores.json`, as `score_run` returns it.
    """
    versions = json.loads((run / VERSIONS).read_text(encoding="utf-8"))
    return {
        "parameters": f"sha256 {scores['params_sha256']}",
        "devices": ", ".join(versions["devices"]),
        "platform": f"{versions['platform']}, {versions['cpu_count']} cores",
        "Python": versions["python"],
        "libraries": ", ".join(f"{k} {v}" for k, v in versions["libraries"].items()),
    }


def encode_uri(path: Path) -> str:
    """Returns a PNG file as data URI.

    Args:
        path: the file.
    """
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
