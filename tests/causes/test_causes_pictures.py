"""Pictures of a study are valid SVG whose lengths are the numbers."""

from xml.etree import ElementTree

import pytest

from pgat_jax.causes.causes_pictures import BAR, LEFT, NAME, WIDTH, draw_effects, draw_kinds
from tests.causes.made_up_results import make_cause


def rectangles(markup, kind):
    return [r.attrib for r in ElementTree.fromstring(markup) if r.attrib.get("class") == kind]


def test_bars_are_the_shares_of_the_parameters_by_kind():
    kinds = {"disconnected": [2, 100], "zero": [1, 50], "gradient": [1, 250]}
    picture = draw_kinds([("a model", kinds)])
    bars = rectangles(picture, "bar")
    assert [float(bar["width"]) for bar in bars] == [BAR / 4, BAR / 8, 5 * BAR / 8]
    assert [float(bar["x"]) for bar in bars] == [NAME, NAME + BAR / 4, NAME + 3 * BAR / 8]
    assert "3 leaves without, 37.5%" in picture


def test_a_model_without_losses_says_so():
    kinds = {"disconnected": [0, 0], "zero": [0, 0], "gradient": [1, 250]}
    assert "all have a gradient" in draw_kinds([("a model", kinds)])


@pytest.mark.parametrize(
    ("share", "position"), [(0.0, 1 / 3), (0.25, 1 / 2), (1.0, 1.0), (5.0, 1.0), (-3.0, 0.0)]
)
def test_a_mean_is_drawn_at_its_share_and_inside_the_scale(share, position):
    cause = make_cause("1.2", "refuted", "updates in training", share)
    means = rectangles(draw_effects(cause), "mean")
    assert len(means) == 2  # imposed and removed
    for mean in means:
        assert float(mean["x"]) + 2 == pytest.approx(LEFT + WIDTH * position, abs=0.06)
