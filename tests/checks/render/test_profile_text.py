"""A profile as text."""

import math

from checks import Profile
from checks.render.profile_text import profile_text
from tests.checks.render.helpers import make_passage


def test_the_steepest_passages_come_first_and_bars_are_logarithmic():
    passages = (
        make_passage(1, 1.0, 1.0),
        make_passage(2, 1.0, 0.1),
        make_passage(3, 0.1, 0.0),
        make_passage(4, 1.0, math.nan),
    )
    lines = profile_text(Profile("w", passages, 0.1)).splitlines()
    assert lines[0] == "w: root mean square gradient 1.0e-01"
    assert lines[2].startswith("  0.0e+00x at model.py:3")
    one, two, zero, lost = lines[-4:]
    assert one.count("#") == 40 > two.count("#") > 0 and "(zero)" in zero
    assert "nan" in lost and "#" not in lost and "(zero)" not in lost
