"""The profile of a leaf as a picture: a bar for each equation from the loss back, logarithmic."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from checks.svg import Drawing, shortened
from checks.treemap import Box

if TYPE_CHECKING:
    from checks.profile import Passage, Profile

_WIDTH, _ROW, _BARS, _FACTOR = 960.0, 18.0, 380.0, 60.0
_MOST_ROWS, _MOST_STEPS = 60, 60


def profile_picture(profile: "Profile") -> Markup:
    """The picture; of a long profile the passages that change the size most are shown."""
    shown = _telling(profile.passages)
    scale = _Scale([p.leaving for p in profile.passages] + [profile.gradient])
    steep = [p for p in profile.steepest() if p.factor < 0.5]
    out = Drawing(_WIDTH, _ROW * (len(shown) + 1), f"The cotangent on its way to {profile.leaf}")
    for row, passage in enumerate(shown):
        _passage(out, passage, _ROW * row, scale, passage in steep)
    y = _ROW * len(shown)
    _bar(out, profile.gradient, y, scale, "size own")
    out.text(f"{profile.gradient:.1e}", 4, y + 13, "soft")
    name = shortened(profile.leaf, _WIDTH - _BARS - _FACTOR - 10)
    out.text(name, _BARS + _FACTOR + 10, y + 13, "own", profile.leaf)
    return out.markup()


class _Scale:
    """Sizes to shares between 0 and 1, logarithmic."""

    def __init__(self, sizes: Sequence[float]) -> None:
        logs = [math.log10(size) for size in sizes if size > 0 and math.isfinite(size)] or [0.0]
        self._low, self._span = min(logs), max(max(logs) - min(logs), 1.0)

    def share(self, size: float) -> float:
        if not size > 0 or not math.isfinite(size):
            return 0.0
        return (math.log10(size) - self._low) / self._span


def _telling(passages: "Sequence[Passage]") -> "list[Passage]":
    """All of a short profile; else those with the largest changes, in their order."""
    if len(passages) <= _MOST_ROWS:
        return list(passages)

    def change(i: int) -> float:
        factor = passages[i].factor
        return abs(math.log(factor)) if factor > 0 and math.isfinite(factor) else math.inf

    chosen = sorted(range(len(passages)), key=change, reverse=True)[:_MOST_ROWS]
    return [passages[i] for i in sorted(chosen)]


def _passage(out: Drawing, passage: "Passage", y: float, scale: _Scale, is_steep: bool) -> None:
    ends = passage.arriving > 0 and passage.leaving == 0
    if passage.steps:
        _strip(out, passage.steps, y, scale)
    else:
        _bar(out, passage.leaving, y, scale, "size")
    kind = "broken" if ends or is_steep else "soft"
    out.text(f"{passage.leaving:.1e}", 4, y + 13, "soft")
    factor = "ends" if ends else f"{passage.factor:.2g}x"
    out.text(factor, _BARS + 6, y + 13, kind)
    text = shortened(passage.place, _WIDTH - _BARS - _FACTOR - 10)
    title = f"{passage.place}: {passage.arriving:.2e} -> {passage.leaving:.2e}"
    out.text(text, _BARS + _FACTOR + 10, y + 13, kind, title)


def _bar(out: Drawing, size: float, y: float, scale: _Scale, kind: str) -> None:
    width = 1 + (_BARS - 1) * scale.share(size)
    out.rect(Box(0, y + 3, width, _ROW - 6), kind)


def _strip(out: Drawing, steps: Sequence[float], y: float, scale: _Scale) -> None:
    """One column a step of the scan, its height the size; the first step on the left."""
    every = math.ceil(len(steps) / _MOST_STEPS)
    width = _BARS / math.ceil(len(steps) / every)
    for i, size in enumerate(steps[::every]):
        height = 1 + (_ROW - 3) * scale.share(size)
        box = Box(i * width, y + _ROW - 1 - height, max(width - 0.5, 0.5), height)
        out.rect(box, "size", f"step {i * every}: {size:.1e}")
