"""Renders the page of a test of the sky: the answer, then ranks, power and limits; one file."""

from typing import Any

from pgat_jax.backtest.page import Picture, embed_picture
from pgat_jax.pages.template import fill_template
from pgat_jax.sky_test.claim import write_answer
from pgat_jax.sky_test.sky_plots import plot_power, plot_ranks
from pgat_jax.sky_test.sky_tables import tabulate_report


def render_page(report: dict[str, Any], command: str, configuration: str) -> str:
    """Renders the page of a test of the sky.

    Args:
        report: what `sky_report.make_report` returned.
        command: the command that made the report.
        configuration: the configuration of the network as YAML; empty if it was not trained.

    Returns:
        A self-contained HTML page.
    """
    arms, power, bodies = tabulate_report(report)
    content = {
        "report": report,
        "answer": write_answer(report),
        "ranks": [embed_picture(picture) for picture in list_ranks(report)],
        "power": embed_picture(
            Picture(
                "The share of laws, put into the data, that the test finds. Below the dashed line "
                "a law is missed in more than one case of five.",
                lambda theme: plot_power(report["power"], theme),
            )
        ),
        "arms": arms,
        "tables": [power, bodies],
        "command": command,
        "configuration": configuration,
    }
    return fill_template("sky.html", content, "pgat_jax.sky_test")


def list_ranks(report: dict[str, Any]) -> list[Picture]:
    """Returns the pictures of the ranks: of the linear forecaster, and of the network.

    Args:
        report: what `make_report` returned.
    """
    meaning = (
        "A law of the true sky would move the green line to the right of nearly all dots. All "
        "skies stand left of 0 where fitting their columns costs more than it finds."
    )
    pictures = [
        Picture(f"Linear forecaster. {meaning}", lambda theme: plot_ranks(report["result"], theme))
    ]
    if report["network"] is not None:
        caption = f"Network of {report['config']}."
        pictures.append(Picture(caption, lambda theme: plot_ranks(report["network"], theme)))
    return pictures
