"""Writes the terms of a loss as a table of text."""

from collections.abc import Sequence

from checks.terms.term import ALIVE, Term


def term_lines(terms: Sequence[Term]) -> list[tuple[str, ...]]:
    """Returns the cells of a table with a row for each term.

    Args:
        terms: the terms of a report.

    Returns:
        For each term its name with its line of code, its state, its value, its share of the
        gradient, and what there is to say of it; empty texts where nothing was measured.
    """
    return [
        (
            f"{term.name}\n{term.code}" if term.code else term.name,
            term.state,
            "" if term.value is None else f"{term.value:.3g}",
            "" if term.share is None else f"{term.share:.1%}",
            _describe(term),
        )
        for term in terms
    ]


def needs_attention(terms: Sequence[Term]) -> bool:
    """Returns whether there is something to say of a term besides that it is alive.

    Args:
        terms: the terms of a report.
    """
    return any(term.state != ALIVE or term.partners for term in terms)


def _describe(term: Term) -> str:
    """Returns the evidence of a term that is not alive, and what else is known of it."""
    parts = [] if term.state == ALIVE and not term.partners else [term.evidence]
    parts += [f"{term.summands} summands"] if term.summands > 1 else []
    parts += [f"allowed: {term.allowed}"] if term.allowed is not None else []
    return "; ".join(parts)
