"""Names of columns: reduced to letters and digits, and known in many languages."""

import pytest

from pgat_jax.data.user_files.synonyms import DATES, PRICE_OF, compact, is_known, split_instrument


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (" <OPEN> ", "open"),
        ("1. open", "open"),
        ("1b. open (USD)", "open"),
        ("Close*", "close"),
        ("Adj Close**", "adjclose"),
        ("PX_LAST", "pxlast"),
        ("Eröffn.", "eroffn"),
        ("Najwyższy", "najwyzszy"),
        ("Zamknięcie", "zamkniecie"),
        ("__index_level_0__", "indexlevel0"),
        ("开盘价", "开盘价"),
        ("시가", "시가"),
    ],
)
def test_a_name_is_reduced(name, key):
    assert compact(name) == key


def test_no_name_stands_for_two_columns():
    assert not set(PRICE_OF) & set(DATES)
    assert len(DATES) == len(set(DATES))
    assert set(PRICE_OF.values()) == {"Open", "High", "Low", "Close"}


@pytest.mark.parametrize("name", ["Prev Close", "Adj Close", "pre_close", "Bid Open", "VWAP", ""])
def test_what_is_near_a_price_is_none(name):
    assert not is_known(name)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("AAPL.Open", ("Open", "AAPL")),
        ("Close_^GSPC", None),
        ("Close_GC=F", ("Close", "GC=F")),
        ("Low BRK-B", ("Low", "BRK-B")),
        ("Adj.Close", None),
        ("Volume_AAPL", None),
    ],
)
def test_a_name_with_an_instrument_is_split(name, parts):
    expected = ("Close", "^GSPC") if name == "Close_^GSPC" else parts
    assert split_instrument(name) == expected
