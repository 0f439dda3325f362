"""Formats the results of a test of the sky as tables of text, for the terminal and the page."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pgat_jax.text_table import TextTable

NONE = "–"


def tabulate_report(report: Mapping[str, Any]) -> list[TextTable]:
    """Returns the tables of a test.

    Args:
        report: what `make_report` returns.
    """
    return [
        tabulate_arms(report),
        tabulate_power(report["power"]),
        tabulate_bodies(report["power"]),
    ]


def tabulate_arms(report: Mapping[str, Any]) -> TextTable:
    """Returns the gain and the rank of the true sky, and the range of the placebos.

    Args:
        report: what `make_report` returns.
    """
    rows = []
    for name, result in (("linear", report["result"]), ("network", report["network"])):
        if result is not None:
            rows += _list_arms(name, result)
    caption = (
        "arms: gain over no sky, percent of the pooled CRPS, with 95% intervals from blocks of 21 "
        "and 63 origins; of placebos the median and the range. p: the rank of the true sky among "
        "them"
    )
    return TextTable(caption, ["arm", "gain %", "95%, 21 days", "95%, 63 days", "p"], rows)


def tabulate_power(power: list[dict[str, Any]]) -> TextTable:
    """Returns the share of laws found, by kind and size.

    Args:
        power: what `summarise_power` returns.
    """
    rows = [
        [
            row["kind"],
            f"{row['size']:.2f}",
            f"{row['laws']}",
            f"{row['worth']:.2f}",
            f"{row['found']:.0%}",
            f"{row['found_shifted']:.0%}",
        ]
        for row in power
    ]
    caption = (
        "power: laws of known size in the data. Size: the amplitude of a sinusoid, of the mean in "
        "standard deviations of the day, of the volatility as a share. Worth: percent of the CRPS "
        "that a forecaster removes who is given the law. Found: p up to 0.05 among skies at a "
        "false rate, and among those of other years"
    )
    heads = ["law in the", "size", "laws", "worth %", "found", "found, other years"]
    return TextTable(caption, heads, rows)


def tabulate_bodies(power: list[dict[str, Any]]) -> TextTable:
    """Returns the share of laws found, by body.

    Args:
        power: what `summarise_power` returns.
    """
    bodies = list(power[0]["by_body"])
    rows = [
        [f"{row['kind']} {row['size']:.2f}", *(f"{row['by_body'][b]:.0%}" for b in bodies)]
        for row in power
    ]
    caption = (
        "power by body: the slower a body, the fewer of its circles the prices contain, and the "
        "less its law differs from that of a false sky"
    )
    return TextTable(caption, ["law", *bodies], rows)


def _list_arms(name: str, result: Mapping[str, Any]) -> list[list[str]]:
    rows = [
        [
            f"{name}: true sky",
            f"{result['gain']:+.2f}",
            f"{result['low']:+.2f} to {result['high']:+.2f}",
            f"{result['low_quarter']:+.2f} to {result['high_quarter']:+.2f}",
            NONE,
        ]
    ]
    for label, key, rank in (
        ("false rates", "false", "rank_p"),
        ("other years", "shifted", "rank_p_shifted"),
    ):
        gains = result[key]
        if gains:
            span = f"{min(gains):+.2f} to {max(gains):+.2f}"
            middle = f"{np.median(gains):+.2f}"
            words = f"{name}: {len(gains)} {label}"
            rows.append([words, middle, span, NONE, f"{result[rank]:.2f}"])
    return rows
