"""A report as text of at most 100 columns, worst first, equal siblings in one row."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from checks.verdicts import Cure, Leaf, Slice, worst_first

if TYPE_CHECKING:
    from checks.report import Report

WIDTH = 100
_NUMBERS = re.compile(r"\d+")
_INDICES_SHOWN = 6
_PLACES_SHOWN = 3
_NO_CURE = {0: "no edit of one leaf, equation or optimiser stage is known for it"}


def report_table(report: "Report") -> str:
    """Counts, what fails as a whole, and a row for each group of leaves with something to tell."""
    parts = [_summary(report), *(f"! {problem}" for problem in report.problems)]
    told = [leaf for leaf in worst_first(report.leaves) if not is_plain(leaf)]
    if told:
        parts.append(leaf_table(told))
    parts += [f"skipped {name}: {why}" for name, why in report.skipped.items()]
    parts += [f"note: {note}" for note in report.notes]
    return "\n".join(parts)


def leaf_table(leaves: Sequence[Leaf]) -> str:
    """A row for each group of equal siblings: names, verdict, evidence with places and slices."""
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("parameter", ratio=3, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("why, and where", ratio=6, overflow="fold")
    for group in siblings(leaves):
        table.add_row(_title(group), group[0].verdict, _why(group[0]))
    return _render(table)


def subtree_table(report: "Report", depth: int = 1) -> str:
    """A row for each subtree: parameters, verdict counts, gradient, update over weight."""
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("subtree", ratio=3, overflow="fold")
    for name in ("parameters", "gradient norm", "update/weight"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("leaves by verdict", ratio=4)
    for name, subtree in report.by_subtree(depth).items():
        counts = ", ".join(f"{count} {verdict}" for verdict, count in subtree.verdicts.items())
        numbers = (subtree.gradient_norm, subtree.update_over_weight)
        shown = ("" if x is None else f"{x:.1e}" for x in numbers)
        table.add_row(name, f"{subtree.parameters:,}", *shown, counts)
    return _render(table)


def _summary(report: "Report") -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in report.verdict_counts().items())
    word = "passes" if report.passes else "FAILS"
    part = "static proof" if report.static else "diagnosis"
    return f"{part} {word}: {len(report)} leaves: {counts or 'none'}"


def is_plain(leaf: Leaf) -> bool:
    """Whether there is nothing to tell of a leaf but that it passes."""
    nothing = not leaf.slices and not leaf.also and leaf.allowed is None
    return leaf.verdict in ("alive", "reachable") and nothing


def siblings(leaves: Sequence[Leaf]) -> list[list[Leaf]]:
    """Leaves that differ by numbers in their names alone, and by nothing that matters."""
    groups: dict[object, list[Leaf]] = {}
    for leaf in leaves:
        slices = tuple((s.axis, s.index, s.verdict) for s in leaf.slices)
        pattern = _NUMBERS.sub("*", leaf.name)
        cures = tuple(_NUMBERS.sub("*", cure.edit) for cure in leaf.cures)
        where = tuple(map(_without_numbers, leaf.where))
        key = (pattern, leaf.verdict, leaf.allowed, leaf.passes, where, slices, cures)
        groups.setdefault(key, []).append(leaf)
    return list(groups.values())


def sibling_title(group: Sequence[Leaf]) -> str:
    """The name of a leaf; of several its numbers are starred."""
    return group[0].name if len(group) == 1 else _NUMBERS.sub("*", group[0].name)


def _title(group: Sequence[Leaf]) -> str:
    shape = "x".join(map(str, group[0].shape)) or "scalar"
    more = f"[{shape}]" if len(group) == 1 else f"({len(group)} leaves)"
    return f"{sibling_title(group)} {more}".replace("[", r"\[")


def _without_numbers(place: str) -> str:
    """A place with the numbers in its module path starred; the line keeps its own."""
    line, within, module = place.partition(" in ")
    return line + within + _NUMBERS.sub("*", module)


def _why(leaf: Leaf) -> str:
    lines = [leaf.evidence]
    lines += [f"at {where}" for where in leaf.where[:_PLACES_SHOWN]]
    if len(leaf.where) > _PLACES_SHOWN:
        lines.append(f"and {len(leaf.where) - _PLACES_SHOWN} places more")
    lines += [_slice_line(part) for part in leaf.slices]
    lines += [f"also {finding.verdict}: {finding.evidence}" for finding in leaf.also]
    lines += cure_lines(leaf)
    if leaf.allowed is not None:
        lines.append(f"allowed: {leaf.allowed}")
    return "\n".join(lines).replace("[", r"\[")


def cure_lines(leaf: Leaf) -> list[str]:
    """A sentence for each cure, or that none was found; none where none was asked for."""
    if leaf.tried is None:
        return []
    lines = [f"cure: {_cure(cure)}" for cure in leaf.cures]
    return lines or [f"no cure: {_NO_CURE.get(leaf.tried, f'none of {leaf.tried} edits helps')}"]


def _cure(cure: Cure) -> str:
    when = f" after {cure.steps} steps" if cure.steps else ""
    others = f" (brings back {len(cure.leaves)} leaves)" if len(cure.leaves) > 1 else ""
    return f"{cure.edit}: {cure.measure} {cure.before:.1e} -> {cure.after:.1e}{when}{others}"


def _slice_line(part: Slice) -> str:
    shown = ", ".join(map(str, part.index[:_INDICES_SHOWN]))
    more = f", ... ({len(part.index)} in all)" if len(part.index) > _INDICES_SHOWN else ""
    return f"axis {part.axis} at {shown}{more}: {part.verdict}: {part.evidence}"


def _render(table: Table) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
