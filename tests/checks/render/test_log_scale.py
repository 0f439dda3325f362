"""The logarithmic scale of bars and bands."""

import pytest

from checks.render.log_scale import LogScale


def test_zero_nan_and_infinity_have_their_places():
    scale = LogScale([1.0, 100.0, 0.0, None, float("nan"), float("inf")])
    shares = [scale.share(x) for x in (1.0, 10.0, 100.0, 0.0, float("nan"), float("inf"), 1e9)]
    assert shares == pytest.approx([0.08, 0.54, 1, 0, 0, 1, 1])


def test_the_scale_is_at_least_a_decade_wide():
    assert LogScale([]).share(1.0) == 0.08
    assert LogScale([2.0, 4.0]).share(4.0) < 0.5
