"""A report: a mapping from leaf names to what is known of each leaf."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checks.verdicts import ORDER, Leaf


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
    """

    leaves: tuple[Leaf, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    static: bool = False

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

    def verdict_counts(self) -> dict[str, int]:
        """Number of leaves of each verdict that occurs, worst first."""
        return verdict_counts(self.leaves)


def worst_first(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Failing leaves before passing ones, then in the order of the verdicts."""
    return sorted(leaves, key=lambda leaf: (leaf.passes, ORDER.index(leaf.verdict)))


def verdict_counts(leaves: Sequence[Leaf]) -> dict[str, int]:
    """Number of leaves of each verdict that occurs, worst first."""
    found = [leaf.verdict for leaf in leaves]
    return {verdict: found.count(verdict) for verdict in ORDER if verdict in found}


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
