"""The report as data: a mapping from leaf names to what is known of each leaf.

`checks.render` turns a report into text, JSON and HTML; this file imports no renderer.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from checks.gradient_flow import GradientFlow
from checks.gradient_profile import Profile
from checks.terms.term import Term
from checks.verdicts import Leaf, verdict_counts, worst_first

# Number of names that an error message lists.
_NAMES_SHOWN = 8


@dataclass(frozen=True)
class Subtree:
    """A summary of the leaves below one path.

    Attributes:
        parameters: number of elements.
        verdicts: verdict -> number of leaves, worst first.
        gradient_norm: Euclidean norm of the float64 gradient, None where nothing was measured.
        update_over_weight: largest ratio of a leaf's first update to its weight (root mean
            squares), None where nothing was measured.
    """

    parameters: int
    verdicts: dict[str, int]
    gradient_norm: float | None
    update_over_weight: float | None


def _find_no_profiles(names: Sequence[str]) -> Mapping[str, Profile]:
    del names
    return {}


@dataclass(frozen=True)
class Report(Mapping[str, Leaf]):
    """The result of the checks: leaf name -> `Leaf`.

    Attributes:
        leaves: every leaf that can learn, in the order of the pytree.
        skipped: name -> reason, for leaves that cannot learn (integers, keys, functions).
        problems: sentences that fail the whole report: the loss is NaN or infinite on a batch, a
            term of the loss is dead or cancels another, an allow-list entry matches nothing, or a
            proof of the checks contradicts JAX's gradient.
        notes: sentences about what the method assumed or could not see.
        terms: the terms of the loss, in the order of the program; none if the loss is one term, or
            if the program was not measured.
        static: True if only the static proof ran (`reach`); False if the program was measured.
        find_flow: called without arguments; computes `flow` when it is first used.
        find_profiles: called with leaf names; computes `profiles`.
    """

    leaves: tuple[Leaf, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    static: bool = False
    terms: tuple[Term, ...] = ()
    find_flow: Callable[[], GradientFlow] = field(default=GradientFlow, repr=False, compare=False)
    find_profiles: Callable[[Sequence[str]], Mapping[str, Profile]] = field(
        default=_find_no_profiles, repr=False, compare=False
    )

    def __getitem__(self, name: str) -> Leaf:
        for leaf in self.leaves:
            if leaf.name == name:
                return leaf
        shown = ", ".join(list(self)[:_NAMES_SHOWN])
        more = ", ..." if len(self) > _NAMES_SHOWN else ""
        raise KeyError(f"no leaf is called {name!r}; names: {shown}{more}")

    def __iter__(self) -> Iterator[str]:
        return (leaf.name for leaf in self.leaves)

    def __len__(self) -> int:
        return len(self.leaves)

    @property
    def passes(self) -> bool:
        """Whether every leaf passes (or is allowed to fail) and there are no problems."""
        return not self.problems and all(leaf.passes for leaf in self.leaves)

    @property
    def failing(self) -> list[Leaf]:
        """The leaves that do not pass, worst first."""
        return worst_first([leaf for leaf in self.leaves if not leaf.passes])

    @cached_property
    def flow(self) -> GradientFlow:
        """The gradient flow from the loss to the inputs, computed when it is first used.

        For a diagnosis it is measured, which takes about as long as compiling one gradient. For a
        static report it has no sizes.
        """
        return self.find_flow()

    def profiles(self, names: Sequence[str]) -> Mapping[str, Profile]:
        """Measures the gradient profiles of some leaves.

        Args:
            names: names of leaves of this report.

        Returns:
            Name -> profile, for those leaves that a gradient reaches; empty for a static report.

        Raises:
            KeyError: the report was measured, and has no leaf of one of these names.
        """
        return self.find_profiles(names)

    def verdict_counts(self) -> dict[str, int]:
        """Returns the number of leaves for each verdict that occurs, worst first."""
        return verdict_counts(self.leaves)

    def by_subtree(self, depth: int = 1) -> dict[str, Subtree]:
        """Summarises the leaves by the first parts of their names.

        Args:
            depth: number of name parts that make a subtree, at least 1; a shorter name is its own
                subtree.

        Returns:
            The first `depth` parts, joined by `/` -> the summary of the leaves below, in the order
            of the report.
        """
        groups: dict[str, list[Leaf]] = {}
        for leaf in self.leaves:
            groups.setdefault("/".join(leaf.name.split("/")[:depth]), []).append(leaf)
        return {name: _summarise(leaves) for name, leaves in groups.items()}


def _summarise(leaves: Sequence[Leaf]) -> Subtree:
    squares = [leaf.gradient**2 * leaf.size for leaf in leaves if leaf.gradient is not None]
    ratios = [leaf.movement for leaf in leaves if leaf.movement is not None]
    return Subtree(
        sum(leaf.size for leaf in leaves),
        verdict_counts(leaves),
        math.sqrt(sum(squares)) if squares else None,
        max(ratios) if ratios else None,
    )
