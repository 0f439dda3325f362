"""Names of the table's columns, and the celestial body that each belongs to.

A celestial column is ``dyn_<Point>_<feature>``. The order of a table is fixed: the four targets,
``time_delta``, then the bodies in the order of ``BODIES``, each with its features in the order of
``FEATURES``; after a body's moving columns come those of a natal chart (``<Point>_<feature>``).
"""

from dataclasses import dataclass
from typing import NamedTuple

PRICES = ("Open", "High", "Low", "Close")
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
NODES = ("Mean Rahu", "Mean Ketu")
PLANETS = tuple(body.capitalize() for body in BODIES if "_" not in body)
"""The eleven points that have a distance, a latitude and a declination; Chiron is the last."""
STRONG = PLANETS[:7]
"""The seven classical planets, which have a shadbala."""
SLOTS = (
    {point: BODIES.index(point.lower()) for point in PLANETS}
    | {"Mean Rahu": BODIES.index("north_node"), "Mean Ketu": BODIES.index("south_node")}
    | {"Ascendant": BODIES.index("chiron")}
)
"""Point -> index into ``BODIES``; the Ascendant stands in Chiron's slot where there is none."""
FEATURES = (
    "sin",
    "cos",
    "speed",
    "sign_sin",
    "sign_cos",
    "distance",
    "lat",
    "shadbala",
    "dec",
    "elong_cos",
)


class Celestial(NamedTuple):
    """The parts of a celestial column's name."""

    slot: int
    moving: bool
    """``dyn_``: changes with time; else of a natal chart."""
    point: str
    feature: str

    @property
    def name(self) -> str:
        """The column's name."""
        return f"{'dyn_' if self.moving else ''}{self.point}_{self.feature}"

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Place in the documented order of columns."""
        return self.slot, not self.moving, FEATURES.index(self.feature)


@dataclass(frozen=True)
class Columns:
    """The V columns of a table: T targets first, then ``time_delta``, then the celestial ones.

    Hashable, so that a model built for one layout is a static argument of a jitted function.
    """

    names: tuple[str, ...]
    slots: tuple[int, ...]
    """For each name the index into ``BODIES`` of its body; -1 for targets and ``time_delta``."""

    def of_body(self, slot: int) -> tuple[int, ...]:
        """Indices into ``names`` of the columns of one body; empty where a table has none."""
        return tuple(i for i, s in enumerate(self.slots) if s == slot)


KNOWN = {
    column.name.lower(): column
    for point, slot in SLOTS.items()
    for moving in (True, False)
    for feature in FEATURES
    for column in [Celestial(slot, moving, point, feature)]
}
"""Lower-case name -> parts, of every celestial column that a table may have."""


def columns_of(celestial: list[Celestial]) -> Columns:
    """The layout of a table with these celestial columns, in the documented order."""
    ordered = sorted(celestial, key=lambda column: column.rank)
    names = (*TARGETS, TIME_DELTA, *(column.name for column in ordered))
    return Columns(names, (-1,) * (len(TARGETS) + 1) + tuple(c.slot for c in ordered))


def computed_columns() -> Columns:
    """The 118 columns of a table whose sky is computed."""
    return columns_of([column for column in KNOWN.values() if _is_computed(column)])


def is_bounded(name: str) -> bool:
    """Whether a column is a sine or cosine, which is never scaled: it *is* the phase."""
    return name.endswith(("_sin", "_cos"))


def _is_computed(column: Celestial) -> bool:
    if not column.moving or column.point == "Ascendant":
        return False
    if column.feature == "shadbala":
        return column.point in STRONG
    if column.feature == "elong_cos":
        return column.point in PLANETS[1:9]
    return column.point in PLANETS or column.feature in FEATURES[:5]
