"""Draws the pictures of the causes' page: parameters by kind of gradient, and effects.

Positions and widths are in units of the picture, which the page scales to its width.
"""

from typing import Any

from markupsafe import Markup

from checks import VERDICT_COLOURS, Box, Drawing
from pgat_jax.causes.cause_verdict import IMPOSED, REMOVED
from pgat_jax.causes.effects import EQUAL_SHARE, HALF
from pgat_jax.causes.outcomes import OUTCOMES

# Kind of gradient -> (words, colour).
KINDS = {
    "disconnected": ("not connected to the loss", VERDICT_COLOURS["disconnected"]),
    "zero": ("connected, gradient exactly zero", VERDICT_COLOURS["stuck"]),
    "gradient": ("gradient", VERDICT_COLOURS["alive"]),
}
# Experiment -> colour.
EXPERIMENTS = {REMOVED: VERDICT_COLOURS["alive"], IMPOSED: VERDICT_COLOURS["stuck"]}
ROW = 22.0  # height of a row
TEXT_BASE = 15.0  # from the top of a row to the base line of its text
# Widths of the columns of `draw_kinds`: name, bar, numbers; and of a letter in its legend.
NAME, BAR, NUMBERS, LETTER = 250.0, 480.0, 230.0, 6.3
# `draw_effects`: left edge and width of the scale, and the room for numbers on its right.
LEFT, WIDTH, RIGHT = 200.0, 620.0, 130.0
# The ends of the scale of `draw_effects`; a share beyond them is drawn at the edge.
LOWEST, HIGHEST = -0.5, 1.0


def draw_kinds(rows: list[tuple[str, dict[str, list[int]]]]) -> Markup:
    """Draws a bar for each model as SVG: the shares of its parameters by kind of gradient.

    Args:
        rows: For each model its name, and kind -> [leaves, parameters] for each of the kinds
            `disconnected`, `zero` and `gradient`.
    """
    picture = Drawing(NAME + BAR + NUMBERS, ROW * (len(rows) + 1), "Parameters by kind of gradient")
    x = NAME
    for words, colour in KINDS.values():
        picture.rect(Box(x, 4, 10, 10), "key", fill=colour)
        picture.text(words, x + 14, 13, "soft")
        x += 30 + LETTER * len(words)
    for i, (name, kinds) in enumerate(rows, 1):
        _draw_kinds_row(picture, name, kinds, ROW * i)
    return picture.markup()


def draw_effects(cause: dict[str, Any]) -> Markup:
    """Draws as SVG the share of the distance to the symptom, with its interval over the seeds.

    Args:
        cause: An entry of `causes` in what `collect_results` returned. Each outcome and experiment
            gets a row.
    """
    rows = [
        (outcome, experiment, cause[experiment]["effects"][outcome])
        for outcome in OUTCOMES
        for experiment in EXPERIMENTS
        if outcome in cause.get(experiment, {}).get("effects", {})
    ]
    picture = Drawing(LEFT + WIDTH + RIGHT, ROW * (len(rows) + 1.5), "Effects with intervals")
    bottom = ROW * (len(rows) + 0.4)
    for share, words in ((0.0, "nothing"), (EQUAL_SHARE, ""), (HALF, "half"), (1.0, "all of it")):
        line = f"M{_position(share):.1f} 4V{bottom:.1f}"
        picture.path(line, "unused", 1.0, words or "one 22nd: an equal share of the causes")
        picture.text(words, _position(share), bottom + TEXT_BASE, "soft", anchor="middle")
    for i, (outcome, experiment, effect) in enumerate(rows):
        name = f"{outcome}, {experiment}"
        _draw_effect_row(picture, name, EXPERIMENTS[experiment], effect, ROW * i)
    return picture.markup()


def _draw_kinds_row(picture: Drawing, name: str, kinds: dict[str, list[int]], y: float) -> None:
    whole, x = sum(parameters for _, parameters in kinds.values()), NAME
    picture.text(name, NAME - 8, y + TEXT_BASE, anchor="end")
    for kind, (words, colour) in KINDS.items():
        leaves, parameters = kinds[kind]
        width = BAR * parameters / whole
        title = f"{words}: {leaves} leaves, {parameters:,} parameters"
        picture.rect(Box(x, y + 3, width, ROW - 6), "bar", title, fill=colour)
        x += width
    picture.text(_summarise_losses(kinds, whole), x + 8, y + TEXT_BASE, "soft")


def _summarise_losses(kinds: dict[str, list[int]], whole: int) -> str:
    leaves, parameters = (kinds["disconnected"][i] + kinds["zero"][i] for i in (0, 1))
    if not leaves:
        return "all have a gradient"
    return f"{leaves} leaves without, {100 * parameters / whole:.1f}%"


def _draw_effect_row(
    picture: Drawing, name: str, colour: str, effect: dict[str, float], y: float
) -> None:
    low, share, high = (_position(effect[key]) for key in ("low", "share", "high"))
    words = (
        f"{100 * effect['share']:.1f}% ({100 * effect['low']:.1f} to {100 * effect['high']:.1f})"
    )
    picture.text(name, LEFT - 6, y + TEXT_BASE, "soft", anchor="end")
    picture.rect(Box(low, y + 9, max(high - low, 1.0), 4), "interval", words, fill=colour)
    picture.rect(Box(share - 2, y + 5, 4, 12), "mean", words, fill=colour)
    picture.text(words, LEFT + WIDTH + 4, y + TEXT_BASE, "soft")


def _position(share: float) -> float:
    """Returns the horizontal position of a share on the scale of `draw_effects`."""
    return LEFT + WIDTH * (min(max(share, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
