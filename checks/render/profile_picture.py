"""The profile of a leaf as a picture: a bar for each equation from the loss back, logarithmic."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from checks.pages.log_scale import LogScale
from checks.pages.svg import Drawing, shortened
from checks.pages.treemap import Box

if TYPE_CHECKING:
    from checks.flow.profile import Passage, Profile

_WIDTH, _ROW = 960.0, 18.0
# Where the columns begin: bars, factors, places; the sizes stand at 0.
_BARS, _FACTORS, _PLACES = 55.0, 400.0, 465.0
_MOST_ROWS, _MOST_MARKS, _FEWEST_STEPS = 60, 400, 6


def profile_picture(profile: "Profile") -> Markup:
    """The picture; of a long profile the passages that change the size most are shown."""
    shown = _telling(profile.passages)
    scale = LogScale([p.leaving for p in profile.passages] + [profile.gradient])
    steep = [p for p in profile.steepest() if p.factor < 0.5]
    most = max(_MOST_MARKS // max(sum(bool(p.steps) for p in shown), 1), _FEWEST_STEPS)
    out = Drawing(_WIDTH, _ROW * (len(shown) + 1), f"The cotangent on its way to {profile.leaf}")
    for row, passage in enumerate(shown):
        _passage(out, passage, _ROW * row, scale, passage in steep)
        _strip(out, passage.steps, _ROW * row, most)
    y = _ROW * len(shown)
    _bar(out, profile.gradient, y, scale, "size own")
    out.text(shortened(profile.leaf, _WIDTH - _PLACES), _PLACES, y + 13, "own", profile.leaf)
    return out.markup()


def _telling(passages: "Sequence[Passage]") -> "list[Passage]":
    """All of a short profile; else those with the largest changes, in their order."""
    if len(passages) <= _MOST_ROWS:
        return list(passages)

    def change(i: int) -> float:
        factor = passages[i].factor
        return abs(math.log(factor)) if factor > 0 and math.isfinite(factor) else math.inf

    chosen = sorted(range(len(passages)), key=change, reverse=True)[:_MOST_ROWS]
    return [passages[i] for i in sorted(chosen)]


def _passage(out: Drawing, passage: "Passage", y: float, scale: LogScale, is_steep: bool) -> None:
    ends = passage.arriving > 0 and passage.leaving == 0
    kind = "broken" if ends or is_steep else "soft"
    _bar(out, passage.leaving, y, scale, "size")
    factor = "ends" if ends else f"{passage.factor:.2g}x"
    out.text(factor, _FACTORS, y + 13, kind)
    text = shortened(passage.place, _WIDTH - _PLACES)
    title = f"{passage.place}: {passage.arriving:.2e} -> {passage.leaving:.2e}"
    out.text(text, _PLACES, y + 13, kind, title)


def _bar(out: Drawing, size: float, y: float, scale: LogScale, kind: str) -> None:
    width = 1 + (_FACTORS - 10 - _BARS) * scale.share(size)
    out.rect(Box(_BARS, y + 4, width, 8), kind)
    out.text(f"{size:.1e}", 0, y + 13, "soft")


def _strip(out: Drawing, steps: Sequence[float], y: float, most: int) -> None:
    """A mark for each step of the scan, or for every nth; the first on the left; pale is small."""
    if not steps:
        return
    every = math.ceil(len(steps) / most)
    width = (_FACTORS - 10 - _BARS) / math.ceil(len(steps) / every)
    scale = LogScale(steps)
    for i, size in enumerate(steps[::every]):
        shade = f"{0.1 + 0.9 * scale.share(size):.2f}"
        box = Box(_BARS + i * width, y + 13, max(width - 0.5, 0.5), 3)
        out.rect(box, "step", f"step {i * every}: {size:.1e}", opacity=shade)
