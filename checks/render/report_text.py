"""Writes a report as text of at most 100 columns, worst first, with equal siblings in one row."""

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from checks.render.leaf_groups import cure_sentences, group_name, group_siblings, is_plain
from checks.render.term_text import needs_attention, term_lines
from checks.report import Report
from checks.terms.find import describe_failures
from checks.terms.term import Term
from checks.verdicts import PASSING, Leaf, Slice, worst_first

# Columns of a table.
WIDTH = 100
_INDICES_SHOWN = 6
_PLACES_SHOWN = 3
_NAMES_SHOWN = 3


def report_text(report: Report) -> str:
    """Returns the verdict counts, the problems and a table of the leaves that need attention.

    Then come the terms of the loss if one of them is not alive, the skipped leaves and the notes.
    Leaves that pass with nothing more to say are only counted.

    Args:
        report: the report; nothing is measured.
    """
    shown = [leaf for leaf in worst_first(report.leaves) if not is_plain(leaf)]
    return "\n".join(
        [
            _summary(report),
            *(f"! {problem}" for problem in report.problems),
            *([leaf_table(shown)] if shown else []),
            *([term_table(report.terms)] if needs_attention(report.terms) else []),
            *(f"skipped {name}: {reason}" for name, reason in report.skipped.items()),
            *(f"note: {note}" for note in report.notes),
        ]
    )


def leaf_table(leaves: Sequence[Leaf]) -> str:
    """Returns a table with a row for each group of equal siblings.

    Args:
        leaves: in the order of the rows.

    Returns:
        Lines with three columns: name and shape, verdict, evidence with places and slices.
    """
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("parameter", ratio=3, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("why, and where", ratio=6, overflow="fold")
    for group in group_siblings(leaves):
        row = (_title(group), group[0].verdict, "\n".join(_details(group[0])))
        table.add_row(*(_escape(cell) for cell in row))
    return _print(table)


def term_table(terms: Sequence[Term]) -> str:
    """Returns a table with a row for each term of the loss.

    Args:
        terms: the terms of a report, in the order of the rows.

    Returns:
        Lines with five columns: name and line of code, state, value in the loss, share of the
        gradient (its norm over the sum of the norms of all terms), and why.
    """
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("term of the loss", ratio=4, overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("gradient", justify="right", no_wrap=True)
    table.add_column("why", ratio=4, overflow="fold")
    for row in term_lines(terms):
        table.add_row(*(_escape(cell) for cell in row))
    return _print(table)


def subtree_table(report: Report, depth: int = 1) -> str:
    """Returns a table with a row for each subtree.

    Args:
        report: the report.
        depth: number of name parts that make a subtree.

    Returns:
        Lines with five columns: name, parameters, gradient norm, update/weight, verdict counts.
    """
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("subtree", ratio=3, overflow="fold")
    for name in ("parameters", "gradient norm", "update/weight"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("leaves by verdict", ratio=4)
    for name, subtree in report.by_subtree(depth).items():
        numbers = (subtree.gradient_norm, subtree.update_over_weight)
        shown = ("" if x is None else f"{x:.1e}" for x in numbers)
        counts = _counts(subtree.verdicts)
        table.add_row(_escape(name), f"{subtree.parameters:,}", *shown, counts)
    return _print(table)


def _summary(report: Report) -> str:
    word = "passes" if report.passes else "FAILS"
    part = "static proof" if report.static else "diagnosis"
    counts = _counts(report.verdict_counts()) or "none"
    return "; ".join([f"{part} {word}: {len(report)} leaves: {counts}", *_list_failures(report)])


def _list_failures(report: Report) -> list[str]:
    """Returns what fails besides the verdicts of leaves: slices, terms, the loss as a whole."""
    sliced = [x for x in report.leaves if x.verdict in PASSING and not x.passes]
    terms = sum(not term.passes for term in report.terms)
    others = len(report.problems) - len(describe_failures(report.terms))
    return [
        *([f"slices of {_list_names(sliced)} fail"] if sliced else []),
        *([f"{terms} of {len(report.terms)} terms of the loss fail"] if terms else []),
        *(["the report as a whole fails, for what ! says"] if others > 0 else []),
    ]


def _list_names(leaves: Sequence[Leaf]) -> str:
    if len(leaves) > _NAMES_SHOWN:
        return f"{len(leaves)} leaves"
    return ", ".join(leaf.name for leaf in leaves)


def _counts(verdicts: dict[str, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())


def _title(group: Sequence[Leaf]) -> str:
    shape = "x".join(map(str, group[0].shape)) or "scalar"
    return f"{group_name(group)} " + (f"[{shape}]" if len(group) == 1 else f"({len(group)} leaves)")


def _details(leaf: Leaf) -> list[str]:
    """Returns the lines of a leaf's last column."""
    hidden = len(leaf.where) - _PLACES_SHOWN
    return [
        leaf.evidence,
        *(f"at {place}" for place in leaf.where[:_PLACES_SHOWN]),
        *([f"and {hidden} places more"] if hidden > 0 else []),
        *map(_slice_line, leaf.slices),
        *(f"also {finding.verdict}: {finding.evidence}" for finding in leaf.also),
        *cure_sentences(leaf),
        *([f"allowed: {leaf.allowed}"] if leaf.allowed is not None else []),
    ]


def _slice_line(part: Slice) -> str:
    shown = ", ".join(map(str, part.index[:_INDICES_SHOWN]))
    more = f", ... ({len(part.index)} in all)" if len(part.index) > _INDICES_SHOWN else ""
    return f"axis {part.axis} at {shown}{more}: {part.verdict}: {part.evidence}"


def _escape(text: str) -> str:
    """Returns the text such that Rich does not read square brackets as styles."""
    return text.replace("[", r"\[")


def _print(table: Table) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
