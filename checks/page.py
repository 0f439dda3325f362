"""A report as one self-contained HTML page: light, dark and on paper, without script or network."""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from checks.table import cure_lines
from checks.verdicts import ORDER, PASSING, Leaf, worst_first

if TYPE_CHECKING:
    from checks.report import Report

_WIDTH, _MAP_HEIGHT, _BAR = 900.0, 260.0, 14.0
_MOST_BARS = 80
# One hue a family: proofs red, numbers violet, measured deaths orange, weak yellow, good green.
_COLOURS = {
    "disconnected": "#b3261e",
    "blocked": "#d2483e",
    "non_finite": "#7b3fb5",
    "wrong": "#9c5fd0",
    "invariant": "#c2571a",
    "unvisited": "#d98a2b",
    "stuck": "#a8480f",
    "waking": "#7fb069",
    "vanishing": "#c9a227",
    "underflow": "#b58f1d",
    "starved": "#8f7a1e",
    "alive": "#3a8f5c",
    "reachable": "#3a8f5c",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2126; --paper: #fbfaf7; --line: #c9c6bd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e3da; --paper: #16191d; --line: #454a50; } }
@media print { :root { --ink: #000; --paper: #fff; } details { break-inside: avoid; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
svg .on { fill: #fff; } details { border-top: 1px solid var(--line); padding: .3rem 0; }
summary { cursor: pointer; } code { overflow-wrap: anywhere; }
.verdict { border-radius: 3px; color: #fff; padding: 0 .4em; }
"""


def write_html(report: "Report", path: str | Path) -> None:
    """Writes the page."""
    Path(path).write_text(page(report), encoding="utf-8")


def page(report: "Report") -> str:
    """The page as text."""
    counts = ", ".join(f"{n} {verdict}" for verdict, n in report.verdict_counts().items())
    word = "passes" if report.passes else "fails"
    kind = "Static proof" if report.static else "Diagnosis"
    parts = [
        f"<h1>{kind} {word}</h1><p>{len(report)} leaves: {escape(counts) or 'none'}.</p>",
        *(f"<p><strong>{escape(problem)}</strong></p>" for problem in report.problems),
        "<h2>Parameters by subtree</h2>",
        "<p>Areas are numbers of parameters, colours are verdicts; what is not green fails.</p>",
        _map(report),
        _legend(report),
        _gradients(report.leaves),
        "<h2>Leaves, worst first</h2>",
        *(_leaf(leaf) for leaf in worst_first(report.leaves)),
        *(f"<p>Skipped {escape(n)}: {escape(why)}</p>" for n, why in report.skipped.items()),
        *(f"<p>Note: {escape(note)}</p>" for note in report.notes),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{kind} {word}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _map(report: "Report") -> str:
    """Columns are top-level subtrees, boxes in them leaves; sides go with numbers of parameters."""
    groups: dict[str, list[Leaf]] = {}
    for leaf in report.leaves:
        if leaf.size:
            groups.setdefault(leaf.name.split("/")[0], []).append(leaf)
    total = sum(leaf.size for leaves in groups.values() for leaf in leaves) or 1
    boxes, x = [], 0.0
    for name, leaves in groups.items():
        own = sum(leaf.size for leaf in leaves)
        width, y = _WIDTH * own / total, 0.0
        for leaf in leaves:
            height = _MAP_HEIGHT * leaf.size / own
            boxes.append(_box(leaf, x, y, width, height))
            y += height
        if width > 7.0 * len(name):
            boxes.append(f'<text class="on" x="{x + 4:.1f}" y="14">{escape(name)}</text>')
        x += width
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_MAP_HEIGHT:.0f}" role="img" '
        f'aria-label="Parameters by subtree and verdict">{"".join(boxes)}</svg>'
    )


def _box(leaf: Leaf, x: float, y: float, width: float, height: float) -> str:
    title = f"{leaf.name}: {leaf.verdict}, {leaf.size:,} parameters"
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
        f'fill="{_COLOURS[leaf.verdict]}" stroke="var(--paper)" stroke-width="0.5">'
        f"<title>{escape(title)}</title></rect>"
    )


def _legend(report: "Report") -> str:
    found = report.verdict_counts()
    return "<p>" + " ".join(_badge(v) for v in ORDER if v in found) + "</p>"


def _gradients(leaves: Sequence[Leaf]) -> str:
    """A bar for the gradient of each leaf, logarithmic, in the order of the parameters."""
    measured = [(leaf, leaf.gradient) for leaf in leaves if leaf.gradient]
    if not measured:
        return ""
    step = math.ceil(len(measured) / _MOST_BARS)
    logs = [math.log10(size) for _, size in measured if math.isfinite(size)]
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    rows = []
    for row, (leaf, size) in enumerate(measured[::step]):
        y = row * _BAR
        share = (math.log10(size) - low) / max(high - low, 1) if math.isfinite(size) else 1.0
        rows.append(
            f'<rect x="330" y="{y + 2:.0f}" width="{1 + 480 * share:.1f}" height="10" '
            f'fill="{_COLOURS[leaf.verdict]}"/><text x="325" y="{y + 11:.0f}" '
            f'text-anchor="end">{escape(leaf.name[-52:])}</text>'
            f'<text x="{336 + 480 * share:.1f}" y="{y + 11:.0f}">{size:.1e}</text>'
        )
    height = _BAR * len(rows)
    every = f" Every {step}th leaf is shown." if step > 1 else ""
    return (
        "<h2>Gradients</h2><p>Root mean square gradient of each leaf in float64, logarithmic from "
        f"1e{low} to 1e{high}; a bar far shorter than its neighbours is starved of signal.{every}"
        f'</p><svg viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" '
        f'aria-label="Gradient of each leaf">{"".join(rows)}</svg>'
    )


def _leaf(leaf: Leaf) -> str:
    opened = "" if leaf.passes else " open"
    lines = [f"<p>{escape(leaf.evidence)}</p>"]
    lines += [f"<p><code>{escape(where)}</code></p>" for where in leaf.where]
    lines += [
        f"<p>{_badge(s.verdict)} axis {s.axis}, {len(s.index)} of {leaf.shape[s.axis]} slices "
        f"(first {', '.join(map(str, s.index[:8]))}): {escape(s.evidence)}</p>"
        for s in leaf.slices
    ]
    lines += [f"<p>also {_badge(f.verdict)} {escape(f.evidence)}</p>" for f in leaf.also]
    lines += [f"<p>{escape(line)}</p>" for line in cure_lines(leaf)]
    if leaf.allowed is not None:
        lines.append(f"<p>Allowed: {escape(leaf.allowed)}</p>")
    shape = " x ".join(map(str, leaf.shape)) or "scalar"
    return (
        f"<details{opened}><summary>{_badge(leaf.verdict)} <code>{escape(leaf.name)}</code> "
        f"({shape}, {escape(leaf.dtype)})</summary>{''.join(lines)}</details>"
    )


def _badge(verdict: str) -> str:
    mark = "" if verdict in PASSING else "! "
    return f'<span class="verdict" style="background:{_COLOURS[verdict]}">{mark}{verdict}</span>'
