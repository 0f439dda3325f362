"""The answer in five sentences, made of the figures that were found; and the two rankings."""

from collections import Counter
from typing import Any

from pgat_jax.causes.experiments import FULL, SMALL
from pgat_jax.causes.judge import ORDER

SIGNS = 2
"""Significant digits of figures in sentences."""


def answer(found: dict[str, Any]) -> list[str]:
    """One sentence each: what is dead, the fusion path, the causes, the fixes, the spread."""
    said = [_dead(found), _alive(found), _causes(found), _fixes(found), _spread(found)]
    return [sentence for sentence in said if sentence]


def ranking(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """(measured place, number, title, the texts' own rank), the strongest cause first."""
    order = sorted(found["causes"], key=lambda c: (ORDER.index(c["verdict"]), -_share(c)))
    return [
        (str(place), cause["number"], cause["title"], str(cause["rank"] or ""))
        for place, cause in enumerate(order, 1)
    ]


def _share(cause: dict[str, Any]) -> float:
    decisive = cause.get("removed") or cause.get("imposed")
    return decisive["effects"][cause["outcome"]]["share"] if decisive else 0.0


def _dead(found: dict[str, Any]) -> str:
    lost = found["bases"].get("sick", {}).get(FULL.name, {}).get("lost")
    if lost is None:
        return ""
    leaves, parameters = (sum(lost[kind][i] for kind in lost) for i in (0, 1))
    apart, zero = lost["disconnected"], lost["zero"]
    return (
        f"In the original's wiring {apart[0]} of {leaves} leaves, {_percent(apart[1], parameters)} "
        f"of the parameters, are not connected to the loss at all, and {zero[0]} more have a "
        f"gradient of exactly zero{_graph(found)}."
    )


def _graph(found: dict[str, Any]) -> str:
    norm = found["bases"]["sick"][FULL.name]["start"]["graph"]
    return ", among them the whole graph" if norm == 0 else ""


def _alive(found: dict[str, Any]) -> str:
    start = found["bases"].get("sick", {}).get(FULL.name, {}).get("start")
    if start is None:
        return ""
    norms = ", ".join(f"{name} {norm:.1e}" for name, norm in start["projections"].items())
    return (
        "The projections that both texts call dead are alive in it: the norms of their gradients "
        f"are {norms}, where the whole model's is {start['whole']:.{SIGNS}g}."
    )


def _causes(found: dict[str, Any]) -> str:
    listed = [cause for cause in found["causes"] if not cause["number"].startswith("R")]
    counts = Counter(cause["verdict"] for cause in listed)
    words = ", ".join(f"{counts[v]} {v}" for v in ORDER if counts[v])
    top = ", ".join(_said(cause) for cause in listed if cause["rank"] is not None)
    return f"Of the {len(listed)} causes tried of the list: {words}; of its top five: {top}."


def _said(cause: dict[str, Any]) -> str:
    rests = "" if cause["verdict"] == "refuted" else f" ({cause['outcome']})"
    return f"{cause['number']} {cause['verdict']}{rests}"


def _fixes(found: dict[str, Any]) -> str:
    rows = [r for r in found["remedies"] if FULL.name in r]
    if not rows:
        return ""
    before = _lost(found["bases"]["sick"])
    gains = {r["name"]: before - _lost(r) for r in rows}
    texts = [r["name"] for r in rows if not r["place"].startswith("the checks")]
    helpful = [name for name in texts if gains[name] > 0]
    best = max(gains, key=gains.__getitem__)
    return (
        f"Of the {len(texts)} fixes that the texts propose, {len(helpful)} "
        f"{'brings' if len(helpful) == 1 else 'bring'} any leaf to life"
        f"{' (' + ', '.join(helpful) + ')' if helpful else ''}; {best} brings {gains[best]} of "
        f"{before}."
    )


def _lost(row: dict[str, Any]) -> int:
    lost = row[FULL.name]["lost"]
    return lost["disconnected"][0] + lost["zero"][0]


def _spread(found: dict[str, Any]) -> str:
    ends = {n: base.get(SMALL.name, {}).get("end") for n, base in found["bases"].items()}
    shares = {n: e["spread"] / e["target_spread"] for n, e in ends.items() if e is not None}
    if "sick" not in shares:
        return ""
    return (
        f"Forecasts that hardly vary are no symptom of it: after training they spread "
        f"{shares['sick']:.{SIGNS}g} of what the targets do in the original's wiring, and "
        f"{shares['healthy']:.{SIGNS}g} in the healthy one, because squared error on returns that "
        "are nearly unpredictable is least near the mean."
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"
