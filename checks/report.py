"""A report: a mapping from leaf names to what is known of each leaf."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from checks.document import write_json
from checks.flow.modules import Flow
from checks.pages.page import write_html
from checks.table import report_table
from checks.verdicts import Leaf, verdict_counts, worst_first

if TYPE_CHECKING:
    from checks.flow.profile import Profile


@dataclass(frozen=True)
class Subtree:
    """What the leaves below one path have in common.

    Attributes:
        parameters: number of elements.
        verdicts: verdict -> number of leaves, worst first.
        gradient_norm: Euclidean norm of the float64 gradient, None where nothing was measured.
        update_over_weight: largest ratio of any leaf's first update to its weight, likewise.
    """

    parameters: int
    verdicts: dict[str, int]
    gradient_norm: float | None
    update_over_weight: float | None


def _no_profiles(names: Sequence[str]) -> dict[str, "Profile"]:
    del names
    return {}


@dataclass(frozen=True)
class Report(Mapping[str, Leaf]):
    """What the checks found.

    Attributes:
        leaves: every leaf that can learn, in the order of the pytree.
        skipped: name -> why, for leaves that cannot (integers, keys, functions).
        problems: sentences that fail the report as a whole: the loss is NaN, an allow-list entry
            matches nothing.
        notes: what the method took on trust or could not see.
        static: whether only the static part ran.
        find_flow: finds the way of the gradient; see `flow`.
        find_profiles: finds the ways to some leaves; see `profiles`.
    """

    leaves: tuple[Leaf, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    static: bool = False
    find_flow: Callable[[], Flow] = field(default=Flow, repr=False, compare=False)
    find_profiles: Callable[[Sequence[str]], dict[str, "Profile"]] = field(
        default=_no_profiles, repr=False, compare=False
    )

    def __getitem__(self, name: str) -> Leaf:
        for leaf in self.leaves:
            if leaf.name == name:
                return leaf
        raise KeyError(f"no leaf is called {name!r}; names: {_some(list(self))}")

    def __iter__(self) -> Iterator[str]:
        return (leaf.name for leaf in self.leaves)

    def __len__(self) -> int:
        return len(self.leaves)

    @property
    def passes(self) -> bool:
        """Whether every leaf passes (or is allowed to fail) and nothing fails as a whole."""
        return not self.problems and all(leaf.passes for leaf in self.leaves)

    @property
    def failing(self) -> list[Leaf]:
        """Leaves that do not pass, worst first."""
        return worst_first([leaf for leaf in self.leaves if not leaf.passes])

    @cached_property
    def flow(self) -> Flow:
        """The way of the gradient from the loss to the inputs, worked out at its first use.

        Of a diagnosis it is measured, which takes about as long as compiling one gradient.
        """
        return self.find_flow()

    def profiles(self, names: Sequence[str]) -> dict[str, "Profile"]:
        """Profiles of those of these leaves that a gradient leads to; none of a static report."""
        return self.find_profiles(names)

    def verdict_counts(self) -> dict[str, int]:
        """Number of leaves of each verdict that occurs, worst first."""
        return verdict_counts(self.leaves)

    def by_subtree(self, depth: int = 1) -> dict[str, Subtree]:
        """First `depth` parts of the names -> what the leaves below have in common."""
        groups: dict[str, list[Leaf]] = {}
        for leaf in self.leaves:
            groups.setdefault("/".join(leaf.name.split("/")[:depth]), []).append(leaf)
        return {name: _subtree(leaves) for name, leaves in groups.items()}

    def table(self) -> str:
        """The report as text of at most 100 columns, worst first."""
        return report_table(self)

    def to_json(self, path: str | Path) -> None:
        """Writes the report as JSON; `checks.document` describes the schema."""
        write_json(self, path)

    def to_html(self, path: str | Path) -> None:
        """Writes the report as one self-contained page."""
        write_html(self, path)


def _subtree(leaves: Sequence[Leaf]) -> Subtree:
    squares = [leaf.gradient**2 * leaf.size for leaf in leaves if leaf.gradient is not None]
    moves = [leaf.movement for leaf in leaves if leaf.movement is not None]
    return Subtree(
        sum(leaf.size for leaf in leaves),
        verdict_counts(leaves),
        math.sqrt(sum(squares)) if squares else None,
        max(moves) if moves else None,
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
