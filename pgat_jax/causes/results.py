"""Collects the results of a study as plain data, from which table, JSON file and page are made."""

from collections.abc import Hashable, Sequence
from statistics import mean
from typing import Any

import jax

from checks import reach
from pgat_jax.causes.cause import Cause
from pgat_jax.causes.cause_verdict import IMPOSED, REMOVED, judge_cause
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import (
    apply_remedy,
    faulty_condition,
    is_remedy_tried,
    sound_condition,
)
from pgat_jax.causes.original_names import count_by_part
from pgat_jax.causes.outcomes import GRAPH, PROJECTIONS, total_norm
from pgat_jax.causes.remedies import REMEDIES, Remedy
from pgat_jax.causes.scales import FULL, Scale
from pgat_jax.causes.trial_store import TrialStore
from pgat_jax.training.diagnostics import TRAIL

# Version of the JSON file. Version 1 had other names for the keys.
SCHEMA = "causes/2"
# Kinds of gradient of a leaf: no path from the loss, exactly zero for every seed, or any other.
KINDS = ("disconnected", "zero", "gradient")


def collect_results(
    study: StudyConfig,
    scales: Sequence[Scale],
    causes: Sequence[Cause],
    with_remedies: bool,
    seeds: Sequence[int],
    store: TrialStore,
) -> dict[str, Any]:
    """Collects everything that finished trials and proofs show.

    Args:
        study: The configuration and its faults.
        scales: The scales at which trials were run.
        causes: The causes to describe.
        with_remedies: Whether remedies were tried too.
        seeds: The seeds of the trials.
        store: The finished trials.

    Returns:
        A dict that can be written as JSON:

        - `schema`, `config` (a name), `faults` (names), `seeds` (a number), `scales`;
        - `bases`: `sound` and, if the study has faults, `faulty`, each by name of the scale;
        - `causes`: one dict for each cause: its attributes, the claims of its interventions, and
          what `judge_cause` returns;
        - `remedies`: one dict for each remedy: `name`, `proposer`, `is_of_checks`, and by name of
          the scale the same as for the bases; empty if none was tried.

        A base or remedy at a scale is a dict with `trials` (how many are finished), `start` and
        `end` (means over the seeds of what `Trials.run` returns) and, at full size, `kinds` and
        `parts`: how many leaves and parameters get a gradient.
    """
    collector = _Collector(study, scales, seeds, store)
    bases = {"sound": sound_condition} | ({"faulty": faulty_condition} if study.faults else {})
    return {
        "schema": SCHEMA,
        "config": study.name,
        "faults": list(study.faults),
        "seeds": len(seeds),
        "scales": [scale._asdict() for scale in scales],
        "bases": {
            name: {scale.name: collector.describe(make(study, scale), scale) for scale in scales}
            for name, make in bases.items()
        },
        "causes": [collector.describe_cause(cause) for cause in causes],
        "remedies": [
            collector.describe_remedy(r) for r in REMEDIES if with_remedies and study.faults
        ],
    }


