"""A DataFrame is read as the CSV file that pandas writes of it."""

import numpy as np
import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.data.frame import load_frame
from pgat_jax.errors import UserError
from tests.data.files import table_of


@pytest.fixture
def frame(data):
    frame = pd.DataFrame(data.table.prices[-61:], columns=list(PRICES))
    frame.insert(0, "Date", data.table.dates[-61:].astype("datetime64[ns]"))
    return frame


def test_a_column_and_an_index_of_dates_give_the_table_of_the_file(frame, config, prices_csv):
    expected = table_of(prices_csv(rows=61))
    for given in (frame, frame.set_index("Date"), frame.astype({"Date": str})):
        table = load_frame(given, config.data)
        assert (table.hash, table.source) == (expected.hash, "DataFrame")
        np.testing.assert_array_equal(table.prices, expected.prices)


def test_a_missing_column_is_refused_as_in_a_file(frame, config):
    with pytest.raises(UserError, match=r"DataFrame.*'?High'?"):
        load_frame(frame.drop(columns="High"), config.data)
