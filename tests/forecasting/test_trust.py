"""The sentence that says how far to trust a forecast."""

from types import SimpleNamespace

import numpy as np
import pytest

from pgat_jax.config_file import load_config
from pgat_jax.forecasting.coverage_record import BandCoverage, write_record
from pgat_jax.forecasting.trust import (
    TrustFacts,
    collect_facts,
    find_coverage,
    find_split,
    write_trust,
)

FACTS = TrustFacts(2000, 2000, 2000, BandCoverage(0.88, 50), None)
VALIDATION = {"first_day": "2018-08-08", "last_day": "2018-10-17"}


def test_a_whole_training_is_one_sentence_with_steps_and_coverage():
    assert write_trust(FACTS) == (
        "How far to trust it: the model was trained for all 2,000 planned steps; on the 50 test "
        "days the 90% band of the daily return of Close contained 88% of the actual returns, about "
        "what it claims."
    )


@pytest.mark.parametrize(
    "change, words",
    [
        ({"step": 40, "taken": 40}, "was trained for 40 of 2,000 planned steps;"),
        ({"step": 1500}, "all 2,000 planned steps (the forecast uses step 1,500, the best on"),
        ({"step": 0, "taken": 0}, "is not trained (0 of 2,000 planned training steps);"),
        ({"planned": None}, "was trained for 2,000 steps;"),
        ({"coverage": None}, "90% band contains the actual return was not measured."),
        ({"seen": "training"}, "; the model was trained on these days, so the forecast looks"),
        ({"seen": "validation"}, "; these days chose the best checkpoint (validation split)"),
        ({"seen": "unknown"}, "; whether it was trained on these days is not known, since its"),
        ({"coverage": BandCoverage(0.9, 2506, "back-test days")}, "on the 2,506 back-test days"),
    ],
)
def test_each_fact_changes_its_part(change, words):
    sentence = write_trust(FACTS._replace(**change))
    assert words in sentence
    assert sentence.count(".") == 1


@pytest.mark.parametrize(
    "share, days, words",
    [
        (0.81, 50, "so it is too narrow"),
        (0.82, 50, "about what it claims"),
        (0.98, 50, "about what it claims"),
        (0.99, 50, "so it is too wide"),
        (0.87, 2500, "so it is too narrow"),
        (0.92, 2500, "so it is too wide"),
    ],
)
def test_the_coverage_is_judged_by_its_standard_error(share, days, words):
    sentence = write_trust(FACTS._replace(coverage=BandCoverage(share, days)))
    is_far = words.startswith("so it is")
    assert words in sentence
    assert sentence.startswith("How far to trust it: on the") == is_far, "what is far comes first"
    assert sentence.endswith("planned steps." if is_far else f"{words}.")


@pytest.mark.parametrize(
    "day, split",
    [
        ("2018-08-07", "training"),
        ("2018-08-08", "validation"),
        ("2018-10-17", "validation"),
        ("2018-10-18", None),
    ],
)
def test_a_day_belongs_to_the_split_that_contains_it(day, split):
    assert find_split(VALIDATION, np.datetime64(day)) == split


def test_a_forecast_of_points_has_no_coverage():
    assert find_coverage({"forecasters": {"model": {}}}) is None


def test_facts_are_those_of_the_run_and_its_scores(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config("tiny")
    run = SimpleNamespace(step=40, taken=50, meta={"planned_steps": 500}, config=config)
    model = {"coverage": {"90%": {"by_target": {"Close": 0.75}}}}
    test = {"forecasters": {"model": model}, "comparisons": [{"days": 7}]}
    scores = {"splits": {"test": test, "validation": VALIDATION}}
    day = np.datetime64("2018-09-03")
    expected = TrustFacts(40, 50, 500, BandCoverage(0.75, 7), "validation")
    assert collect_facts(run, scores, day) == expected
    assert collect_facts(run, None, day) == TrustFacts(40, 50, 500, None, "unknown")
    measured = BandCoverage(0.906, 2506, "back-test days")
    write_record(config, measured)
    assert collect_facts(run, scores, day) == expected._replace(coverage=measured)
    run.meta = {}
    assert collect_facts(run, None, day).planned is None