class _Collector:
    """Reads the trials of one study, and proves for each program which leaves are connected."""

    def __init__(
        self, study: StudyConfig, scales: Sequence[Scale], seeds: Sequence[int], store: TrialStore
    ):
        self._study, self._scales, self._seeds, self._store = study, scales, seeds, store
        self._proofs: dict[Hashable, set[str]] = {}

    def describe_cause(self, cause: Cause) -> dict[str, Any]:
        """Returns a cause's sentences, its interventions, and its verdict with all effects."""
        verdict = judge_cause(self._study, cause, self._scales, self._store, self._seeds)
        for name in (IMPOSED, REMOVED):
            if name in verdict:
                effects = verdict[name]["effects"]
                verdict[name]["effects"] = {o: e._asdict() for o, e in effects.items()}
        interventions = {
            "present": cause.present,
            "imposition": cause.imposition,
            "remedy": cause.remedy,
        }
        texts = {
            "number": cause.number,
            "title": cause.title,
            "document": cause.document,
            "section": cause.section,
            "hypothesis": cause.hypothesis,
            "prediction": cause.prediction,
            "rank": cause.rank,
            "is_in_training": cause.is_in_training,
            "interventions": {name: i and i.claim for name, i in interventions.items()},
        }
        return texts | verdict

    def describe_remedy(self, remedy: Remedy) -> dict[str, Any]:
        """Returns what the trials of a remedy show, by name of the scale."""
        result: dict[str, Any] = {
            "name": remedy.name,
            "proposer": remedy.proposer,
            "is_of_checks": remedy.is_of_checks,
        }
        for scale in (s for s in self._scales if is_remedy_tried(remedy, s)):
            condition = apply_remedy(self._study, scale, remedy)
            if condition is not None:
                result[scale.name] = self.describe(condition, scale)
        return result

    def describe(self, condition: Condition | None, scale: Scale) -> dict[str, Any]:
        """Returns means over seeds of a condition's trials, and at full size the leaves' kinds.

        Returns:
            `start` and `end`, where they were measured; `trials`, the number of finished ones; and
            at `FULL` `kinds` (kind -> [leaves, parameters]) and `parts` (part of the original ->
            the same).
        """
        if condition is None:
            return {}
        trials = [self._store.read(condition, scale, seed) for seed in self._seeds]
        points = {p: [t[p] for t in trials if t and p in t] for p in ("start", "end")}
        result = {point: _average(found) for point, found in points.items() if found}
        if scale.name == FULL.name and points["start"]:
            kinds = _classify(self._find_disconnected(condition), points["start"])
            result |= {"kinds": _count(kinds), "parts": count_by_part(kinds)}
        return result | {"trials": sum(t is not None for t in trials)}

    def _find_disconnected(self, condition: Condition) -> set[str]:
        """Returns the leaves that provably no path of the gradient leads to."""
        model = condition.build()
        if model.program_key not in self._proofs:
            params = jax.eval_shape(model.init, jax.random.key(0))
            report = reach(model.loss, params, model.shapes(1))
            disconnected = {leaf.name for leaf in report.leaves if not leaf.passes}
            self._proofs[model.program_key] = disconnected
        return self._proofs[model.program_key]


def _average(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Averages the measurements of several seeds."""
    gradients = [point["gradient"] for point in points]
    result = {
        "whole": mean(total_norm(g) for g in gradients),
        "graph": mean(total_norm(g, GRAPH) for g in gradients),
        "projections": {n: mean(g[leaf] for g in gradients) for n, leaf in PROJECTIONS.items()},
        "trail": {
            s: mean(g[leaf] for g in gradients) for s, leaf in TRAIL.items() if leaf in gradients[0]
        },
        "statistics": {
            name: mean(p["statistics"][name] for p in points) for name in points[0]["statistics"]
        },
    }
    for name in ("loss", "validation", "spread", "target_spread"):
        if name in points[0]:
            result[name] = mean(point[name] for point in points)
    return result


def _classify(
    disconnected: set[str], points: Sequence[dict[str, Any]]
) -> dict[str, tuple[str, int]]:
    """Returns leaf -> (kind, parameters).

    A proof says which leaves are disconnected. A leaf counts as zero if its gradient is exactly
    zero for every seed.
    """

    def find_kind(name: str) -> str:
        if name in disconnected:
            return "disconnected"
        return "zero" if all(p["gradient"][name] == 0 for p in points) else "gradient"

    return {name: (find_kind(name), size) for name, size in points[0]["size"].items()}


def _count(kinds: dict[str, tuple[str, int]]) -> dict[str, list[int]]:
    """Returns kind -> [leaves, parameters]."""
    sizes = {kind: [s for k, s in kinds.values() if k == kind] for kind in KINDS}
    return {kind: [len(own), sum(own)] for kind, own in sizes.items()}
