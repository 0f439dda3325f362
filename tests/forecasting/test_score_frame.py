"""Scores as a pandas table."""

import json

import numpy as np
import pytest

from pgat_jax.forecasting.score_frame import tabulate_splits


@pytest.fixture(scope="module")
def scores(scored_run):
    return json.loads((scored_run("nll") / "scores.json").read_text())


def test_each_split_and_forecaster_is_a_row_with_the_scores_of_the_file(scores):
    frame = tabulate_splits(scores)
    assert frame.index.names == ["split", "forecaster"]
    assert len(frame) == 8
    model = scores["splits"]["test"]["forecasters"]["model"]
    row = frame.loc[("test", "model")]
    assert row["crps"] == model["scaled"]["crps"]["all"]
    assert row["direction"] == model["direction"]["by_target"]["Close"]
    assert row["coverage_90%"] == model["coverage"]["90%"]["all"]
    zero = frame.loc[("test", "zero_return")]
    assert np.isnan(zero["crps"]) and np.isnan(zero["coverage_50%"])
