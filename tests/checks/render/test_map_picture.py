"""The treemap of the parameters."""

from xml.etree import ElementTree

import pytest

from checks.render.map_picture import map_picture
from tests.checks.render.helpers import MOST_ELEMENTS, area, elements, make_leaf, titles


def test_a_tiny_failing_leaf_is_seen_in_a_large_map():
    leaves = [make_leaf("big/w", shape=(5000, 5000)), make_leaf("big/s", "stuck", ())]
    picture = map_picture(leaves)
    (cell,) = [e for e in elements(picture, "cell") if "failing" in e.get("class", "")]
    assert area(cell) > 100


def test_every_large_subtree_is_named_and_has_the_area_of_its_parameters():
    picture = map_picture([make_leaf("a/w", shape=(300,)), make_leaf("b/w", shape=(100,))])
    assert {"a/w: alive, 300 parameters", "b/w: alive, 100 parameters"} <= set(titles(picture))
    areas = [area(e) for e in elements(picture, "cell")]
    assert areas[0] / areas[1] == pytest.approx(3, rel=0.15)  # frames and names take some


def test_hundreds_of_leaves_make_a_small_map_and_a_failing_one_stays_apart():
    many = [make_leaf(f"layers_{i}/{n}", shape=(64, 64)) for i in range(300) for n in "qkv"]
    picture = map_picture([*many, make_leaf("layers_7/scale", "stuck")])
    assert len(list(ElementTree.fromstring(picture).iter())) < MOST_ELEMENTS
    assert any(title.startswith("layers_7/scale: stuck") for title in titles(picture))
    assert any("897 leaves (897 alive)" in title for title in titles(picture))


def test_leaves_without_elements_make_no_map():
    assert map_picture([make_leaf("w", shape=(0, 3))]) == ""
