"""The page of a profile."""

from checks import Profile
from checks.render.profile_page import profile_page
from tests.checks.render.helpers import EVIL, make_passage


def test_steep_passages_are_listed_and_names_are_escaped():
    passages = (make_passage(1, 1.0, 0.1), make_passage(2, 0.1, 0.09))
    text = profile_page(Profile(EVIL, passages, 0.09))
    assert "0.1x at" in text and "0.9x at" not in text
    assert "<script" not in text and "&lt;script&gt;" in text and "9.0e-02" in text
