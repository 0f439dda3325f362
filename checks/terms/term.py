"""What a report says of one term of the loss; plain data.

The module depends on nothing of this package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# What can be said of a term, the worst first.
DEAD, CANCELS, OUTWEIGHS = "dead", "cancels", "outweighs"
NON_FINITE, IDLE, OFF, OFFSET = "non-finite", "idle", "switched off", "offset"
FROZEN, CONSTANT, ALIVE = "frozen", "constant", "alive"
STATES = (DEAD, CANCELS, NON_FINITE, OUTWEIGHS, IDLE, OFF, OFFSET, FROZEN, CONSTANT, ALIVE)
# The states that fail a report.
FAILING_STATES = frozenset({DEAD, CANCELS})


@dataclass(frozen=True)
class Term:
    """One term of the loss, which is the sum of its terms.

    Attributes:
        name: the key of the auxiliary output that holds it, or else `path:line`.
        where: `path:line` of each place that adds to it.
        code: the text of the first of these lines; empty where it cannot be read.
        summands: number of summands that it unites, such as those of a loop.
        state: one of `STATES`.
        evidence: one sentence that says why.
        value: its value in the loss, with its weight, at the data; None where not measured.
        gradient: Euclidean norm of its float64 gradient with respect to all leaves; None where not
            measured.
        share: the norm of its gradient over the sum of the norms of all terms, None where not
            measured.
        subtrees: subtree of the parameters -> Euclidean norm of its gradient there.
        partners: names of the terms that it cancels, or that it offsets.
        allowed: the reason that the allow-list gives, or None.
    """

    name: str
    where: tuple[str, ...]
    code: str
    summands: int
    state: str
    evidence: str
    value: float | None = None
    gradient: float | None = None
    share: float | None = None
    subtrees: Mapping[str, float] = field(default_factory=dict)
    partners: tuple[str, ...] = ()
    allowed: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the term does not fail the report, or the allow-list lets it."""
        return self.state not in FAILING_STATES or self.allowed is not None
