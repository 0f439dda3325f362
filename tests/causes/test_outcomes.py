"""Outcomes are the texts' symptoms, in units of their own log, and scale with nothing else."""

import pytest

from pgat_jax.causes.outcomes import PROJECTIONS, UNITS, decades, share, total

LEAVES = (*PROJECTIONS.values(), "head/point/kernel")


def point(norm, scale=1.0):
    """A point at which the projections have a norm and the head has 1."""
    norms = dict.fromkeys(PROJECTIONS.values(), norm * scale) | {LEAVES[-1]: scale}
    weights = dict.fromkeys(LEAVES, 1.0)
    return {
        "gradient": norms,
        "change": norms,
        "weight": weights,
        "spread": norm,
        "target_spread": 1,
    }


def test_the_units_are_those_of_the_texts_log():
    assert UNITS["gradient"] == pytest.approx(7.84, abs=0.01)
    assert UNITS["update"] == pytest.approx(2.67, abs=0.01)
    assert UNITS["spread"] == pytest.approx(1.33, abs=0.01)


def test_a_loss_in_other_units_changes_no_outcome():
    for outcome in ("gradient", "update"):
        small, large = (
            decades({"start": point(1e-3, scale)}, "start", outcome) for scale in (1e-6, 1e6)
        )
        assert small == pytest.approx(large)


def test_from_the_active_layer_to_the_printed_zero_is_the_whole_way():
    before = decades({"end": point(1e-3)}, "end", "gradient")
    after = decades({"end": point(1e-3 * 5e-9 / 0.34567891)}, "end", "gradient")
    assert share(before, after, "gradient") == pytest.approx(1.0, abs=1e-5)
    assert share(after, before, "gradient") == pytest.approx(-1.0, abs=1e-5)


def test_a_gradient_of_zero_is_all_of_the_way_and_not_more():
    before, after = (decades({"end": point(norm)}, "end", "gradient") for norm in (1e-3, 0.0))
    assert share(before, after, "gradient") == 1.0
    assert share(before, [*after[:1], *before[1:]], "gradient") == 1 / 4


def test_what_was_not_measured_is_none():
    assert decades({"start": point(1.0)}, "end", "gradient") is None
    bare = {k: v for k, v in point(1.0).items() if k != "spread"}
    assert decades({"end": bare}, "end", "spread") is None


def test_norms_are_taken_over_the_leaves_that_match():
    assert total({"a/x": 3.0, "a/y": 4.0, "b": 9.0}, ("a/*",)) == 5.0
