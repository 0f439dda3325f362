"""Results of a simulated test of the sky, for the tests of what is shown."""

import numpy as np

from pgat_jax.sky_test.laws import KINDS, LAW_BODIES
from pgat_jax.sky_test.sky_report import make_report

DATES = np.arange("2009-01-02", "2009-12-01", dtype="datetime64[D]")
# Share of laws found, by size.
SHARES = {0.06: 0.4, 0.1: 0.6, 0.15: 0.8}


def make_outcomes(shares: dict[float, float]) -> list[dict]:
    """Makes the outcomes of one law of each kind, size and body; the first bodies are found."""
    return [
        {
            "kind": kind,
            "size": size,
            "body": body,
            "worth": size,
            "rank_p": 0.05 if place < share * len(LAW_BODIES) else 0.5,
            "rank_p_shifted": 0.5,
        }
        for kind in KINDS
        for size, share in shares.items()
        for place, body in enumerate(LAW_BODIES)
    ]


def make_result(gain: float, low: float, rank_p: float) -> dict:
    return {
        "gain": gain,
        "low": low,
        "high": gain + 0.2,
        "low_quarter": low,
        "high_quarter": gain + 0.2,
        "rank_p": rank_p,
        "rank_p_shifted": 0.5,
        "false": [-0.4, -0.3, -0.1],
        "shifted": [-0.35, -0.25],
    }


def make_simulated_report(
    gain: float = -0.2,
    low: float = -0.4,
    rank_p: float = 0.5,
    network: dict | None = None,
    shares: dict[float, float] | None = None,
) -> dict:
    outcomes = make_outcomes(SHARES if shares is None else shares)
    return make_report("laptop", "nasdaq", DATES, make_result(gain, low, rank_p), outcomes, network)
