"""The bars of the leaves' gradients."""

from checks.render.gradient_picture import MOST_BARS, gradient_picture
from tests.checks.render.helpers import elements, make_leaf, titles


def test_of_many_leaves_the_weakest_are_shown_in_their_order():
    many = [make_leaf(f"w{i}", gradient=10.0 ** -(i % 90)) for i in range(200)]
    picture = gradient_picture([*many, make_leaf("dead", "stuck", gradient=0.0)])
    names = titles(picture)
    assert len(elements(picture, "bar")) == MOST_BARS == len(names)
    assert names[-1] == "dead" and names[:-1] == sorted(names[:-1], key=lambda n: int(n[1:]))
    assert "w0" not in names and "w89" in names


def test_bars_are_logarithmic():
    leaves = [make_leaf("a", gradient=1.0), make_leaf("b", "vanishing", gradient=1e-10)]
    picture = gradient_picture(leaves)
    assert [e.get("width") for e in elements(picture, "bar")] == ["521.0", "42.6"]
    assert ">1.0e-10<" in picture


def test_without_measured_gradients_there_is_no_picture():
    assert gradient_picture([make_leaf("w")]) == ""
