"""Renders the page of a back-test: the answer, then skill, calibration and fans; one HTML file."""

import base64
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from pgat_jax.backtest.answer import find_best, write_answer
from pgat_jax.backtest.forecasters import NAMES
from pgat_jax.backtest.history import History
from pgat_jax.backtest.notable_days import find_notable_days
from pgat_jax.backtest.plots_bands import plot_calibration, plot_fans
from pgat_jax.backtest.plots_skill import plot_days, plot_targets, plot_years
from pgat_jax.backtest.results import Scored
from pgat_jax.backtest.tables import tabulate_report
from pgat_jax.pages.template import fill_template
from pgat_jax.pages.theme import DARK, LIGHT, Theme, encode_png


class Picture(NamedTuple):
    """A picture of the page.

    Attributes:
        caption: what it shows, and what to look for in it.
        draw: a function from a theme to the figure in its colours.
    """

    caption: str
    draw: Callable[[Theme], Figure]


def render_page(
    report: dict[str, Any],
    scored: Scored,
    history: History,
    rows: np.ndarray,
    command: str,
    configuration: str,
) -> str:
    """Renders the page of a back-test.

    Args:
        report: what `backtest.report.make_report` returned.
        scored: the scores of all forecasters.
        history: the returns.
        rows: the rows of the origins.
        command: the command that made the report.
        configuration: the configuration of the model as YAML; empty without a model.

    Returns:
        A self-contained HTML page.
    """
    content = {
        "report": report,
        "answer": write_answer(report),
        "sections": [
            (heading, [embed_picture(picture) for picture in pictures])
            for heading, pictures in list_sections(report, scored, history, rows).items()
        ],
        "tables": tabulate_report(report),
        "command": command,
        "configuration": configuration,
    }
    return fill_template("backtest.html", content, "pgat_jax.backtest")


def list_sections(
    report: dict[str, Any], scored: Scored, history: History, rows: np.ndarray
) -> dict[str, list[Picture]]:
    """Returns heading -> pictures, in the order of the page.

    Args:
        report: what `backtest.report.make_report` returned.
        scored: the scores of all forecasters.
        history: the returns.
        rows: the rows of the origins.
    """
    results = report["forecasters"]
    name = "model" if "model" in results else find_best(results)
    days = find_notable_days(history, rows)
    fans = [scored.scores[name]["fan"][day.origin] for day in days]
    dates = [str(scored.dates[day.origin]) for day in days]
    return {
        "Skill by year": [
            Picture(
                "A year with little skill is a calm one, in which the last 250 days tell as much "
                "as any forecast of the volatility.",
                lambda theme: plot_years(results, theme),
            )
        ],
        "Skill by target": [
            Picture(
                "The range of the day is forecast best: it depends on the volatility most. The sum "
                "is the return of the close over all days ahead; the energy score judges the four "
                "targets of a day together.",
                lambda theme: plot_targets(results, theme),
            )
        ],
        "Skill by day ahead": [
            Picture(
                "What is known of the volatility fades within weeks.",
                lambda theme: plot_days(results, theme),
            )
        ],
        "Calibration": [
            Picture(
                "Left: the share of actual returns in each tenth of their forecast distributions. "
                "A trough means that they are too narrow, a hump too wide, a slope biased. Right: "
                "the share of closes inside the 90% band, by year.",
                lambda theme: plot_calibration(results, name, theme),
            )
        ],
        "Days that mattered": [
            Picture(
                f"Forecasts of {NAMES[name]} before the wildest and the calmest days, and before "
                "the most sudden change, which no forecast saw coming. The bands should be as wide "
                "as the days are wild.",
                lambda theme: plot_fans(fans, days, dates, theme),
            )
        ],
    }


def embed_picture(picture: Picture) -> dict[str, str]:
    """Returns `caption` of a picture, and its forms `light` and `dark` as data URIs of PNG.

    Args:
        picture: the picture.
    """
    forms = {theme.name: _encode_uri(picture.draw(theme)) for theme in (LIGHT, DARK)}
    return {"caption": picture.caption, **forms}


def _encode_uri(figure: Figure) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_png(figure)).decode()
