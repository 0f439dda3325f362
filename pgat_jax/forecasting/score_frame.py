"""Makes a pandas table of scores, one row for each split and forecaster."""

from typing import Any

import pandas as pd

# Levels of the central intervals whose coverage is a column.
COVERED = ("50%", "80%", "90%")
LOSSES = ("mse", "mae", "crps", "log_score")


def tabulate_splits(scores: dict[str, Any]) -> pd.DataFrame:
    """Returns the scores of all splits, over all targets and days ahead.

    Args:
        scores: the content of `scores.json`, as `score_run` returns it.

    Returns:
        Index `split` and `forecaster`; columns `mse`, `mae`, `crps` and `log_score` in scaled
        units; `direction`, the share of days on which the sign of Close is right; and
        `coverage_50%`, `coverage_80%` and `coverage_90%`. NaN where there is no distribution.
    """
    rows = {
        (split, name): _list_scores(one)
        for split, part in scores["splits"].items()
        for name, one in part["forecasters"].items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index").astype(float)
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=("split", "forecaster"))
    return frame


def _list_scores(scores: dict[str, Any]) -> dict[str, float | None]:
    scaled, coverage = scores["scaled"], scores.get("coverage", {})
    losses = {name: scaled[name]["all"] if name in scaled else None for name in LOSSES}
    shares = {f"coverage_{c}": coverage[c]["all"] if c in coverage else None for c in COVERED}
    return losses | {"direction": scores["direction"]["by_target"]["Close"]} | shares
