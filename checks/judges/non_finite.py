"""The judge of `non_finite`: the gradient is NaN or Inf, at the data or in optimiser steps."""

import numpy as np

from checks.evidence import Evidence
from checks.findings import Finding, Findings, SliceFinding
from checks.judges.judge import Judge
from checks.measure.nonfinite import describe_origins, is_finite
from checks.program.runner import widen_array


def find_non_finite(evidence: Evidence) -> Findings:
    """Finds leaves whose gradient is not finite at a batch or after an optimiser step.

    The gradient is the one in the program's own types. Slices are listed along each axis where
    others are finite.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `non_finite` is true. The
        other leaves are left out.
    """
    at_data = {
        leaf: [_judge_data(evidence, leaf), *_list_slices(evidence, leaf)]
        for leaf in evidence.failures
    }
    in_training = {leaf: [_judge_training(evidence, leaf)] for leaf in evidence.training_failures}
    return at_data | in_training


def find_problems(evidence: Evidence) -> list[str]:
    """Returns a sentence for each batch at which the loss in the program's types is not finite.

    Args:
        evidence: what was proved and measured.
    """
    problems = []
    for batch, measured in enumerate(evidence.survey.data):
        if not np.isfinite(measured.written.loss):
            text, places = describe_origins(evidence.flags[batch].of_loss())
            at = f" ({places[0]})" if places else ""
            problems.append(f"the loss is {measured.written.loss} on batch {batch}: {text}{at}")
    return problems


def _judge_data(evidence: Evidence, leaf: int) -> Finding:
    batch = evidence.failures[leaf]
    measured, position = evidence.survey.data[batch], evidence.runner.watched.index(leaf)
    text, places = describe_origins(evidence.flags[batch].of_leaf(position))
    elements = _get_gradient(evidence, leaf)
    count = int((~np.isfinite(elements)).sum())
    precision = "; in float64 all are finite" if is_finite(measured.wide.leaves[leaf]) else ""
    return Finding(
        "non_finite",
        f"measured: {count} of {elements.size} elements are NaN or Inf{precision}; {text}",
        places,
    )


def _list_slices(evidence: Evidence, leaf: int) -> list[Finding]:
    """Returns a finding for each axis along which some slices are finite and others are not."""
    bad = ~np.isfinite(_get_gradient(evidence, leaf))
    found: list[Finding] = []
    for axis in range(bad.ndim):
        is_bad = bad.any(axis=tuple(other for other in range(bad.ndim) if other != axis))
        if not is_bad.all():
            index = tuple(int(i) for i in np.flatnonzero(is_bad))
            text = "measured: NaN or Inf in these slices alone"
            found.append(SliceFinding("non_finite", text, axis=axis, index=index))
    return found


def _get_gradient(evidence: Evidence, leaf: int) -> np.ndarray:
    """Returns the gradient as written at the first batch at which it is not finite."""
    slope = evidence.survey.data[evidence.failures[leaf]].written.leaves[leaf]
    return np.zeros(0) if slope is None else widen_array(slope)


def _judge_training(evidence: Evidence, leaf: int) -> Finding:
    step, by_slope = evidence.training_failures[leaf]
    text = f"measured: finite at first, not after {step} optimiser steps"
    if not by_slope:
        own = f"{text}: the optimiser makes it out of a finite gradient"
        return Finding("non_finite", own, ("optimiser",))
    flags = evidence.training_flags[(step - 1) % len(evidence.survey.data)]
    made, places = describe_origins(flags.of_leaf(evidence.runner.watched.index(leaf)))
    return Finding("non_finite", f"{text}; {made}", places)


NON_FINITE = Judge("non_finite", find_non_finite, "#7b3fb5")
