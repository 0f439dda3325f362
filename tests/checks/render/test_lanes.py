"""Lanes of bands that skip rows."""

from checks.render.lanes import assign_lanes


def test_a_line_to_the_next_row_needs_no_lane():
    assert assign_lanes([(0, 1), (3, 4)]) == {}


def test_lines_that_overlap_get_lanes_of_their_own_and_short_ones_lie_inside():
    assert assign_lanes([(0, 5), (1, 3)]) == {(1, 3): 0, (0, 5): 1}


def test_lines_apart_share_a_lane_and_lines_that_touch_do_not():
    assert assign_lanes([(0, 2), (3, 5)]) == {(0, 2): 0, (3, 5): 0}
    assert assign_lanes([(0, 2), (2, 4)]) == {(0, 2): 0, (2, 4): 1}


def test_a_line_upwards_has_a_lane():
    assert assign_lanes([(3, 1), (2, 1)]) == {(2, 1): 0, (3, 1): 1}
