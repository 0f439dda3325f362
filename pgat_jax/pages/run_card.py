"""Writes the card by which a run shows itself in a notebook: a small piece of HTML."""

from pathlib import Path
from typing import Any

from pgat_jax.pages.plots import NEXT_DAYS, picture_path
from pgat_jax.pages.run_report import encode_uri
from pgat_jax.pages.template import fill_template
from pgat_jax.pages.theme import LIGHT
from pgat_jax.storage.folder import NEXT_DAYS as NEXT_DAYS_FILE
from pgat_jax.storage.manifest import read_json
from pgat_jax.storage.summary import describe_summary, summarise_run


def write_card(run: Path) -> str:
    """Returns the card of a run: its facts, and the forecast of the next days if it was drawn.

    Args:
        run: the folder of the run.

    Raises:
        UserError: its configuration cannot be read.
    """
    summary = summarise_run(run)
    picture = picture_path(run, NEXT_DAYS.name, LIGHT)
    content: dict[str, Any] = {
        "run": summary.run,
        "source": summary.source,
        "facts": describe_summary(summary),
        "picture": encode_uri(picture) if picture.exists() else None,
        "trust": (read_json(run / NEXT_DAYS_FILE) or {}).get("trust"),
    }
    return fill_template("run_card.html", content)
