"""From a download to a forecast in two commands, and a week later from the run's folder alone."""

import csv

import pytest

from tools.commands import Command, write_days

ROWS = 130


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with a finished run on a download, `days.csv`: the first of two commands."""
    folder = tmp_path_factory.mktemp("place")
    download(write_days(folder, ROWS))
    sizes = ("data.validation_days=8", "data.test_days=8")
    command = Command(folder, "days.csv", "--config", "tiny", "--run-name", "mine", *sizes)
    assert command.end() == 0, command.text
    return folder


def download(path):
    """Writes a table as nasdaq.com does: newest first, m/d/Y, dollars, its own names."""
    lines = ["Date,Close/Last,Volume,Open,High,Low"]
    for line in reversed(path.read_text().splitlines()[1:]):
        day, *prices = line.split(",")
        first, high, low, close = (f"${price}" for price in prices)
        year, month, day = day.split("-")
        lines.append(f"{month}/{day}/{year},{close},1000,{first},{high},{low}")
    path.write_text("\n".join(lines) + "\n")


def run(place, *words):
    command = Command(place, *words)
    assert command.end() == 0, command.text
    assert "Traceback" not in command.text
    return " ".join(command.text.split())


def read(path):
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.slow
def test_the_next_forecast_needs_neither_the_old_table_nor_its_place(place):
    first = read(place / forecast(place))
    (place / "days.csv").rename(place / "moved.csv")
    again = read(place / forecast(place))
    columns = [name for name in first[0] if name != "made_at"]
    assert [[row[c] for c in columns] for row in again] == [
        [row[c] for c in columns] for row in first
    ]
    (place / "moved.csv").unlink()
    write_days(place, ROWS + 5).rename(place / "grown.csv")
    text = run(place, "forecast", "--data", "grown.csv", "--output", "next.csv")
    assert "How far to trust it: the model was trained for all 46 planned steps" in text
    rows = read(place / "next.csv")
    assert {row["source"] for row in rows} == {"grown.csv"}
    assert rows[0]["origin"] > first[0]["origin"]
    text = run(place, "forecast", "--data", "grown.csv", "--from", first[0]["origin"])
    assert f"Close after {first[0]['origin']}" in text
    text = run(place, "evaluate", "--data", "grown.csv")
    assert "test: 11 windows" in text  # 13 new days, three of which a window predicts
    text = run(place, "forecast", "--data", "grown.csv", "--from", "1999-06-01")
    assert "the model was trained on these days" in text


def forecast(place):
    """Forecasts from the run's own table; returns the name of the CSV."""
    text = run(place, "forecast")
    return next(word for word in text.split() if word.endswith(".csv"))
