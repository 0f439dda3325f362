"""Compares a model with each baseline, by two scores, for Close and for all targets."""

from typing import Any

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.errors import name_program
from pgat_jax.forecasting.baselines import FORECASTERS
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.scores import compute_losses
from pgat_jax.forecasting.skill import Skill, classify_skill, compute_skill, write_conclusion

COMPARED_SCORES = ("mse", "crps")
# Close is also compared separately, since it is harder to forecast: even without knowledge, High
# is expected above the last close, and Low below it.
# Different days that windows must cover before the model is ranked: two years. A test of 50 days,
# moved through ten years, gives one and the same forecaster a skill of -1.8% to 10.6%, while the
# best forecasters differ by 0.4%.
LEAST_DAYS = 500
COMPARED_TARGETS = {"Close": slice(PRICES.index("Close"), None), "all targets": slice(None)}


def compare_forecasters(
    forecasters: dict[str, Forecast], truth: np.ndarray, days: np.ndarray
) -> dict[str, Any]:
    """Compares the model with each baseline, by MSE, and by CRPS where both have a distribution.

    Each comparison is made for Close and for all targets.

    Args:
        forecasters: key in `FORECASTERS` -> forecast of the W windows; `model`, which must be
            there, is compared with the others.
        truth: the scaled targets [W, P, T].
        days: the row of the table [W, P] that each target belongs to.

    Returns:
        `is_ranked`, whether the windows cover 500 different days (`LEAST_DAYS`); `comparisons`, one
        dictionary for each score, targets and baseline, with the keys `score`, `targets` and
        `baseline`, the `skill` with its interval `low` to `high`, the number of `days`, and the
        `verdict` (`better`, `worse` or `undecided`); and `conclusions`, a list of sentences. On
        fewer days every verdict is `undecided`, and the only sentence says why.
    """
    is_ranked = len(np.unique(days)) >= LEAST_DAYS
    losses = {name: compute_losses(forecast, truth) for name, forecast in forecasters.items()}
    comparisons, conclusions = [], []
    for targets, place in COMPARED_TARGETS.items():
        for score in (s for s in COMPARED_SCORES if s in losses["model"]):
            skills = _compute_skills(losses, score, place, days)
            comparisons += [
                _describe(score, targets, key, skill, is_ranked) for key, skill in skills.items()
            ]
            named = {FORECASTERS[key]: skill for key, skill in skills.items()}
            conclusions.append(write_conclusion(f"{score.upper()} of {targets}", named))
    return {
        "is_ranked": is_ranked,
        "comparisons": comparisons,
        "conclusions": conclusions if is_ranked else [refuse_ranking(days)],
    }


def refuse_ranking(days: np.ndarray) -> str:
    """Returns the sentences that say why windows rank no forecasters, and which command does.

    Args:
        days: the row of the table [W, P] that each target belongs to.
    """
    return (
        f"The model is not ranked: its {len(days)} windows overlap and cover "
        f"{len(np.unique(days))} different days, expected {LEAST_DAYS} or more. So few belong to "
        "one phase of the market, in which even the worst forecaster may come first; "
        f"`{name_program()} backtest --config NAME` compares on years of origins."
    )


def _compute_skills(
    losses: dict[str, dict[str, np.ndarray]], score: str, place: slice, days: np.ndarray
) -> dict[str, Skill]:
    """Returns baseline -> the model's skill over it, for the baselines that have the score."""
    model = losses["model"][score][..., place]
    return {
        name: compute_skill(model, baseline[score][..., place], days)
        for name, baseline in losses.items()
        if name != "model" and score in baseline
    }


def _describe(
    score: str, targets: str, baseline: str, skill: Skill, is_ranked: bool
) -> dict[str, Any]:
    head = {"score": score, "targets": targets, "baseline": baseline}
    values = {"skill": skill.value, "low": skill.low, "high": skill.high, "days": skill.days}
    return head | values | {"verdict": classify_skill(skill) if is_ranked else "undecided"}
