"""Squarified treemaps."""

import pytest

from checks.render.treemap import Box, squarify


def test_the_example_of_the_paper():
    weights = [6.0, 6, 4, 3, 2, 2, 1]
    boxes = squarify(weights, Box(0, 0, 6, 4))
    assert [b.width * b.height for b in boxes] == pytest.approx(weights)
    assert boxes[0] == pytest.approx((0, 0, 3, 2)) and boxes[1] == pytest.approx((0, 2, 3, 2))
    assert all(b.x + b.width <= 6 + 1e-9 and b.y + b.height <= 4 + 1e-9 for b in boxes)


@pytest.mark.parametrize("weights", [[1.0], [1e6, 1.0], [1.0] * 100, [1e-9] * 3, [1.0, 3.0, 2.0]])
def test_boxes_fill_the_whole_and_do_not_overlap(weights):
    boxes = squarify(weights, Box(0, 0, 100, 50))
    shares = [weight / sum(weights) * 5000 for weight in weights]
    assert [b.width * b.height for b in boxes] == pytest.approx(shares)
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
            assert min(wide, high) < 1e-6


def test_a_box_without_area_is_divided_without_error():
    assert all(b.width * b.height == 0 for b in squarify([1.0, 2.0], Box(0, 0, 0, 5)))
    assert squarify([], Box(0, 0, 1, 1)) == []


def test_the_inside_of_a_box_has_a_border_and_a_top():
    assert Box(1, 2, 10, 20).inside(1, 3) == Box(2, 6, 8, 15)
    assert Box(0, 0, 1, 1).inside(2) == Box(2, 2, 0, 0)
