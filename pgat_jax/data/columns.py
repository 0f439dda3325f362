"""Names the table's columns, and the celestial body that each belongs to.

A celestial column is `dyn_<Point>_<feature>`. The order of a table is fixed: the four targets,
`time_delta`, then the bodies in the order of `BODIES`, each with its features in the order of
`FEATURES`; the moving columns of a body precede those of a natal chart (`<Point>_<feature>`).
"""

from dataclasses import dataclass
from typing import NamedTuple

from pgat_jax.names import BODIES

PRICES = ("Open", "High", "Low", "Close")
TARGETS = ("log_Open", "log_High", "log_Low", "log_Close")
TIME_DELTA = "time_delta"
# The log volatility of a day, and its forecast at the close before; only with `data.volatility`.
LOG_VOLATILITY = "log_volatility"
LOG_VOLATILITY_FORECAST = "log_volatility_forecast"
# Half-lives, in days, with which the error of that forecast is smoothed; a column for each.
ERROR_HALF_LIVES = (5, 20, 60, 150)
LOG_VOLATILITY_ERRORS = tuple(f"log_volatility_error_{days}" for days in ERROR_HALF_LIVES)
# All columns of the volatility, in their order. The last is the one that is known in advance.
VOLATILITY = (LOG_VOLATILITY, *LOG_VOLATILITY_ERRORS, LOG_VOLATILITY_FORECAST)
# The Moon's ascending and descending node.
NODES = ("Mean Rahu", "Mean Ketu")
# The eleven points that have a distance, a latitude and a declination; Chiron is the last.
PLANETS = tuple(body.capitalize() for body in BODIES if "_" not in body)
# The seven classical planets, which have a shadbala.
STRONG = PLANETS[:7]
# The planets, and the Moon, whose angle to the Sun is a feature.
ELONGATED = PLANETS[1:9]
# Point -> index into `BODIES`. A table without Chiron may have the Ascendant in its slot.
SLOTS = (
    {point: BODIES.index(point.lower()) for point in PLANETS}
    | {"Mean Rahu": BODIES.index("north_node"), "Mean Ketu": BODIES.index("south_node")}
    | {"Ascendant": BODIES.index("chiron")}
)
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
# The features that the nodes have too.
_OF_ALL_POINTS = FEATURES[:5]


class Celestial(NamedTuple):
    """The parts of a celestial column's name.

    Attributes:
        slot: index into `BODIES`.
        is_moving: whether it changes with time (`dyn_`); others are of a natal chart.
        point: the body or node, as in `SLOTS`.
        feature: one of `FEATURES`.
    """

    slot: int
    is_moving: bool
    point: str
    feature: str

    @property
    def name(self) -> str:
        """The column's name."""
        return f"{'dyn_' if self.is_moving else ''}{self.point}_{self.feature}"

    @property
    def rank(self) -> tuple[int, bool, int]:
        """A key that sorts columns: by slot, moving before natal, then in the order of `FEATURES`.

        It is (slot, not `is_moving`, index into `FEATURES`).
        """
        return self.slot, not self.is_moving, FEATURES.index(self.feature)


@dataclass(frozen=True)
class Columns:
    """The V columns of a table: the T targets, `time_delta`, then the celestial columns.

    The columns of the volatility, where there are any, stand between targets and `time_delta`.

    Hashable, so that a model built for one layout is a static argument of a jitted function.

    Attributes:
        names: the names of the columns.
        slots: for each column the index into `BODIES` of its body; -1 for the columns that belong
            to no body: targets, volatility and `time_delta`.
    """

    names: tuple[str, ...]
    slots: tuple[int, ...]

    @property
    def observed(self) -> int:
        """The number of columns that are known only at the end of their day; they come first."""
        has_volatility = LOG_VOLATILITY_FORECAST in self.names
        return len(TARGETS) + (len(VOLATILITY) - 1 if has_volatility else 0)

    @property
    def bodiless(self) -> int:
        """The number of columns that belong to no body; they precede the others."""
        return self.slots.count(-1)

    def of_body(self, slot: int) -> tuple[int, ...]:
        """Returns the indices of the columns of one body; empty if the table has none.

        Args:
            slot: index into `BODIES`.
        """
        return tuple(i for i, s in enumerate(self.slots) if s == slot)


# Lower-case name -> parts, of every celestial column that a table may have.
KNOWN = {
    column.name.lower(): column
    for point, slot in SLOTS.items()
    for is_moving in (True, False)
    for feature in FEATURES
    for column in [Celestial(slot, is_moving, point, feature)]
}


def arrange_columns(celestial: list[Celestial]) -> Columns:
    """Returns the layout of a table: the targets, `time_delta`, then these celestial columns.

    The celestial columns are sorted by `Celestial.rank`.

    Args:
        celestial: the parts of each column's name, in any order.
    """
    ordered = sorted(celestial, key=lambda column: column.rank)
    names = (*TARGETS, TIME_DELTA, *(column.name for column in ordered))
    return Columns(names, (-1,) * (len(TARGETS) + 1) + tuple(c.slot for c in ordered))


def add_volatility(columns: Columns) -> Columns:
    """Returns a layout with the columns of the volatility after the targets.

    Args:
        columns: the layout of a table, without these two.
    """
    count = len(TARGETS)
    names = (*columns.names[:count], *VOLATILITY, *columns.names[count:])
    return Columns(names, (-1,) * len(VOLATILITY) + columns.slots)


def remove_volatility(columns: Columns) -> Columns:
    """Returns a layout without the two columns of the volatility, which it need not have.

    Args:
        columns: a layout, with or without the columns of the volatility.
    """
    pairs = [
        (name, slot) for name, slot in zip(columns.names, columns.slots) if name not in VOLATILITY
    ]
    return Columns(tuple(name for name, _ in pairs), tuple(slot for _, slot in pairs))


def list_computed_columns() -> Columns:
    """Returns the layout of a table whose celestial columns are computed: 118 columns."""
    return arrange_columns([column for column in KNOWN.values() if _is_computed(column)])


def is_bounded(name: str) -> bool:
    """Returns whether a column is a sine or cosine by its name, and so is not scaled.

    A scaled sine and cosine would no longer be a point on the circle.

    Args:
        name: the name of the column.
    """
    return name.endswith(("_sin", "_cos"))


def _is_computed(column: Celestial) -> bool:
    if not column.is_moving or column.point == "Ascendant":
        return False
    if column.feature == "shadbala":
        return column.point in STRONG
    if column.feature == "elong_cos":
        return column.point in ELONGATED
    return column.point in PLANETS or column.feature in _OF_ALL_POINTS
