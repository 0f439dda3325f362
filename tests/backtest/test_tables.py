"""The tables of a back-test: whole rows, and no wider than a terminal."""

import pytest
from rich.console import Console

from pgat_jax.backtest.forecasters import NAMES
from pgat_jax.backtest.tables import (
    tabulate_pairs,
    tabulate_report,
    tabulate_scores,
    tabulate_skill,
)
from pgat_jax.text_table import WIDTH, print_table
from tests.backtest.reports import make_simulated_report


@pytest.mark.parametrize("model", [None, 0.96])
def test_every_table_has_a_cell_for_each_head_and_fits_into_the_terminal(model, capsys):
    for table in tabulate_report(make_simulated_report(model)):
        assert {len(row) for row in table.rows} == {len(table.heads)}
        print_table(Console(width=WIDTH), table)
    assert "…" not in capsys.readouterr().out


def test_the_first_table_has_each_forecaster_with_both_intervals():
    report = make_simulated_report(0.96)
    rows = {row[0]: row for row in tabulate_skill(report["forecasters"]).rows}
    assert list(rows) == list(NAMES.values())
    assert rows["last 250 days"][1:3] == ["0.00", "0.00 to 0.00"]
    assert rows["zero return"][-1] == "–"


def test_pairs_are_those_of_the_model_or_of_the_simulations():
    with_model = tabulate_pairs(make_simulated_report(0.96)["forecasters"])
    assert {row[0] for row in with_model.rows} == {"model"} and len(with_model.rows) == 6
    without = tabulate_pairs(make_simulated_report()["forecasters"]).rows
    assert ["HAR-FHS", "GJR-FHS"] in [row[:2] for row in without]
    assert ["GJR-FHS", "HAR-FHS"] not in [row[:2] for row in without]


def test_the_scores_of_the_model_have_a_row_for_each_target_day_and_year():
    scores = make_simulated_report(0.96)["forecasters"]["model"]["scores"]
    target, day, year = tabulate_scores("model", scores)
    assert [row[0] for row in target.rows] == ["Open", "High", "Low", "Close"]
    assert [row[0] for row in day.rows] == ["1", "2", "3"]
    assert [row[0] for row in year.rows] == ["2009", "2010"]
    assert target.heads == ["target", "CRPS", "log score", "50%", "80%", "90%"]
    assert year.heads[-2:] == ["energy score", "CRPS of sum"]
    assert target.rows[0][1] == f"{scores['crps']['by_target']['Open']:.4f}"
