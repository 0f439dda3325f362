"""What a cause is judged by: the texts' symptoms, as numbers of one trial, in decades.

The unit of each is the way from healthy to the symptom, as the texts' own log prints it:

    gradient  0.00000000 (below 5e-9) beside 0.34567891: 7.8 decades
    update    0.000000 (below 5e-7) beside 0.000234: 2.7 decades
    spread    forecasts at 0.03 to 0.05 of targets at 0.5 to 1.4: 1.4 decades

Gradients and updates are taken relative to those of the whole model, so that a loss in other units
changes nothing.
"""

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from statistics import mean
from typing import Any

PROJECTIONS = {
    "query": "fusion/query/kernel",
    "key": "fusion/key_kernel",
    "value": "fusion/value_kernel",
    "output": "fusion/output/kernel",
}
"""The texts' `celestial_*_projection` -> our leaf."""
GRAPH = ("nodes/adjacency_*", "nodes/aspects/*", "petri/edges/*", "graph_attention/*edge*")
"""Leaves of the graph: what the original had at exactly zero."""
UNITS = {
    "gradient": math.log10(0.34567891 / 5e-9),
    "update": math.log10(0.000234 / 5e-7),
    "spread": math.log10(math.sqrt(0.5 * 1.4) / math.sqrt(0.03 * 0.05)),
}
"""Outcome -> decades from healthy to the symptom."""
OUTCOMES = {
    "gradient at the start": ("start", "gradient"),
    "gradient after training": ("end", "gradient"),
    "updates in training": ("end", "update"),
    "spread of forecasts": ("end", "spread"),
}
"""What is judged -> (point, outcome)."""
FLOOR = 1e-30
"""What stands for zero under a logarithm."""


def decades(trial: Mapping[str, Any], point: str, outcome: str) -> list[float] | None:
    """An outcome of a trial on its logarithmic scale; None where it was not measured.

    One number for each projection, or one for the spread.
    """
    found = trial.get(point)
    if found is None:
        return None
    if outcome == "spread":
        return [_log(found["spread"] / found["target_spread"])] if "spread" in found else None
    if outcome == "update":
        return _beside_the_model(_relative(found["change"], found["weight"]))
    return _beside_the_model(found["gradient"])


def share(before: Sequence[float], after: Sequence[float], outcome: str) -> float:
    """How much of the way to the symptom lies between two measurements; negative is away from it.

    The mean over what was measured, each between -1 and 1: what is exactly zero has gone all of
    the way, and not further.
    """
    ways = [(a - b) / UNITS[outcome] for a, b in zip(before, after)]
    return mean(max(-1.0, min(1.0, way)) for way in ways)


def total(norms: Mapping[str, float], patterns: tuple[str, ...] = ("*",)) -> float:
    """Euclidean norm over the leaves whose names match."""
    chosen = [n for name, n in norms.items() if any(fnmatchcase(name, p) for p in patterns)]
    return math.sqrt(sum(n * n for n in chosen))


def _relative(change: Mapping[str, float], weight: Mapping[str, float]) -> dict[str, float]:
    return {name: norm / max(weight[name], FLOOR) for name, norm in change.items()}


def _beside_the_model(norms: Mapping[str, float]) -> list[float]:
    """log10 of the norm of each projection, less that of the whole model."""
    whole = _log(total(norms))
    return [_log(norms[leaf]) - whole for leaf in PROJECTIONS.values()]


def _log(value: float) -> float:
    return math.log10(max(value, FLOOR))
