"""Tables of results for a terminal: a row for each cause and each remedy, at most 100 columns."""

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.result_tables import (
    WIDTH,
    format_causes,
    format_end,
    format_losses,
    format_results,
    format_share,
)
from tests.causes.made_up_results import make_results


def test_every_cause_is_listed_with_what_must_be_measured():
    text = format_causes(load_causes().values())
    assert (
        "Sigmoid saturation" in text and "R5" in text and max(map(len, text.splitlines())) <= WIDTH
    )


def test_verdicts_and_remedies_have_a_row_each():
    text = format_results(make_results())
    rows = {line.split()[0]: line for line in text.splitlines() if line.split()}
    assert "confirmed" in rows["6.2"] and rows["6.2"].count("75% (74") == 2
    assert "150" in rows["none"] and "0.050" in rows["none"] and "0.5000" in rows["none"]
    assert rows["best"].split()[1:3] == ["0", "0"]
    assert max(map(len, text.splitlines())) <= WIDTH


def test_without_remedies_the_causes_stand_alone():
    assert "helpful" not in format_results(make_results() | {"remedies": []})


def test_what_was_not_measured_is_an_empty_cell():
    assert format_losses({}) == ("", "") and format_end({}, "small") == ("", "")
    assert format_share({}, "imposed", "spread of forecasts") == ""
