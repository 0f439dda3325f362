"""The picture of a profile."""

from checks import Profile
from checks.render.profile_picture import profile_picture
from tests.checks.render.helpers import EVIL, MOST_ELEMENTS, elements, make_passage


def test_a_long_profile_is_bounded_and_keeps_the_steep_passages():
    passages = [make_passage(i, 1.0, 1.0) for i in range(1000)]
    passages[500] = make_passage(500, 1.0, 0.01, [0.01] * 250)
    passages[800:860] = [make_passage(i, 1.0, 0.5, [0.5] * 250) for i in range(800, 860)]
    passages[700] = make_passage(700, 1.0, 0.0)
    picture = profile_picture(Profile(EVIL, tuple(passages), 0.0))
    assert sum(len(elements(picture, kind)) for kind in ("size", "step")) < MOST_ELEMENTS
    assert "0.01x" in picture and ">ends<" in picture and "step 0: 1.0e-02" in picture


def test_only_steep_passages_are_red():
    passages = (make_passage(1, 1.0, 0.9), make_passage(2, 0.9, 0.1))
    picture = profile_picture(Profile("w", passages, 0.1))
    assert elements(picture, "broken")[0].text == "0.11x"
    assert "0.9x" in [e.text for e in elements(picture, "soft")]
