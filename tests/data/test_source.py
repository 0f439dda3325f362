"""The table of a source: from the cache if its content is known, built otherwise."""

import logging
import subprocess
import sys
import time

import numpy as np
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data import cache, source
from pgat_jax.data.source import digest_code, load_table
from pgat_jax.errors import UserError


@pytest.fixture
def file(prices_csv):
    return load_config("tiny", f"data.source={prices_csv(rows=60)}").data


def test_a_table_is_built_once_and_read_back_the_same(file, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    built = load_table(file)
    assert f"building the table of {file.source}, once" in caplog.text
    monkeypatch.setattr(source, "join", None)
    again = load_table(file)
    assert again.hash == built.hash and again.columns == built.columns
    assert (again.source, again.notes, again.computed_sky) == (file.source, built.notes, True)
    np.testing.assert_array_equal(again.dates, built.dates)
    np.testing.assert_array_equal(again.values, built.values)


def test_a_changed_file_is_built_anew(file, prices_csv):
    first = load_table(file)
    prices_csv(rows=60, change=lambda lines: lines[0].__setitem__(4, lines[0][3]))
    assert load_table(file).hash != first.hash


def test_changed_code_builds_the_table_anew(monkeypatch):
    before = digest_code()
    monkeypatch.setattr(source.importlib.metadata, "version", lambda name: "other")
    assert digest_code() != before


def test_one_row_is_no_table(prices_csv):
    config = load_config("tiny", f"data.source={prices_csv(rows=1)}")
    with pytest.raises(UserError, match="one row, expected at least data"):
        load_table(config.data)


def test_a_damaged_cache_does_not_change_the_table(file):
    first = load_table(file)
    newest = max(cache.folder().glob("*.npz"), key=lambda path: path.stat().st_mtime)
    newest.write_bytes(b"damaged")
    assert load_table(file).hash == first.hash


def test_a_warm_load_takes_less_than_half_a_second():
    config = load_config("recovery")
    load_data(config)
    begin = time.process_time()
    load_data(config)
    assert time.process_time() - begin < 0.5


def test_a_warm_load_imports_neither_skyfield_nor_pandas_nor_pyarrow(data, cache_folder):
    code = (
        "import sys, pathlib; from pgat_jax.data import cache;"
        f"cache.folder = lambda: pathlib.Path({str(cache_folder)!r});"
        "from pgat_jax import load_config, load_data; load_data(load_config('tiny')).device_table;"
        "print([m for m in ('skyfield', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
