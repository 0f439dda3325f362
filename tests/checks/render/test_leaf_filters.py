"""The filters of the template of leaves."""

from checks.render.leaf_filters import LEAF_FILTERS, format_shape
from checks.render.svg import VERDICT_COLOURS


def test_shapes_are_written_with_a_cross():
    assert format_shape((2, 3)) == "2 × 3" and format_shape(()) == "scalar"


def test_each_verdict_has_its_colour():
    assert {v: LEAF_FILTERS["colour"](v) for v in VERDICT_COLOURS} == VERDICT_COLOURS
