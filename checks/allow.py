"""The allow-list: leaves and terms that may fail, each with what is expected and the reason."""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checks.terms.term import FAILING_STATES, Term
from checks.verdicts import HARMLESS_SLICES, ORDER, PASSING, Leaf


@dataclass(frozen=True)
class Allow:
    """An entry of the allow-list.

    Attributes:
        pattern: `fnmatch` pattern of leaf names, in which `*` also matches `/`; case counts. For a
            term of the loss, of its name or of the text of its line.
        verdict: the failing verdict that these leaves may have, such as `disconnected`; or the
            failing state that these terms may have, `dead` or `cancels`.
        reason: why they may have it, in words.

    Raises:
        ValueError: there is no such failing verdict, or the reason is empty.
    """

    pattern: str
    verdict: str
    reason: str

    def __post_init__(self) -> None:
        is_failing = self.verdict in ORDER and self.verdict not in PASSING
        if not (is_failing or self.is_about_terms):
            failing = ", ".join([v for v in ORDER if v not in PASSING] + sorted(FAILING_STATES))
            raise ValueError(
                f"an allow-list entry names a failing verdict: got {self.verdict!r} for "
                f"{self.pattern!r}; expected one of {failing}"
            )
        if not self.reason.strip():
            raise ValueError(
                f"an allow-list entry needs its reason in words: got none for {self.pattern!r}"
            )

    @property
    def is_about_terms(self) -> bool:
        """Whether the entry is about terms of the loss, and not about leaves."""
        return self.verdict in FAILING_STATES

    def matches_term(self, term: Term) -> bool:
        """Returns whether the entry allows a failing term.

        Args:
            term: a term of a report.
        """
        texts = (term.name, term.code)
        is_named = any(fnmatch.fnmatchcase(text, self.pattern) for text in texts)
        return is_named and term.state == self.verdict

    def matches(self, leaf: Leaf) -> bool:
        """Returns whether the entry allows everything that fails in the leaf.

        The name must match the pattern. A failing leaf must have the entry's verdict; a passing
        leaf must have failing slices, all of them with that verdict. A leaf in which nothing fails
        is not matched.

        Args:
            leaf: a leaf of a report.
        """
        if not fnmatch.fnmatchcase(leaf.name, self.pattern):
            return False
        failing = {s.verdict for s in leaf.slices if s.verdict not in HARMLESS_SLICES}
        if leaf.verdict not in PASSING:
            failing = {leaf.verdict}
        return failing == {self.verdict}


def apply_allow_list(
    leaves: Iterable[Leaf], allow: Sequence[Allow | tuple[str, str, str]]
) -> tuple[list[Leaf], list[str]]:
    """Marks the leaves that an entry allows to fail.

    An entry matches a failing leaf whose path fits its pattern and which has its verdict; and a
    leaf that passes itself, if all its failing slices have that verdict.

    Args:
        leaves: the leaves of a report.
        allow: entries, or tuples (pattern, verdict, reason).

    Returns:
        All the leaves in their order, with `allowed` set to the reason of the first entry that
        matches; and a sentence for each entry that matches no failing leaf.

    Raises:
        ValueError: `Allow` refuses a tuple.
    """
    entries = [entry for entry in _make_entries(allow) if not entry.is_about_terms]
    used: set[Allow] = set()
    marked = []
    for leaf in leaves:
        matching = [entry for entry in entries if entry.matches(leaf)]
        used.update(matching)
        marked.append(leaf.allowed_because(matching[0].reason) if matching else leaf)
    unused = [entry for entry in entries if entry not in used]
    return marked, [
        f"the allow-list entry ({e.pattern}, {e.verdict}) matches no failing leaf: remove it"
        for e in unused
    ]


def allow_terms(
    terms: Iterable[Term], allow: Sequence[Allow | tuple[str, str, str]]
) -> tuple[list[Term], list[str]]:
    """Marks the terms of the loss that an entry allows to fail.

    Args:
        terms: the terms of a report.
        allow: entries, or tuples (pattern, verdict, reason); those about leaves are ignored.

    Returns:
        All the terms in their order, with `allowed` set to the reason of the first entry that
        matches; and a sentence for each entry that matches no failing term.

    Raises:
        ValueError: `Allow` refuses a tuple.
    """
    entries = [entry for entry in _make_entries(allow) if entry.is_about_terms]
    used: set[Allow] = set()
    marked = []
    for term in terms:
        matching = [entry for entry in entries if entry.matches_term(term)]
        used.update(matching)
        marked.append(replace(term, allowed=matching[0].reason) if matching else term)
    unused = [entry for entry in entries if entry not in used]
    return marked, [
        f"the allow-list entry ({e.pattern}, {e.verdict}) matches no failing term: remove it"
        for e in unused
    ]


def _make_entries(allow: Sequence[Allow | tuple[str, str, str]]) -> list[Allow]:
    return [entry if isinstance(entry, Allow) else Allow(*entry) for entry in allow]


def read_allow_list(path: str | Path) -> list[Allow]:
    """Reads a text file with one entry a line: `pattern verdict reason in words`.

    Args:
        path: the file; empty lines and lines that begin with `#` are ignored.

    Returns:
        The entries in the order of the file.

    Raises:
        ValueError: the file cannot be read, a line has fewer than three parts, or `Allow` refuses
            it.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(
            f"{path}: the allow-list cannot be read ({error.strerror}); name a file with a line "
            "`pattern verdict reason` for each leaf that may fail"
        ) from error
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = line.split(maxsplit=2)
        if len(parts) < 3:
            raise ValueError(
                f"{path}:{number}: an entry is `pattern verdict reason`: got {line.strip()!r}"
            )
        entries.append(Allow(*parts))
    return entries
