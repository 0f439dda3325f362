"""Ranks the true sky among placebos, and states its gain over no sky."""

from typing import Any

import numpy as np

from pgat_jax.backtest.bootstrap import MONTH, QUARTER, compute_interval

# The rank p-value up to which the true sky stands out.
LEVEL = 0.05
PERCENT = 100.0


def rank_true(gain: float, placebos: np.ndarray) -> float:
    """Computes the p-value of a permutation test: the share of skies that gain as much or more.

    Args:
        gain: the gain of the true sky.
        placebos: those of the placebos.

    Returns:
        (1 + placebos with at least the gain) / (1 + placebos).
    """
    return float((1 + np.sum(placebos >= gain)) / (1 + len(placebos)))


def measure_gains(scores: np.ndarray, none: np.ndarray) -> np.ndarray:
    """Computes the part of the CRPS without a sky that each sky removes, in percent.

    Args:
        scores: the CRPS [A, O] of A skies.
        none: the CRPS [O] without a sky.

    Returns:
        [A]; below 0 where a sky costs more than it finds.
    """
    return PERCENT * (1 - scores.mean(1) / none.mean())


def summarise_arms(
    none: np.ndarray, true: np.ndarray, false: np.ndarray, shifted: np.ndarray
) -> dict[str, Any]:
    """Computes gains, intervals and ranks.

    Args:
        none: the scores [O] without a sky.
        true: [O] with the true sky.
        false: [K, O] with skies at a false rate.
        shifted: [S, O] with skies of other years; S may be 0.

    Returns:
        `gain` over no sky in percent, `low` and `high` of its 95% interval from blocks of 21
        origins, and `low_quarter` and `high_quarter` from blocks of 63; `rank_p` among the false
        rates and `rank_p_shifted` among the other years (None if S is 0); `false` and `shifted`,
        the gains of the placebos.
    """
    month, quarter = (compute_interval(true, none, block) for block in (MONTH, QUARTER))
    gain = float(measure_gains(true[None], none)[0])
    own, others = measure_gains(false, none), measure_gains(shifted, none)
    return {
        "gain": gain,
        "low": PERCENT * month.low,
        "high": PERCENT * month.high,
        "low_quarter": PERCENT * quarter.low,
        "high_quarter": PERCENT * quarter.high,
        "rank_p": rank_true(gain, own),
        "rank_p_shifted": rank_true(gain, others) if len(others) else None,
        "false": own.tolist(),
        "shifted": others.tolist(),
    }
