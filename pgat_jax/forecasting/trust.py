"""Writes the sentence that says how far to trust a forecast, from what was measured of its run."""

import math
from typing import Any, Literal, NamedTuple

import numpy as np

from pgat_jax.forecasting.coverage_record import BandCoverage, read_record
from pgat_jax.storage.loaded_run import LoadedRun

# The probability that the band claims whose coverage the sentence names.
BAND = 0.9
# Standard errors from which the coverage differs from the claim: a 95% interval.
ERRORS = 2.0
# The words for a coverage that does not differ from the claim.
AS_CLAIMED = "about what it claims"

Seen = Literal["training", "validation", "unknown"]


class TrustFacts(NamedTuple):
    """What the sentence about the trust in a forecast depends on.

    Attributes:
        step: training steps behind the parameters that forecast.
        taken: training steps that the run has taken.
        planned: training steps that its configuration plans; None if the run does not record it.
        coverage: the coverage of the 90% band; None if it was not measured.
        seen: the split that contains the first day of the forecast, if it is not a new day;
            `unknown` if the splits are not known.
    """

    step: int
    taken: int
    planned: int | None
    coverage: BandCoverage | None
    seen: Seen | None


def collect_facts(
    run: LoadedRun, scores: dict[str, Any] | None, first_day: np.datetime64
) -> TrustFacts:
    """Collects the facts that `write_trust` writes about one forecast.

    The coverage is that of the last back-test of the run's configuration; without one it is that of
    the test split.

    Args:
        run: the run that forecasts.
        scores: the content of its `scores.json`, as `score_run` returns it; None if the run could
            not be scored.
        first_day: the first day that is forecast.
    """
    coverage = read_record(run.config)
    if coverage is None and scores is not None:
        coverage = find_coverage(scores["splits"]["test"])
    seen = "unknown" if scores is None else find_split(scores["splits"]["validation"], first_day)
    return TrustFacts(run.step, run.taken, run.meta.get("planned_steps"), coverage, seen)


def find_coverage(test: dict[str, Any]) -> BandCoverage | None:
    """Returns the coverage of the model's 90% band of Close, or None if it was not measured.

    That is so for a forecast without a distribution.

    Args:
        test: the scores of the test split, as `score_split` returns them.
    """
    coverage = test["forecasters"]["model"].get("coverage")
    share = None if coverage is None else coverage[f"{BAND:.0%}"]["by_target"]["Close"]
    return None if share is None else BandCoverage(share, test["comparisons"][0]["days"])


def find_split(validation: dict[str, Any], day: np.datetime64) -> Seen | None:
    """Returns which split contains a day, or None if it lies after the validation split.

    A day before the validation split belongs to `training`.

    Args:
        validation: the scores of the validation split: `first_day` and `last_day`, YYYY-MM-DD.
        day: the day.
    """
    if day > np.datetime64(validation["last_day"]):
        return None
    return "training" if day < np.datetime64(validation["first_day"]) else "validation"


def write_trust(facts: TrustFacts) -> str:
    """Returns the sentence that says how far to trust a forecast.

    A coverage that is far from its claim comes first.

    Args:
        facts: the facts, as `collect_facts` returns them.
    """
    parts = [_describe_steps(facts), _describe_coverage(facts.coverage), _warn_of_seen(facts.seen)]
    if facts.coverage is not None and _judge_coverage(facts.coverage) != AS_CLAIMED:
        parts[:2] = parts[1::-1]
    return f"How far to trust it: {'; '.join(part for part in parts if part)}."


def _describe_steps(facts: TrustFacts) -> str:
    planned = "" if facts.planned is None else f" of {facts.planned:,} planned"
    if facts.taken == 0:
        return f"the model is not trained (0{planned} training steps)"
    is_whole = facts.taken == facts.planned
    count = f"all {facts.taken:,} planned" if is_whole else f"{facts.taken:,}{planned}"
    best = f" (the forecast uses step {facts.step:,}, the best on the validation days)"
    return f"the model was trained for {count} steps{best if facts.step != facts.taken else ''}"


def _describe_coverage(coverage: BandCoverage | None) -> str:
    if coverage is None:
        return "how often its 90% band contains the actual return was not measured"
    return (
        f"on the {coverage.days:,} {coverage.period} the 90% band of the daily return of Close "
        f"contained {coverage.share:.0%} of the actual returns, {_judge_coverage(coverage)}"
    )


def _judge_coverage(coverage: BandCoverage) -> str:
    """Compares the coverage with the claim, as if each day were an independent trial."""
    error = ERRORS * math.sqrt(BAND * (1 - BAND) / coverage.days)
    if coverage.share < BAND - error:
        return "so it is too narrow"
    return "so it is too wide" if coverage.share > BAND + error else AS_CLAIMED


def _warn_of_seen(seen: Seen | None) -> str:
    return {
        None: "",
        "unknown": "whether it was trained on these days is not known, since its table cannot be "
        "read",
        "training": "the model was trained on these days, so the forecast looks better than on "
        "new days",
        "validation": "these days chose the best checkpoint (validation split), so the forecast "
        "looks better than on new days",
    }[seen]
