"""Power: each law once, resumed after an interruption, counted by kind and size."""

import io

import numpy as np
import pytest
from rich.console import Console

from pgat_jax.backtest.store import ScoreStore
from pgat_jax.progress import Reporter
from pgat_jax.sky_test import power
from pgat_jax.sky_test.laws import Law
from pgat_jax.sky_test.power import (
    find_least_found,
    plant,
    repeat_with_law,
    study_power,
    summarise_power,
)
from tests.sky_test.reports import make_outcomes

LAWS = [Law("mean", size, "Moon", "Moon", 0.3) for size in (0.0, 0.3, 0.6)]


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(Console(file=io.StringIO()), line_seconds=0)


def test_a_larger_law_is_worth_more(field, tmp_path, reporter):
    outcomes = study_power(field, LAWS, ScoreStore(tmp_path), reporter)
    worths = [one["worth"] for one in outcomes]
    assert worths[0] == pytest.approx(0, abs=0.01) and 0 < worths[1] < worths[2]
    assert outcomes[2]["rank_p"] == 0.05 and outcomes[2]["body"] == "Moon"


def test_a_resumed_study_equals_an_undisturbed_one(field, tmp_path, reporter, monkeypatch):
    whole = study_power(field, LAWS, ScoreStore(tmp_path / "whole"), reporter)
    store, calls = ScoreStore(tmp_path / "parts"), []

    def interrupt(own, law):
        calls.append(law)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return repeat_with_law(own, law)

    monkeypatch.setattr(power, "repeat_with_law", interrupt)
    with pytest.raises(KeyboardInterrupt):
        study_power(field, LAWS, store, reporter)
    assert study_power(field, LAWS, store, reporter) == whole
    assert calls == [LAWS[0], LAWS[1], LAWS[1], LAWS[2]]


def test_progress_names_laws_and_time_left(field, tmp_path):
    text = io.StringIO()
    study_power(field, LAWS[:1], ScoreStore(tmp_path), Reporter(Console(file=text), 0))
    assert "laws 1/1" in text.getvalue() and "left" in text.getvalue()


def test_a_law_is_planted_in_units_of_the_forecast_volatility(field):
    course = np.full(len(field.history), 0.1)
    moved = plant(field, LAWS[0], course).returns - field.history.returns
    assert 0.01 < moved.mean() / field.history.returns[:, 3].std() < 0.2
    assert (moved > 0).all()


def test_shares_are_counted_by_kind_size_and_body():
    rows = summarise_power(make_outcomes({0.06: 0.4, 0.1: 0.8, 0.15: 1.0}))
    assert [(row["kind"], row["size"]) for row in rows[:3]] == [
        ("mean", 0.06),
        ("mean", 0.1),
        ("mean", 0.15),
    ]
    assert [row["found"] for row in rows[:3]] == [0.4, 0.8, 1.0]
    assert rows[0]["by_body"]["Moon"] == 1.0 and rows[0]["by_body"]["Jupiter"] == 0.0
    assert rows[0]["laws"] == 5


def test_the_least_size_that_is_found_is_followed_by_none_that_is_missed():
    rows = summarise_power(make_outcomes({0.06: 0.8, 0.1: 0.6, 0.15: 0.8, 0.25: 1.0}))
    least = find_least_found(rows, "mean")
    assert least is not None and least["size"] == 0.15
    assert find_least_found(summarise_power(make_outcomes({0.1: 0.6})), "mean") is None


def test_the_least_size_of_one_body_is_that_of_its_own_laws():
    rows = summarise_power(make_outcomes({0.06: 0.2, 0.1: 0.6}))
    least = [find_least_found(rows, "volatility", body) for body in ("Moon", "Mercury", "Jupiter")]
    assert [row and row["size"] for row in least] == [0.06, 0.1, None]
