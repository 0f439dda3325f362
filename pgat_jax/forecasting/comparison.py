"""Compares a model with each baseline, by two scores, for Close and for all targets."""

from typing import Any

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.baselines import FORECASTERS
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.scores import compute_losses
from pgat_jax.forecasting.skill import Skill, classify_skill, compute_skill, write_conclusion

COMPARED_SCORES = ("mse", "crps")
# Close is also compared separately, since it is harder to forecast: even without knowledge, High
# is expected above the last close, and Low below it.
COMPARED_TARGETS = {"Close": slice(PRICES.index("Close"), None), "all targets": slice(None)}


def compare_forecasters(
    forecasters: dict[str, Forecast], truth: np.ndarray, days: np.ndarray
) -> dict[str, Any]:
    """Compares the model with each baseline, by MSE, and by CRPS where both have a distribution.

    Args:
        forecasters: key in `FORECASTERS` -> forecast of the W windows; `model` is compared with
            the others.
        truth: the scaled targets [W, P, T].
        days: the row of the table [W, P] that each target belongs to.

    Returns:
        `comparisons`, one dictionary for each score, targets and baseline, with these three names,
        the `skill` with its interval `low` to `high`, the number of `days`, and the `verdict`; and
        `conclusions`, a list of sentences.
    """
    losses = {name: compute_losses(forecast, truth) for name, forecast in forecasters.items()}
    comparisons, conclusions = [], []
    for targets, place in COMPARED_TARGETS.items():
        for score in (s for s in COMPARED_SCORES if s in losses["model"]):
            skills = _compute_skills(losses, score, place, days)
            comparisons += [_describe(score, targets, key, skill) for key, skill in skills.items()]
            named = {FORECASTERS[key]: skill for key, skill in skills.items()}
            conclusions.append(write_conclusion(f"{score.upper()} of {targets}", named))
    return {"comparisons": comparisons, "conclusions": conclusions}


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


def _describe(score: str, targets: str, baseline: str, skill: Skill) -> dict[str, Any]:
    head = {"score": score, "targets": targets, "baseline": baseline}
    values = {"skill": skill.value, "low": skill.low, "high": skill.high, "days": skill.days}
    return head | values | {"verdict": classify_skill(skill)}
