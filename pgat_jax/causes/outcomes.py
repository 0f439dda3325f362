"""Outcomes: the symptoms by which a cause is judged, as numbers of one trial, in decades.

The symptoms are those of `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md`, a document of the PyTorch
original. The unit of each is the distance, in decades, from a sound model to the symptom, as the
training log in that document prints it:

    gradient  0.00000000 (below 5e-9) beside 0.34567891: 7.8 decades
    update    0.000000 (below 5e-7) beside 0.000234: 2.7 decades
    spread    forecasts at 0.03 to 0.05 of targets at 0.5 to 1.4: 1.3 decades

Gradients and updates are relative to those of the whole model, so that a loss in other units
changes nothing. Parameter paths are a public contract of the model (see `edits`).
"""

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from statistics import mean
from typing import Any

# The original's `celestial_*_projection` -> leaf of this model.
PROJECTIONS = {
    "query": "fusion/query/kernel",
    "key": "fusion/key_kernel",
    "value": "fusion/value_kernel",
    "output": "fusion/output/kernel",
}
# Patterns of the leaves of the graph, whose gradient in the original was exactly zero.
GRAPH = ("nodes/adjacency_*", "nodes/aspects/*", "petri/edges/*", "graph_attention/*edge*")
# Quantity -> decades from a sound model to the symptom.
UNITS = {
    "gradient": math.log10(0.34567891 / 5e-9),
    "update": math.log10(0.000234 / 5e-7),
    "spread": math.log10(math.sqrt(0.5 * 1.4) / math.sqrt(0.03 * 0.05)),
}
# Outcome -> (point of the trial, quantity).
OUTCOMES = {
    "gradient at the start": ("start", "gradient"),
    "gradient after training": ("end", "gradient"),
    "updates in training": ("end", "update"),
    "spread of forecasts": ("end", "spread"),
}
# Stands for zero under a logarithm. It is below any norm of float32 gradients that is not zero.
FLOOR = 1e-30


def measure_decades(trial: Mapping[str, Any], point: str, quantity: str) -> list[float] | None:
    """Returns a quantity of a trial as a decimal logarithm.

    `gradient` is the norm of a projection's gradient relative to that of the whole model, `update`
    the same of its change in training relative to its weights, and `spread` the standard deviation
    of the forecasts relative to that of the targets.

    Args:
        trial: What `Trials.run` returned.
        point: `start` or `end`.
        quantity: `gradient`, `update` or `spread`.

    Returns:
        One number for each projection, or one for the spread; None where it was not measured.
    """
    measured = trial.get(point)
    if measured is None:
        return None
    if quantity == "spread":
        if "spread" not in measured:
            return None
        return [_log(measured["spread"] / measured["target_spread"])]
    if quantity == "update":
        return _compare_to_model(_divide(measured["change"], measured["weight"]))
    return _compare_to_model(measured["gradient"])


def compute_share(before: Sequence[float], after: Sequence[float], quantity: str) -> float:
    """Computes which share of the distance to the symptom lies between two measurements.

    Args:
        before: Decades, as `measure_decades` returns them.
        after: The same of the second measurement.
        quantity: Key of `UNITS`.

    Returns:
        The mean over the entries, each limited to [-1, 1], since an exact zero lies arbitrarily
        many decades away. Positive is towards the symptom, negative away from it.
    """
    shares = [(a - b) / UNITS[quantity] for a, b in zip(before, after)]
    return mean(max(-1.0, min(1.0, share)) for share in shares)


def total_norm(norms: Mapping[str, float], patterns: tuple[str, ...] = ("*",)) -> float:
    """Returns the Euclidean norm over all leaves whose names match one of the patterns, or 0.

    Args:
        norms: Leaf name -> norm.
        patterns: Patterns of leaf names, with `*` for any text.
    """
    matches = [n for name, n in norms.items() if any(fnmatchcase(name, p) for p in patterns)]
    return math.sqrt(sum(n * n for n in matches))


def _divide(change: Mapping[str, float], weight: Mapping[str, float]) -> dict[str, float]:
    return {name: norm / max(weight[name], FLOOR) for name, norm in change.items()}


def _compare_to_model(norms: Mapping[str, float]) -> list[float]:
    """Returns log10 of each projection's norm relative to the norm of the whole model."""
    whole = _log(total_norm(norms))
    return [_log(norms[leaf]) - whole for leaf in PROJECTIONS.values()]


def _log(value: float) -> float:
    return math.log10(max(value, FLOOR))
