"""scores.json as tables: the right numbers in the right units, within 100 columns."""

import json

import pytest

from pgat_jax.forecasting import score_tables


@pytest.fixture(scope="module", params=["mse", "nll"])
def scores(request, scored_run):
    return json.loads((scored_run(request.param) / "scores.json").read_text())


@pytest.fixture(scope="module")
def model(scores):
    return scores["splits"]["test"]["forecasters"]["model"]


def test_tables_fit_a_hundred_columns(scores, capsys):
    score_tables.print_scores(scores)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    for words in ("zero return", "historical mean", "last 250 days", "windows overlap"):
        assert words in out


def test_each_forecaster_has_its_scaled_losses(scores, model):
    table = score_tables.tabulate_forecasters("test", scores["splits"]["test"])
    assert table.heads[:3] == ["forecaster", "MSE", "MAE"]
    assert [row[0] for row in table.rows][:2] == ["model", "zero return"]
    assert table.rows[0][1] == f"{model['scaled']['mse']['all']:.4f}"
    assert table.rows[0][5] == f"{model['direction']['by_target']['Close']:.1%}"
    assert table.rows[0][6] == f"{model['coverage']['50%']['all']:.1%}"
    assert table.rows[1][3:5] + table.rows[1][6:] == ["–"] * 5


def test_losses_by_target_are_in_percent(model):
    table = score_tables.tabulate_targets(model)
    assert [row[0] for row in table.rows] == ["Open", "High", "Low", "Close"]
    returns = {name: loss["by_target"]["Close"] for name, loss in model["returns"].items()}
    close = table.rows[3]
    assert close[1:4] == [
        f"{1e4 * returns['mse']:.4f}",
        f"{1e2 * returns['mae']:.4f}",
        f"{1e2 * returns['crps']:.4f}",
    ]
    assert close[4] == (f"{returns['log_score']:.4f}" if "log_score" in returns else "–")


def test_losses_by_day_have_a_row_for_each_day(scores, model):
    table = score_tables.tabulate_days(scores["splits"]["test"]["forecasters"])
    assert [row[0] for row in table.rows] == ["1", "2", "3"]
    assert table.rows[2][1] == f"{model['scaled']['mse']['by_day'][2]:.4f}"
    assert "CRPS zero return" not in table.heads


def test_skills_have_a_row_for_each_baseline(scores):
    comparisons = scores["splits"]["test"]["comparisons"]
    table = score_tables.tabulate_skills(comparisons)
    assert table.heads[:3] == ["baseline", "MSE of Close", "CRPS of Close"]
    assert table.rows[0][:3:2] == ["zero return", "–"]
    assert table.rows[0][1].startswith(f"{comparisons[0]['skill']:+.1%} (")


def test_skills_and_intervals_are_left_out_where_the_days_are_too_few_to_rank(scores):
    test = scores["splits"]["test"]
    assert test["is_ranked"] is False
    captions = [table.caption for table in score_tables.tabulate_scores(scores)]
    assert not any("skill" in caption for caption in captions)
    assert "not ranked" in score_tables.list_conclusions(test)[0]
    ranked = {"splits": scores["splits"] | {"test": test | {"is_ranked": True}}}
    captions = [table.caption for table in score_tables.tabulate_scores(ranked)]
    assert any("skill" in caption for caption in captions)
    assert "intervals come from" in score_tables.list_conclusions(ranked["splits"]["test"])[1]


def test_the_origin_of_the_distribution_is_said_where_there_is_one(scores):
    test = scores["splits"]["test"]
    assert (
        score_tables.list_conclusions(test)[-1] == f"Distribution of the model: {test['spread']}."
    )
    assert "Distribution" not in score_tables.list_conclusions(test | {"spread": None})[-1]
