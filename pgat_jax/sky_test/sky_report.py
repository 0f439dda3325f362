"""Puts the results of a test of the sky and its circumstances together."""

from typing import Any

import numpy as np

from pgat_jax.sky_test.claim import is_candidate, write_claim
from pgat_jax.sky_test.power import summarise_power


def make_report(
    name: str,
    source: str,
    dates: np.ndarray,
    result: dict[str, Any],
    outcomes: list[dict[str, Any]],
    network: dict[str, Any] | None,
) -> dict[str, Any]:
    """Returns all that the page, the tables and `--json` show.

    Args:
        name: the name of the configuration.
        source: the name of the table.
        dates: [O] `datetime64[D]` of the origins.
        result: what `summarise_arms` returned for the linear forecaster.
        outcomes: what `study_power` returned.
        network: what `summarise_arms` returned for the network, or None if it was not trained.

    Returns:
        `config` (the name), `source`, `result` and `network` as given; `origins` (their number),
        `first_day` and `last_day`; `power`, what `summarise_power` returns; and `claim`: `text`,
        the sentence that may be said, and `is_candidate`, whether it is a gain that a second series
        must confirm.
    """
    report = {
        "config": name,
        "source": source,
        "origins": len(dates),
        "first_day": str(dates[0]),
        "last_day": str(dates[-1]),
        "result": result,
        "network": network,
        "power": summarise_power(outcomes),
    }
    named = network or result
    return report | {"claim": {"is_candidate": is_candidate(named), "text": write_claim(report)}}
