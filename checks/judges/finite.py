"""Which leaves get a NaN or Inf, at the data or within the optimiser's steps, and what makes it."""

from typing import NamedTuple

import numpy as np

from checks.measure.nonfinite import Blame, blame, describe
from checks.measure.readings import narrow
from checks.measure.simulate import Training
from checks.measure.survey import Survey
from checks.program.runner import Runner, widen_array
from checks.verdicts import Finding


class NonFinite(NamedTuple):
    """Findings by leaf, and sentences about a loss that is not finite itself."""

    findings: dict[int, Finding]
    problems: list[str]


def non_finite(runner: Runner, survey: Survey, training: Training) -> NonFinite:
    """Leaves whose own gradient, as written, is not finite on some batch or after some step."""
    findings: dict[int, Finding] = {}
    problems: list[str] = []
    for number, measured in enumerate(survey.data):
        slopes = measured.written.leaves
        bad = [i for i in runner.watched if not _is_finite(slopes[i]) and i not in findings]
        is_bad_loss = not np.isfinite(measured.written.loss)
        if not bad and not is_bad_loss:
            continue
        flags = blame(runner, *narrow(runner, measured.point))
        if is_bad_loss:
            text, places = describe(flags.of_loss())
            problems.append(
                f"the loss is {measured.written.loss} on batch {number}: {text}"
                + (f" ({places[0]})" if places else "")
            )
        for i in bad:
            findings[i] = _at_data(runner, flags, i, slopes[i], measured.wide.leaves[i])
    for i, (step, by_slope) in training.non_finite.items():
        if i in runner.watched and i not in findings:
            findings[i] = _in_training(runner, survey, training, i, step, by_slope)
    return NonFinite(findings, problems)


def _at_data(
    runner: Runner, flags: Blame, leaf: int, slope: np.ndarray | None, wide: np.ndarray | None
) -> Finding:
    text, places = describe(flags.of_leaf(runner.watched.index(leaf)))
    elements = np.zeros(0) if slope is None else widen_array(slope)
    count = int((~np.isfinite(elements)).sum())
    precision = "; in float64 all are finite" if _is_finite(wide) else ""
    return Finding(
        "non_finite",
        f"measured: {count} of {elements.size} elements are NaN or Inf{precision}; {text}",
        places,
    )


def _in_training(
    runner: Runner, survey: Survey, training: Training, leaf: int, step: int, by_slope: bool
) -> Finding:
    text = f"measured: finite at first, not after {step} optimiser steps"
    if not by_slope:
        own = f"{text}: the optimiser makes it out of a finite gradient"
        return Finding("non_finite", own, ("optimiser",))
    args = narrow(runner, survey.data[(step - 1) % len(survey.data)].point)[1]
    flags = blame(runner, training.before_failure or training.leaves[0], args)
    made, places = describe(flags.of_leaf(runner.watched.index(leaf)))
    return Finding("non_finite", f"{text}; {made}", places)


def _is_finite(slope: np.ndarray | None) -> bool:
    return slope is None or bool(np.isfinite(widen_array(slope)).all())
