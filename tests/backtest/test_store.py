"""Scores of finished years: kept by content, never by half."""

import numpy as np

from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.store import SOURCES, ScoreStore, digest_code, make_key

BLOCK = Block(2010, np.arange(5), 0)


def test_scores_read_back_as_they_were_written(tmp_path):
    store, scores = ScoreStore(tmp_path), {"crps": np.arange(6.0).reshape(2, 3)}
    assert store.read("a" * 64) is None
    store.write("a" * 64, scores)
    np.testing.assert_array_equal(ScoreStore(tmp_path).read("a" * 64)["crps"], scores["crps"])


def test_a_damaged_file_counts_as_none(tmp_path):
    store = ScoreStore(tmp_path)
    store.write("b" * 64, {"crps": np.ones(3)})
    (path,) = tmp_path.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:-20])
    assert store.read("b" * 64) is None


def test_a_key_depends_on_table_settings_fit_and_origins():
    keys = {
        make_key("table", "mean", BLOCK),
        make_key("other", "mean", BLOCK),
        make_key("table", "zero", BLOCK),
        make_key("table", "mean", BLOCK._replace(fit_row=1)),
        make_key("table", "mean", BLOCK._replace(rows=np.arange(6))),
    }
    assert len(keys) == 5
    assert make_key("table", "mean", BLOCK) in keys


def test_the_code_that_scores_depend_on_exists():
    assert len(digest_code()) == 64
    assert all(source.endswith(".py") for source in SOURCES)
