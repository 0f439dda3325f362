"""Judges a cause from the finished trials of its experiments."""

from collections.abc import Sequence
from typing import Any

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.effects import decide_verdict
from pgat_jax.causes.experiments import Comparison, compare, is_tried
from pgat_jax.causes.outcomes import OUTCOMES, compute_share, measure_decades
from pgat_jax.causes.scales import Scale
from pgat_jax.causes.trial_store import TrialStore

# Names of the two experiments; the second decides where it was run.
IMPOSED, REMOVED = "imposed", "removed"
UNTRIED = {"verdict": "undecidable here", "outcome": "nothing is trained"}


def judge_cause(
    study: StudyConfig,
    cause: Cause,
    scales: Sequence[Scale],
    store: TrialStore,
    seeds: Sequence[int],
) -> dict[str, Any]:
    """Judges a cause by its finished trials.

    Args:
        study: The configuration and its faults.
        cause: The cause.
        scales: The scales at which trials were run.
        store: The finished trials.
        seeds: The seeds of the trials.

    Returns:
        `verdict` (`confirmed`, `contributing`, `undecidable here` or `refuted`), `outcome` (the one
        that the verdict rests on) and, for each of the experiments `imposed` and `removed` that was
        run, a dict with its own `verdict` and `outcome`, and `effects` (outcome -> `Effect`). The
        verdict is that of `removed` if it was run, else of `imposed`; without either it is
        `undecidable here`.
    """
    result: dict[str, Any] = {}
    for name in (IMPOSED, REMOVED):
        shares = _collect_shares(study, cause, scales, store, seeds, name == IMPOSED)
        if shares:
            verdict, outcome, effects = decide_verdict(shares)
            result[name] = {"verdict": verdict, "outcome": outcome, "effects": effects}
    decisive = result.get(REMOVED) or result.get(IMPOSED) or UNTRIED
    return result | {"verdict": decisive["verdict"], "outcome": decisive["outcome"]}


def _collect_shares(
    study: StudyConfig,
    cause: Cause,
    scales: Sequence[Scale],
    store: TrialStore,
    seeds: Sequence[int],
    is_imposed: bool,
) -> dict[str, list[float]]:
    """Returns outcome -> share of each seed, at the first scale that measured the outcome."""
    shares: dict[str, list[float]] = {}
    for scale in (s for s in scales if is_tried(cause, s)):
        for comparison in compare(study, scale, cause):
            if comparison.is_imposed == is_imposed and not comparison.is_idle:
                for outcome, values in _measure_shares(comparison, scale, store, seeds).items():
                    shares.setdefault(outcome, values)
    return shares


def _measure_shares(
    comparison: Comparison, scale: Scale, store: TrialStore, seeds: Sequence[int]
) -> dict[str, list[float]]:
    """Returns outcome -> share of each seed, for outcomes that two or more seeds measured."""
    conditions = comparison.before, comparison.after
    trials = [[store.read(condition, scale, seed) for condition in conditions] for seed in seeds]
    shares = {}
    for outcome, (point, quantity) in OUTCOMES.items():
        values = [
            _measure_share(before, after, point, quantity, comparison.is_imposed)
            for before, after in trials
            if before and after
        ]
        measured = [value for value in values if value is not None]
        if len(measured) > 1:
            shares[outcome] = measured
    return shares


def _measure_share(
    before: dict[str, Any], after: dict[str, Any], point: str, quantity: str, is_imposed: bool
) -> float | None:
    """Returns the share of the distance to the symptom that one trial covers beyond another."""
    first, last = (measure_decades(trial, point, quantity) for trial in (before, after))
    if first is None or last is None:
        return None
    sound, faulty = (first, last) if is_imposed else (last, first)
    return compute_share(sound, faulty, quantity)
