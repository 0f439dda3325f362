"""Names of columns, their bodies and their order."""

from collections import Counter

from pgat_jax.data.columns import (
    KNOWN,
    LOG_VOLATILITY,
    LOG_VOLATILITY_FORECAST,
    SLOTS,
    TARGETS,
    TIME_DELTA,
    VOLATILITY,
    add_volatility,
    arrange_columns,
    is_bounded,
    list_computed_columns,
    remove_volatility,
)
from pgat_jax.names import BODIES


def test_the_computed_table_has_the_documented_118_columns():
    columns = list_computed_columns()
    assert len(columns.names) == len(set(columns.names)) == 118
    assert columns.names[:5] == (*TARGETS, TIME_DELTA)
    kinds = Counter(KNOWN[name.lower()].feature for name in columns.names[5:])
    assert kinds == {
        "sin": 13,
        "cos": 13,
        "speed": 13,
        "sign_sin": 13,
        "sign_cos": 13,
        "distance": 11,
        "lat": 11,
        "dec": 11,
        "shadbala": 7,
        "elong_cos": 8,
    }


def test_bodies_stand_in_order_and_own_their_columns():
    columns = list_computed_columns()
    assert columns.slots == tuple(sorted(columns.slots))
    counts = [len(columns.of_body(slot)) for slot in range(len(BODIES))]
    assert counts == [9, 10, 10, 10, 10, 10, 10, 9, 9, 8, 5, 5, 8]
    names = [columns.names[i] for i in columns.of_body(BODIES.index("north_node"))]
    assert names[0] == "dyn_Mean Rahu_sin"


def test_the_order_does_not_depend_on_the_order_given():
    celestial = [KNOWN[name.lower()] for name in list_computed_columns().names[5:]]
    assert arrange_columns(celestial[::-1]) == list_computed_columns()


def test_the_ascendant_stands_in_chirons_slot():
    assert SLOTS["Ascendant"] == SLOTS["Chiron"] == BODIES.index("chiron")


def test_only_sines_and_cosines_are_bounded():
    assert is_bounded("dyn_Mars_sign_sin")
    assert is_bounded("dyn_Moon_elong_cos")
    assert not any(map(is_bounded, ("dyn_Mars_speed", "dyn_Sun_lat", TIME_DELTA, "log_Close")))


def test_columns_of_the_volatility_are_added_after_the_targets_and_removed_again():
    columns = list_computed_columns()
    wide = add_volatility(columns)
    assert wide.names[4:11] == (*VOLATILITY, TIME_DELTA)
    assert VOLATILITY[0] == LOG_VOLATILITY
    assert VOLATILITY[-1] == LOG_VOLATILITY_FORECAST
    assert len(wide.names) == len(wide.slots) == 124
    assert remove_volatility(wide) == columns == remove_volatility(columns)
    assert (wide.observed, wide.bodiless) == (9, 11)
    assert (columns.observed, columns.bodiless) == (4, 5)
