"""``load_data``: windows of real data, forecasts past the end, new tables under a run's scaler."""

import subprocess
import sys
import time

import numpy as np
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data import loading
from pgat_jax.data.calendar import FEATURES
from pgat_jax.data.columns import BODIES, computed_columns
from pgat_jax.data.loading import load_columns
from pgat_jax.errors import UserError


def test_a_batch_has_the_shapes_of_the_recovery_recipe():
    data = load_data(load_config("recovery"))
    batch = data.batch("train", [0, 1, 2, 3])
    shapes = {name: array.shape for name, array in batch._asdict().items()}
    assert shapes == {
        "past": (4, 250, 118),
        "phase": (4, 250, len(BODIES), 4),
        "past_calendar": (4, 250, len(FEATURES)),
        "known": (4, 135, 114),
        "known_calendar": (4, 135, len(FEATURES)),
        "target": (4, 10, 4),
    }
    assert all(array.dtype == np.float32 for array in batch)
    assert all(np.isfinite(array).all() for array in batch)
    assert len(data.windows("train")) == 4671
    assert len(data.windows("validation")) == len(data.windows("test")) == 41


def test_a_batch_holds_the_rows_of_its_window(data):
    batch = data.batch("test", [5])
    row = data.windows("test")[5]
    scaled = data.scaler.scale(data.table.values)
    S, L, P = data.config.seq_len, data.config.label_len, data.config.pred_len
    assert batch.past[0] == pytest.approx(scaled[row - S + 1 : row + 1], abs=1e-5)
    assert batch.known[0] == pytest.approx(scaled[row - L + 1 : row + P + 1, 4:], abs=1e-5)
    assert batch.target[0] == pytest.approx(scaled[row + 1 : row + P + 1, :4], abs=1e-5)


def test_a_batch_does_not_depend_on_its_other_windows(data):
    one, many = data.batch("train", [17]), data.batch("train", [3, 17, 4000])
    assert all(np.array_equal(a[0], b[1]) for a, b in zip(one, many))


@pytest.mark.parametrize(
    ("split", "indices", "what"),
    [
        ("train", [-1], "window -1 of split 'train': expected 0 to"),
        ("test", [48], "window 48 of split 'test': expected 0 to 47"),
        ("valid", [0], "split 'valid': expected one of train, validation, test"),
    ],
)
def test_a_window_that_does_not_exist_is_refused(data, split, indices, what):
    with pytest.raises(UserError, match=what):
        data.batch(split, indices)


def test_columns_of_a_shipped_source_need_no_table(monkeypatch, data):
    monkeypatch.setattr(loading, "load_table", None)
    for source in ("nasdaq", "ibm"):
        assert load_columns(load_config("tiny", f"data.source={source}")) == computed_columns()
    assert data.columns == computed_columns()


def test_columns_of_a_users_table_are_those_that_it_loads_with(prices_csv):
    config = load_config("tiny", f"data.source={prices_csv()}")
    assert load_columns(config) == load_data(config).columns


def test_ibm_loads():
    data = load_data(load_config("tiny", "data.source=ibm"))
    assert len(data.table) == 3269
    assert data.table.dropped == ()


def test_a_window_past_the_end_knows_the_days_and_the_sky_but_no_target(data):
    batch, days = data.window_at(len(data.table) - 1)
    assert days.astype(str).tolist() == ["2019-01-02", "2019-01-03", "2019-01-04"]
    assert np.isnan(batch.target).all()
    rest = batch._replace(target=np.zeros(1))
    assert all(np.isfinite(array).all() for array in rest)
    assert batch.past[0] == pytest.approx(
        data.scaler.scale(data.table.values)[-data.config.seq_len :], abs=1e-5
    )


def test_a_window_over_the_end_has_the_targets_that_are_known(data):
    batch, days = data.window_at(len(data.table) - 2)
    assert days[0] == data.table.dates[-1]
    assert np.isfinite(batch.target[0, 0]).all()
    assert np.isnan(batch.target[0, 1:]).all()


def test_a_window_inside_is_the_batch_of_its_row(data):
    row = int(data.windows("validation")[7])
    batch, days = data.window_at(row)
    assert all(np.array_equal(a, b) for a, b in zip(batch, data.batch("validation", [7])))
    assert np.array_equal(days, data.table.dates[row + 1 : row + 1 + data.config.pred_len])


@pytest.mark.parametrize(
    ("date", "last"), [("2018-07-03", "2018-07-03"), ("2018-07-04", "2018-07-03")]
)
def test_a_date_means_the_last_row_on_or_before_it(data, date, last):
    assert str(data.table.dates[data.row_at(date)]) == last
    _, days = data.window_at(date)
    assert str(days[0]) == "2018-07-05"


@pytest.mark.parametrize(
    ("origin", "what"),
    [
        ("2019-01-05", "date 2019-01-05: expected 1999-01-05 to 2018-12-31"),
        ("1999-01-04", "date 1999-01-04: expected 1999-01-05 to"),
        ("soon", "date 'soon': expected YYYY-MM-DD"),
        (14, r"needs data.seq_len \(16\) rows up to it: expected a row from 15 to 5029"),
        (5030, "expected a row from 15 to 5029, 1999-01-27 to 2018-12-31"),
    ],
)
def test_an_origin_that_cannot_be_served_is_refused(data, origin, what):
    with pytest.raises(UserError, match=what):
        data.window_at(origin)


@pytest.mark.parametrize("calendar", ["weekdays", "daily"])
def test_days_to_come_follow_the_configured_calendar(calendar):
    data = load_data(load_config("tiny", f"data.calendar={calendar}"))
    _, days = data.window_at(len(data.table) - 1)
    assert str(days[0]) == "2019-01-01"


def test_new_rows_take_the_runs_columns_and_scaling(prices_csv, data):
    """Twenty rows are enough for one window's past; their own statistics are not used."""
    config = load_config("tiny", f"data.source={prices_csv(rows=20)}")
    new = load_data(config, scaler=data.scaler)
    assert new.scaler is data.scaler
    batch, days = new.window_at(len(new.table) - 1)
    wide, same = data.window_at(len(data.table) - 1)
    assert np.array_equal(days, same)
    for a, b in zip(batch, wide):
        assert np.allclose(a, b, atol=1e-5, equal_nan=True)


def test_new_rows_without_the_runs_columns_are_refused(prices_csv, data):
    def add(lines):
        lines[:] = [[*line, "0.6", "0.8"] for line in lines]

    path = prices_csv(change=add, header="Date,Open,High,Low,Close,dyn_Sun_sin,dyn_Sun_cos")
    config = load_config("tiny", f"data.source={path}")
    with pytest.raises(UserError, match="111 columns that the run was trained on are missing"):
        load_data(config, scaler=data.scaler)


def test_too_few_new_rows_are_refused(prices_csv, data):
    config = load_config("tiny", f"data.source={prices_csv(rows=10)}")
    new = load_data(config, scaler=data.scaler)
    with pytest.raises(UserError, match=r"needs data.seq_len \(16\) rows"):
        new.window_at(len(new.table) - 1)


def test_gathering_compiles_once_for_a_batch_size(data):
    data.batch("train", [0, 1])
    before = loading._gather._cache_size()
    data.batch("validation", [1, 2])
    assert loading._gather._cache_size() == before


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
