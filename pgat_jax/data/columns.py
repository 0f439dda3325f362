"""Names of the table's columns, and the celestial body that each belongs to."""

from dataclasses import dataclass

TARGETS = ("log_Open", "log_High", "log_Low", "log_Close")
TIME_DELTA = "time_delta"
BODIES = (
    "sun",
    "moon",
    "mercury",
    "venus",
    "mars",
    "jupiter",
    "saturn",
    "uranus",
    "neptune",
    "pluto",
    "north_node",
    "south_node",
    "chiron",
)


@dataclass(frozen=True)
class Columns:
    """The V columns of a table: T targets first, then ``time_delta``, then the celestial ones.

    Hashable, so that a model built for one layout is a static argument of a jitted function.
    """

    names: tuple[str, ...]
    slots: tuple[int, ...]
    """For each name the index into ``BODIES`` of its body; -1 for targets and ``time_delta``."""

    def of_body(self, slot: int) -> tuple[int, ...]:
        """Indices into ``names`` of the columns of one body."""
        return tuple(i for i, s in enumerate(self.slots) if s == slot)
