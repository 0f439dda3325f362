"""All that was found, as plain data: what is printed, written as JSON, and told on the page."""

from collections.abc import Hashable, Sequence
from statistics import mean
from typing import Any

import jax

from checks import reach
from pgat_jax.causes.cause import TEXTS, Cause
from pgat_jax.causes.conditions import Condition, Store
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import FULL, healthy, remedied, shows_fix, sick, verdict_of
from pgat_jax.causes.names import parts
from pgat_jax.causes.outcomes import GRAPH, PROJECTIONS, total
from pgat_jax.causes.remedies import REMEDIES
from pgat_jax.causes.trial import Scale
from pgat_jax.training.diagnostics import TRAIL

SCHEMA = "causes/1"
KINDS = ("disconnected", "zero", "gradient")
"""What reaches a leaf: no way from the loss, a gradient of exactly zero, or a gradient."""


def results(
    config: StudyConfig,
    scales: Sequence[Scale],
    causes: Sequence[Cause],
    remedies: bool,
    seeds: Sequence[int],
    store: Store,
) -> dict[str, Any]:
    """Everything that finished trials tell.

    Returns:
        `schema`, `config`, `seeds`, `scales`; `bases`: `healthy` and, where the configuration has
        faults, `sick`, each by scale; `causes`: one dict each; `remedies`: one dict each, empty
        where none were tried.
    """
    found = _Found(config, scales, seeds, store)
    bases = {"healthy": healthy, "sick": sick} if config.faults else {"healthy": healthy}
    return {
        "schema": SCHEMA,
        "config": config.name,
        "faults": list(config.faults),
        "seeds": len(seeds),
        "scales": [scale._asdict() for scale in scales],
        "bases": {
            n: {s.name: found.told(make(config, s), s) for s in scales} for n, make in bases.items()
        },
        "causes": [found.cause(cause) for cause in causes],
        "remedies": [found.remedy(r) for r in REMEDIES] if remedies and config.faults else [],
    }


class _Found:
    def __init__(
        self, config: StudyConfig, scales: Sequence[Scale], seeds: Sequence[int], store: Store
    ):
        self._config, self._scales, self._seeds, self._store = config, scales, seeds, store
        self._proofs: dict[Hashable, set[str]] = {}

    def cause(self, cause: Cause) -> dict[str, Any]:
        judged = verdict_of(self._config, cause, self._scales, self._store, self._seeds)
        for direction in ("imposed", "removed"):
            if direction in judged:
                effects = judged[direction]["effects"]
                judged[direction]["effects"] = {o: e._asdict() for o, e in effects.items()}
        text, section = cause.place
        told = {
            "number": cause.number,
            "title": cause.title,
            "place": f"{TEXTS[text]}, {section}",
            "hypothesis": cause.hypothesis,
            "prediction": cause.prediction,
            "rank": cause.rank,
            "in_training": cause.in_training,
            "done": {
                "present": cause.present and cause.present.claim,
                "imposed": cause.imposed and cause.imposed.claim,
                "remedy": cause.remedy and cause.remedy.claim,
            },
        }
        return told | judged

    def remedy(self, remedy) -> dict[str, Any]:
        told: dict[str, Any] = {"name": remedy.name, "place": remedy.place}
        for scale in (s for s in self._scales if shows_fix(s, remedy)):
            condition = remedied(self._config, scale, remedy)
            if condition is not None:
                told[scale.name] = self.told(condition, scale)
        return told

    def told(self, condition: Condition | None, scale: Scale) -> dict[str, Any]:
        """Means over seeds of what the trials of a condition tell, and what a proof says of it."""
        if condition is None:
            return {}
        trials = [self._store.read(condition, scale, seed) for seed in self._seeds]
        points = {p: [t[p] for t in trials if t and p in t] for p in ("start", "end")}
        told = {p: _means(found) for p, found in points.items() if found}
        if scale.name == FULL.name and points["start"]:
            kinds = _kinds(self._apart(condition), points["start"])
            told |= {"lost": _sums(kinds), "parts": parts(kinds)}
        return told | {"trials": sum(t is not None for t in trials)}

    def _apart(self, condition: Condition) -> set[str]:
        """Leaves that provably no way leads to from the loss; proved once for each program."""
        subject = condition.subject()
        if subject.traced_as not in self._proofs:
            params = jax.eval_shape(subject.init, jax.random.key(0))
            report = reach(subject.loss, params, subject.shapes(1))
            apart = {leaf.name for leaf in report.leaves if not leaf.passes}
            self._proofs[subject.traced_as] = apart
        return self._proofs[subject.traced_as]


def _means(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    gradients = [point["gradient"] for point in points]
    told = {
        "whole": mean(total(g) for g in gradients),
        "graph": mean(total(g, GRAPH) for g in gradients),
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
            told[name] = mean(point[name] for point in points)
    return told


def _kinds(apart: set[str], points: Sequence[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    """Leaf -> (kind, parameters): a proof says which are disconnected, measurement which are zero.

    A leaf counts as zero if its gradient is exactly zero for every seed.
    """

    def kind(name: str) -> str:
        if name in apart:
            return "disconnected"
        return "zero" if all(p["gradient"][name] == 0 for p in points) else "gradient"

    return {name: (kind(name), size) for name, size in points[0]["size"].items()}


def _sums(kinds: dict[str, tuple[str, int]]) -> dict[str, list[int]]:
    """Kind -> [leaves, parameters]."""
    sizes = {kind: [s for k, s in kinds.values() if k == kind] for kind in KINDS}
    return {kind: [len(own), sum(own)] for kind, own in sizes.items()}
