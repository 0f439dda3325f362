"""The table in a run's folder."""

import numpy as np
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data.cache import seal
from pgat_jax.data.table import take_rows
from pgat_jax.storage import own_table
from pgat_jax.storage.own_table import read_table, save_table


@pytest.fixture(scope="module")
def table():
    return take_rows(load_data(load_config("tiny")).table, 0, 30)


def test_what_was_saved_is_read_with_the_name_that_is_asked_for(table, tmp_path):
    assert save_table(tmp_path, table) == tmp_path / "table.npz"
    again = read_table(tmp_path, "moved.csv")
    assert (again.hash, again.source) == (table.hash, "moved.csv")


def test_no_file_and_a_damaged_one_give_none(table, tmp_path):
    assert read_table(tmp_path, "a") is None
    path = save_table(tmp_path, table)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert read_table(tmp_path, "a") is None


def test_a_sealed_file_that_is_no_table_gives_none(tmp_path):
    (tmp_path / "table.npz").write_bytes(seal(own_table._KEY, {"dates": np.zeros(2)}))
    assert read_table(tmp_path, "a") is None
