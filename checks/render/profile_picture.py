"""Draws a profile: a bar for each equation from the loss back, on a logarithmic scale."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from checks.gradient_flow import STEEP
from checks.gradient_profile import Passage, Profile
from checks.render.log_scale import LogScale
from checks.render.svg import Drawing, shorten
from checks.render.treemap import Box

_WIDTH, _ROW = 960.0, 18.0
# Where the columns begin: bars, factors, places; the sizes begin at 0.
_BARS, _FACTORS, _PLACES = 55.0, 400.0, 465.0
# Rows of the picture; marks of all scan steps together; marks of one scan at least.
_MOST_ROWS, _MOST_MARKS, _FEWEST_STEPS = 60, 400, 6


def profile_picture(profile: Profile) -> Markup:
    """Draws a profile: a bar for each equation from the loss back, on a logarithmic scale.

    Args:
        profile: the profile; of a long one, only the 60 equations that change the size of the
            cotangent most are shown.

    Returns:
        The picture as inline SVG.
    """
    shown = _choose_passages(profile.passages)
    scale = LogScale([p.leaving for p in profile.passages] + [profile.gradient])
    steep = [p for p in profile.steepest() if p.factor < STEEP]
    most = max(_MOST_MARKS // max(sum(bool(p.steps) for p in shown), 1), _FEWEST_STEPS)
    label = f"The cotangent from the loss back to {profile.leaf}"
    out = Drawing(_WIDTH, _ROW * (len(shown) + 1), label)
    for row, passage in enumerate(shown):
        _draw_passage(out, passage, _ROW * row, scale, passage in steep)
        _draw_steps(out, passage.steps, _ROW * row, most)
    y = _ROW * len(shown)
    _draw_bar(out, profile.gradient, y, scale, "size own")
    out.text(shorten(profile.leaf, _WIDTH - _PLACES), _PLACES, y + 13, "own", profile.leaf)
    return out.markup()


def _choose_passages(passages: Sequence[Passage]) -> list[Passage]:
    """Returns all passages of a short profile, else those with the largest changes."""
    if len(passages) <= _MOST_ROWS:
        return list(passages)

    def change(i: int) -> float:
        factor = passages[i].factor
        return abs(math.log(factor)) if factor > 0 and math.isfinite(factor) else math.inf

    largest = sorted(range(len(passages)), key=change, reverse=True)[:_MOST_ROWS]
    return [passages[i] for i in sorted(largest)]


def _draw_passage(
    out: Drawing, passage: Passage, y: float, scale: LogScale, is_steep: bool
) -> None:
    is_end = passage.arriving > 0 and passage.leaving == 0
    kind = "broken" if is_end or is_steep else "soft"
    _draw_bar(out, passage.leaving, y, scale, "size")
    factor = "ends" if is_end else f"{passage.factor:.2g}x"
    out.text(factor, _FACTORS, y + 13, kind)
    text = shorten(passage.place, _WIDTH - _PLACES)
    title = f"{passage.place}: {passage.arriving:.2e} -> {passage.leaving:.2e}"
    out.text(text, _PLACES, y + 13, kind, title)


def _draw_bar(out: Drawing, size: float, y: float, scale: LogScale, kind: str) -> None:
    width = 1 + (_FACTORS - 10 - _BARS) * scale.share(size)
    out.rect(Box(_BARS, y + 4, width, 8), kind)
    out.text(f"{size:.1e}", 0, y + 13, "soft")


def _draw_steps(out: Drawing, steps: Sequence[float], y: float, most: int) -> None:
    """Draws a mark for each scan step, or for every nth.

    The first step is on the left; small cotangents are pale.

    Args:
        out: the picture.
        steps: sizes of the cotangent.
        y: upper side of the row.
        most: the largest number of marks.
    """
    if not steps:
        return
    every = math.ceil(len(steps) / most)
    width = (_FACTORS - 10 - _BARS) / math.ceil(len(steps) / every)
    scale = LogScale(steps)
    for i, size in enumerate(steps[::every]):
        shade = f"{0.1 + 0.9 * scale.share(size):.2f}"
        box = Box(_BARS + i * width, y + 13, max(width - 0.5, 0.5), 3)
        out.rect(box, "step", f"step {i * every}: {size:.1e}", opacity=shade)
