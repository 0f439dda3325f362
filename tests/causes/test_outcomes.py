"""Outcomes are the original's symptoms, in units of its training log, whatever the loss's units."""

import fnmatch

import jax
import pytest

from pgat_jax.causes.outcomes import (
    GRAPH,
    PROJECTIONS,
    UNITS,
    compute_share,
    measure_decades,
    total_norm,
)
from pgat_jax.training.diagnostics import TRAIL

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


def test_the_units_are_those_of_the_originals_log():
    assert UNITS["gradient"] == pytest.approx(7.84, abs=0.01)
    assert UNITS["update"] == pytest.approx(2.67, abs=0.01)
    assert UNITS["spread"] == pytest.approx(1.33, abs=0.01)


def test_a_loss_in_other_units_changes_no_outcome():
    for outcome in ("gradient", "update"):
        small, large = (
            measure_decades({"start": point(1e-3, scale)}, "start", outcome)
            for scale in (1e-6, 1e6)
        )
        assert small == pytest.approx(large)


def test_from_the_active_layer_to_the_printed_zero_is_the_whole_distance():
    before = measure_decades({"end": point(1e-3)}, "end", "gradient")
    after = measure_decades({"end": point(1e-3 * 5e-9 / 0.34567891)}, "end", "gradient")
    assert compute_share(before, after, "gradient") == pytest.approx(1.0, abs=1e-5)
    assert compute_share(after, before, "gradient") == pytest.approx(-1.0, abs=1e-5)


def test_a_gradient_of_zero_is_at_the_whole_distance_and_no_further():
    before, after = (
        measure_decades({"end": point(norm)}, "end", "gradient") for norm in (1e-3, 0.0)
    )
    assert compute_share(before, after, "gradient") == 1.0
    assert compute_share(before, [*after[:1], *before[1:]], "gradient") == 1 / 4


def test_what_was_not_measured_is_none():
    assert measure_decades({"start": point(1.0)}, "end", "gradient") is None
    bare = {k: v for k, v in point(1.0).items() if k != "spread"}
    assert measure_decades({"end": bare}, "end", "spread") is None


def test_norms_are_taken_over_the_leaves_that_match():
    assert total_norm({"a/x": 3.0, "a/y": 4.0, "b": 9.0}, ("a/*",)) == 5.0


def test_every_leaf_that_an_outcome_names_exists(parameters):
    leaves = jax.tree_util.tree_leaves_with_path(parameters)
    names = [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]
    assert {*PROJECTIONS.values(), *TRAIL.values()} <= {*names}
    for pattern in GRAPH:
        assert fnmatch.filter(names, pattern)
