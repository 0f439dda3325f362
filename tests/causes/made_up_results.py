"""Made-up results of a study, for the tests of what is made from results."""

from typing import Any


def make_results() -> dict[str, Any]:
    """Returns results of two causes, one listed and one of the analysis, and of two remedies."""
    scales = [
        {"name": "full", "sizes": None, "updates": 0, "windows": 1, "has_forecasts": False},
        {"name": "small", "sizes": "tiny", "updates": 100, "windows": 24, "has_forecasts": True},
    ]
    return {
        "schema": "causes/2",
        "config": "tiny",
        "faults": ["petri_states_unused"],
        "seeds": 2,
        "scales": scales,
        "bases": {
            "sound": describe({"disconnected": [0, 0], "zero": [0, 0], "gradient": [4, 400]}),
            "faulty": describe({"disconnected": [2, 100], "zero": [1, 50], "gradient": [1, 250]}),
        },
        "causes": [
            make_cause("1.2", "refuted", "updates in training", 0.01, rank=2),
            make_cause("6.2", "confirmed", "spread of forecasts", 0.75, rank=1),
            make_cause("R1", "refuted", "gradient at the start", 0.02),
        ],
        "remedies": [
            {"name": "helpful", "proposer": "list, 1", "is_of_checks": False}
            | describe({"disconnected": [1, 50], "zero": [1, 50], "gradient": [2, 300]}),
            {"name": "<useless>", "proposer": "list, 2", "is_of_checks": False}
            | describe({"disconnected": [2, 100], "zero": [1, 50], "gradient": [1, 250]}),
            {"name": "best", "proposer": "the checks", "is_of_checks": True}
            | describe({"disconnected": [0, 0], "zero": [0, 0], "gradient": [4, 400]}),
        ],
    }


def describe(kinds: dict[str, list[int]]) -> dict[str, Any]:
    """Returns what two scales measured of one model."""
    statistics = ("gate_mean", "gate_saturation", "attention_entropy", "branch_ratio")
    spreads = ("enc_spread", "fused_spread", "body_spread")
    start = {
        "whole": 16.0,
        "graph": 0.0 if kinds["zero"][0] else 1.0,
        "projections": {"query": 1e-3, "key": 5e-2},
        "trail": {"gate": 0.1},
        "statistics": dict.fromkeys((*statistics, *spreads), 0.5),
        "loss": 1.0,
    }
    end = start | {"validation": 0.5, "spread": 0.04, "target_spread": 0.8}
    parts = {"projection": {"gradient": [1, 250]}, "gate": {"zero": [2, 150]}}
    full = {"start": start, "kinds": kinds, "parts": parts, "trials": 2}
    return {"full": full, "small": {"start": start, "end": end, "trials": 2}}


def make_cause(number: str, verdict: str, outcome: str, share: float, rank=None) -> dict[str, Any]:
    """Returns a cause with one outcome of each experiment."""
    effect = {"share": share, "low": share - 0.01, "high": share + 0.01, "seeds": 2}
    experiment = {"verdict": verdict, "outcome": outcome, "effects": {outcome: effect}}
    return {
        "number": number,
        "title": f"Title of {number}",
        "document": "CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md",
        "section": number,
        "hypothesis": "It works like this.",
        "prediction": "This must be measured.",
        "rank": rank,
        "is_in_training": False,
        "interventions": {"present": None, "imposition": "the gate is shut", "remedy": "it opens"},
        "imposed": experiment,
        "removed": experiment,
        "verdict": verdict,
        "outcome": outcome,
    }
