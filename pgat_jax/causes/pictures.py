"""Pictures of the causes' page: parameters by verdict under each fix, and intervals of effects."""

from typing import Any

from markupsafe import Markup

from checks.pages.svg import COLOURS, Drawing
from checks.pages.treemap import Box
from pgat_jax.causes.judge import EQUAL, HALF
from pgat_jax.causes.outcomes import OUTCOMES

KINDS = {
    "disconnected": ("not connected to the loss", COLOURS["disconnected"]),
    "zero": ("connected, gradient exactly zero", COLOURS["stuck"]),
    "gradient": ("gradient", COLOURS["alive"]),
}
"""Kind of parameters -> (words, colour)."""
DIRECTIONS = {"removed": COLOURS["alive"], "imposed": COLOURS["stuck"]}
_ROW, _NAME, _BAR, _NUMBERS = 22.0, 250.0, 480.0, 230.0
_LEFT, _WIDTH = 200.0, 620.0


def lost_picture(rows: list[tuple[str, dict[str, list[int]]]]) -> Markup:
    """A bar for each (name, kind -> [leaves, parameters]), as shares of that model's parameters."""
    picture = Drawing(_NAME + _BAR + _NUMBERS, _ROW * (len(rows) + 1), "Parameters by verdict")
    x = _NAME
    for words, colour in KINDS.values():
        picture.rect(Box(x, 4, 10, 10), "key", fill=colour)
        picture.text(words, x + 14, 13, "soft")
        x += 30 + 6.3 * len(words)
    for i, (name, lost) in enumerate(rows, 1):
        _lost_row(picture, name, lost, _ROW * i)
    return picture.markup()


def _lost_row(picture: Drawing, name: str, lost: dict[str, list[int]], y: float) -> None:
    whole, x = sum(parameters for _, parameters in lost.values()), _NAME
    picture.text(name, _NAME - 8, y + 15, anchor="end")
    for kind, (words, colour) in KINDS.items():
        leaves, parameters = lost[kind]
        width = _BAR * parameters / whole
        title = f"{words}: {leaves} leaves, {parameters:,} parameters"
        picture.rect(Box(x, y + 3, width, _ROW - 6), "bar", title, fill=colour)
        x += width
    dead = [sum(lost[kind][i] for kind in ("disconnected", "zero")) for i in (0, 1)]
    words = f"{dead[0]} leaves, {100 * dead[1] / whole:.1f}% dead" if dead[0] else "none dead"
    picture.text(words, x + 8, y + 15, "soft")


def effects_picture(cause: dict[str, Any]) -> Markup:
    """Share of the way to the symptom, with its interval, for each outcome and direction."""
    rows = [
        (outcome, direction, cause[direction]["effects"][outcome])
        for outcome in OUTCOMES
        for direction in DIRECTIONS
        if outcome in cause.get(direction, {}).get("effects", {})
    ]
    picture = Drawing(_LEFT + _WIDTH + 130, _ROW * (len(rows) + 1.5), "Effects with intervals")
    bottom = _ROW * (len(rows) + 0.4)
    for at, words in ((0.0, "nothing"), (EQUAL, ""), (HALF, "half"), (1.0, "all of it")):
        line = f"M{_across(at):.1f} 4V{bottom:.1f}"
        picture.path(line, "unused", 1.0, words or "one 22nd: an equal share of the causes")
        picture.text(words, _across(at), bottom + 15, "soft", anchor="middle")
    for i, (outcome, direction, effect) in enumerate(rows):
        _effect_row(picture, f"{outcome}, {direction}", DIRECTIONS[direction], effect, _ROW * i)
    return picture.markup()


def _effect_row(
    picture: Drawing, name: str, colour: str, effect: dict[str, float], y: float
) -> None:
    low, share, high = (_across(effect[key]) for key in ("low", "share", "high"))
    words = (
        f"{100 * effect['share']:.1f}% ({100 * effect['low']:.1f} to {100 * effect['high']:.1f})"
    )
    picture.text(name, _LEFT - 6, y + 15, "soft", anchor="end")
    picture.rect(Box(low, y + 9, max(high - low, 1.0), 4), "interval", words, fill=colour)
    picture.rect(Box(share - 2, y + 5, 4, 12), "mean", words, fill=colour)
    picture.text(words, _LEFT + _WIDTH + 4, y + 15, "soft")


def _across(share: float) -> float:
    """Place of a share between -0.5 and 1, beyond which it is drawn at the edge."""
    return _LEFT + _WIDTH * (min(max(share, -0.5), 1.0) + 0.5) / 1.5
