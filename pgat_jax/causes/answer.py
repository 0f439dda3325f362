"""Writes the answer of a study in five sentences with its numbers, and the causes' two rankings.

"The list" and "the analysis" are the documents `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` and
`CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` of the PyTorch original, "Celestial Enhanced PGAT".
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pgat_jax.causes.effects import ORDER
from pgat_jax.causes.scales import FULL, SMALL

SIGNIFICANT_DIGITS = 2  # of numbers in sentences


def write_answer(results: Mapping[str, Any]) -> list[str]:
    """Writes one sentence each on leaves without gradient, projections, causes, fixes and spread.

    Args:
        results: What `collect_results` returned.

    Returns:
        The sentences for which the results contain the numbers.
    """
    sentences = (
        _describe_losses(results),
        _describe_projections(results),
        _describe_causes(results),
        _describe_remedies(results),
        _describe_spread(results),
    )
    return [sentence for sentence in sentences if sentence]


def rank_causes(results: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Returns (measured rank, number, title, rank in the list), the strongest cause first.

    All are texts; the last is empty for a cause outside the list's top five.

    Args:
        results: What `collect_results` returned.
    """
    order = sorted(
        results["causes"], key=lambda c: (ORDER.index(c["verdict"]), -_decisive_share(c))
    )
    return [
        (str(place), cause["number"], cause["title"], str(cause["rank"] or ""))
        for place, cause in enumerate(order, 1)
    ]


def _decisive_share(cause: dict[str, Any]) -> float:
    decisive = cause.get("removed") or cause.get("imposed")
    return decisive["effects"][cause["outcome"]]["share"] if decisive else 0.0


def _describe_losses(results: Mapping[str, Any]) -> str:
    kinds = results["bases"].get("faulty", {}).get(FULL.name, {}).get("kinds")
    if kinds is None:
        return ""
    leaves, parameters = (sum(kinds[kind][i] for kind in kinds) for i in (0, 1))
    disconnected, zero = kinds["disconnected"], kinds["zero"]
    return (
        f"With the original's wiring, {disconnected[0]} of {leaves} leaves, "
        f"{_format_percent(disconnected[1], parameters)} of the parameters, are not connected to "
        f"the loss at all, and {zero[0]} more have a gradient of exactly zero"
        f"{_describe_graph(results)}."
    )


def _describe_graph(results: Mapping[str, Any]) -> str:
    norm = results["bases"]["faulty"][FULL.name]["start"]["graph"]
    return ", among them all leaves of the graph" if norm == 0 else ""


def _describe_projections(results: Mapping[str, Any]) -> str:
    start = results["bases"].get("faulty", {}).get(FULL.name, {}).get("start")
    if start is None:
        return ""
    norms = ", ".join(f"{name} {norm:.1e}" for name, norm in start["projections"].items())
    return (
        "The projections, whose gradients both documents call zero, do get gradients: their norms "
        f"are {norms}; the norm of the whole gradient is {start['whole']:.{SIGNIFICANT_DIGITS}g}."
    )


def _describe_causes(results: Mapping[str, Any]) -> str:
    listed = [cause for cause in results["causes"] if not cause["number"].startswith("R")]
    counts = Counter(cause["verdict"] for cause in listed)
    words = ", ".join(f"{counts[v]} {v}" for v in ORDER if counts[v])
    top = ", ".join(_describe_cause(cause) for cause in listed if cause["rank"] is not None)
    return f"Of the {len(listed)} causes of the list: {words}; of its top five: {top}."


def _describe_cause(cause: dict[str, Any]) -> str:
    outcome = "" if cause["verdict"] == "refuted" else f" ({cause['outcome']})"
    return f"{cause['number']} {cause['verdict']}{outcome}"


def _describe_remedies(results: Mapping[str, Any]) -> str:
    rows = [r for r in results["remedies"] if FULL.name in r]
    if not rows:
        return ""
    before = _count_losses(results["bases"]["faulty"])
    gains = {r["name"]: before - _count_losses(r) for r in rows}
    proposed = [r["name"] for r in rows if not r["is_of_checks"]]
    helpful = [name for name in proposed if gains[name] > 0]
    best = max(gains, key=gains.__getitem__)
    return (
        f"Of the {len(proposed)} fixes that the documents propose, {len(helpful)} "
        f"{'gives' if len(helpful) == 1 else 'give'} any leaf its gradient back"
        f'{" (" + ", ".join(helpful) + ")" if helpful else ""}; the fix "{best}" does it for '
        f"{gains[best]} of {before}."
    )


def _count_losses(row: dict[str, Any]) -> int:
    kinds = row[FULL.name]["kinds"]
    return kinds["disconnected"][0] + kinds["zero"][0]


def _describe_spread(results: Mapping[str, Any]) -> str:
    ends = {n: base.get(SMALL.name, {}).get("end") for n, base in results["bases"].items()}
    shares = {n: e["spread"] / e["target_spread"] for n, e in ends.items() if e is not None}
    if "faulty" not in shares:
        return ""
    return (
        "Forecasts that vary little are not a symptom of the faults: after training, their spread "
        f"relative to the targets' is {shares['faulty']:.{SIGNIFICANT_DIGITS}g} with the "
        f"original's wiring and {shares['sound']:.{SIGNIFICANT_DIGITS}g} without faults, because "
        "the squared error of returns that are nearly unpredictable is least near the mean."
    )


def _format_percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"
