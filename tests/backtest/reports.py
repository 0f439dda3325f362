"""Scores and reports of a simulated back-test, for the tests of what is shown."""

from functools import cache

import numpy as np

from pgat_jax.backtest.report import make_report
from pgat_jax.backtest.results import Scored

ORIGINS, HORIZON = 500, 3
# Mean CRPS of each forecaster.
CRPS = {
    "zero": 1.5,
    "mean": 1.1,
    "last_250": 1.0,
    "ewma_fhs": 0.975,
    "gjr_fhs": 0.97,
    "har_fhs": 0.965,
}


def simulate_scores(crps: dict[str, float], seed: int = 0) -> Scored:
    """Simulates scores whose means are nearly given, with days that are hard for all."""
    rng = np.random.default_rng(seed)
    shape = (ORIGINS, HORIZON, 4)
    difficulty = rng.uniform(0.9, 1.1, shape)
    scores = {
        name: {
            "crps": mean * difficulty * rng.uniform(0.99, 1.01, shape),
            "squared_error": difficulty * rng.uniform(0.999, 1.001, shape),
            "log_score": np.full(shape, np.nan if name == "zero" else mean),
            "pit": rng.uniform(0, 1, shape),
            "energy": mean * difficulty.mean(-1),
            "sum_crps": mean * difficulty.mean((1, 2)),
            "fan": np.tile(np.array([-0.05, -0.02, 0.0, 0.02, 0.05]), (*shape[:2], 1)),
        }
        for name, mean in crps.items()
    }
    first = np.datetime64("2009-06-01")
    return Scored(scores, first + np.arange(ORIGINS))


@cache
def make_simulated_report(model: float | None = None) -> dict:
    """Makes a report; with a model if its mean CRPS is given."""
    crps = CRPS if model is None else {"model": model, **CRPS}
    return make_report(simulate_scores(crps), "tiny", "nasdaq", HORIZON, "never", 1)
