"""Windows of a table: by split and number, by date, and beyond the table's end."""

import numpy as np
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data import dataset
from pgat_jax.data.calendar import FEATURES
from pgat_jax.errors import UserError
from pgat_jax.names import BODIES


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


@pytest.mark.parametrize("calendar", ["24/5", "24/7"])
def test_days_to_come_follow_the_configured_calendar(calendar):
    data = load_data(load_config("tiny", f"data.calendar={calendar}"))
    _, days = data.window_at(len(data.table) - 1)
    assert str(days[0]) == "2019-01-01"


def test_gathering_compiles_once_for_a_batch_size(data):
    data.batch("train", [0, 1])
    before = dataset._gather._cache_size()
    data.batch("validation", [1, 2])
    assert dataset._gather._cache_size() == before


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_predicts_nothing_outside_its_rows(data, split):
    start, stop = getattr(data.splits, split)
    rows = data.windows(split)
    assert start <= rows.min() + 1
    assert rows.max() + data.config.pred_len < stop
