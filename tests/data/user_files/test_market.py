"""Prices, log returns and log prices of a user's table."""

import numpy as np
import pytest

from tests.data.files import load, refused


def log_lines(levels):
    """Replaces four prices by log prices, or log returns where ``levels`` is false."""

    def change(lines):
        logs = np.log(np.array([line[1:] for line in lines], float))
        if not levels:
            logs = logs - np.concatenate([logs[:1, 3], logs[:-1, 3]])[:, None]
        lines[:] = [[line[0], *map(repr, row)] for line, row in zip(lines, logs.tolist())]

    return change


LOG_HEADER = "Date,log_Open,log_High,log_Low,log_Close"


def test_log_prices_are_told_from_log_returns(prices_csv, data):
    table = load(prices_csv(change=log_lines(True), header=LOG_HEADER)).table
    assert table.prices == pytest.approx(data.table.prices[-199:])
    assert table.values[:, :4] == pytest.approx(data.table.values[-199:, :4])
    assert any("log prices" in note for note in table.notes)


def test_log_returns_alone_give_levels_from_one(prices_csv, data):
    table = load(prices_csv(change=log_lines(False), header=LOG_HEADER)).table
    assert table.values[:, :4] == pytest.approx(data.table.values[-199:, :4])
    assert table.prices / table.prices[0, 3] == pytest.approx(
        data.table.prices[-199:] / data.table.prices[-199, 3]
    )
    assert any("no prices" in note for note in table.notes)


def test_log_returns_that_contradict_the_prices_are_refused(prices_csv):
    def add(lines):
        lines[:] = [[*line, *["0.01", "0.01", "0.01", "0.01"]] for line in lines]

    header = f"Date,Open,High,Low,Close,{LOG_HEADER[5:]}"
    message = refused(prices_csv(change=add, header=header))
    assert "row 3, column 'log_Open': got 0.01, expected " in message


def test_a_log_high_below_the_log_low_is_refused(prices_csv):
    def change(lines):
        log_lines(False)(lines)
        lines[5][2] = "-0.9"

    message = refused(prices_csv(change=change, header=LOG_HEADER))
    assert "row 7, column 'log_High': got -0.9, expected at least log_Low" in message


def test_logs_that_lead_to_no_price_are_refused(prices_csv):
    def change(lines):
        lines[:] = [[line[0], *["5", "7", "4", "6"]] for line in lines]

    message = refused(prices_csv(change=change, header=LOG_HEADER))
    assert "expected natural logarithms" in message


def test_returns_may_differ_by_what_prices_rounded_to_cents_hide(prices_csv, data):
    def change(lines):
        rows = data.table.values[-len(lines) :, :4].tolist()
        for line, row in zip(lines, rows):
            line[1:] = [f"{float(p):.2f}" for p in line[1:]] + [repr(v) for v in row]

    table = load(
        prices_csv(change=change, header=f"Date,Open,High,Low,Close,{LOG_HEADER[5:]}")
    ).table
    assert np.array_equal(table.values[:, :4], data.table.values[-199:, :4])
