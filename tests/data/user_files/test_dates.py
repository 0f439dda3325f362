"""Dates: each form, and the refusal where none or several fit every row."""

import numpy as np
import pytest

from pgat_jax.data.user_files.dates import FORMS, looks_like_dates, read_dates
from pgat_jax.errors import UserError
from tests.data.user_files.cells_of import make_cells


def read(*texts, name="Date"):
    return read_dates(make_cells(**{name: list(texts)}), 0)


def refused(*texts, name="Date"):
    with pytest.raises(UserError) as error:
        read(*texts, name=name)
    return str(error.value)


@pytest.mark.parametrize(
    "texts",
    [
        ("2018-06-29", "2018-07-02"),
        (" 2018-06-29 ", "2018-07-02"),
        ("2018-06-29T10:00", "2018-07-02T10:00"),
        ("2018-06-29 00:00:00+02:00", "2018-07-02 00:00:00+0200"),
        ("2018-06-29T00:00:00.000Z", "2018-07-02T00:00:00.000Z"),
        ("2018-6-29", "2018-7-2"),
        ("2018/06/29", "2018/07/02"),
        ("2018.06.29", "2018.07.02"),
        ("20180629", "20180702"),
        ("20180629.0", "20180702.0"),
        ("06/29/2018", "07/02/2018"),
        ("29/06/2018", "02/07/2018"),
        ("6/29/18", "7/2/18"),
        ("29.6.2018", "2.7.2018"),
        ("29-06-2018", "02-07-2018"),
        ("29-Jun-18", "2-Jul-18"),
        ("Jun 29, 2018", "Jul 02, 2018"),
        ("Fri, Jun 29, 2018", "Mon, Jul 02, 2018"),
        ("29 June 2018", "2 July 2018"),
        ("6/29/2018 4:00 PM", "7/2/2018 4:00 PM"),
        ("2018年6月29日", "2018年7月2日"),
    ],
)
def test_a_form_that_fits_every_row_alone_is_read(texts):
    assert [str(day) for day in read(*texts).days] == ["2018-06-29", "2018-07-02"]


def test_the_time_of_day_is_read():
    found = read("6/28/2018 4:00 PM", "6/29/2018 12:00 AM")
    assert found.seconds.tolist() == [57600.0, 0.0]


@pytest.mark.parametrize("texts", [("01/02/2018", "01/03/2018"), ("1/2/18", "1/3/18")])
def test_two_forms_that_fit_every_row_in_order_are_refused(texts):
    assert f"got '{texts[0]}', which can be MM/DD/" in refused(*texts)


def test_of_two_forms_the_one_that_puts_rows_in_order_is_read():
    assert read("01/11/2018", "01/12/2018", "02/01/2018").note == "dates MM/DD/YYYY"


@pytest.mark.parametrize(
    ("texts", "row", "what"),
    [
        (("2018-01-01", ""), 3, "is empty, expected a date"),
        (("2018-01-01", "2018-02-30"), 3, "got '2018-02-30', expected a date YYYY-MM-DD"),
        (("2018-01-01", "1/2/2018"), 3, "got '1/2/2018', expected a date YYYY-MM-DD"),
        (("2018-01-01", "2018-06-299"), 3, "got '2018-06-299', expected a date YYYY-MM-DD"),
        (("2018-01-01", "2018-01-02 25:00"), 3, "got '2018-01-02 25:00', expected a date"),
        (("x" * 50,), 2, f"got '{'x' * 37}...', expected a date YYYY-MM-DD"),
        (("20180101", "20181301"), 3, "got '20181301', expected a date"),
        (("43831", "43832"), 2, "got 43831, the number of a day of Excel"),
        (("29.06.2018", "30.06.2018", "x"), 4, "got 'x', expected a date DD.MM.YYYY, as in most"),
    ],
)
def test_a_cell_that_is_no_date_is_named(texts, row, what):
    assert refused(*texts).startswith(f"t.csv, row {row}, column 'Date': {what}")


@pytest.mark.parametrize("factor", [1, 1000, 10**6, 10**9])
def test_midnights_since_1970_are_read_in_any_unit(factor):
    texts = [str(86_400 * factor * day) for day in (17_711, 17_714)]
    assert [str(day) for day in read(*texts).days] == ["2018-06-29", "2018-07-02"]


def test_other_times_since_1970_are_read_where_the_name_says_so():
    texts = ["1530279000", "1530538200"]
    assert [str(day) for day in read(*texts, name="time").days] == ["2018-06-29", "2018-07-02"]
    assert "got a number that is 2018-06-29T13:30:00.000000 UTC" in refused(*texts)


def test_typed_columns_are_taken_as_they_are():
    times = np.array(["2018-01-01", "2018-01-02"], "datetime64[us]")
    cells = make_cells(a=times, b=np.array([20180101.0, 20180102.0]), c=[1, 2])
    assert read_dates(cells, 0).days.dtype == "datetime64[D]"
    assert np.array_equal(read_dates(cells, 1).days, times)
    with pytest.raises(UserError, match="row 3, column 'a': is empty, expected a date"):
        read_dates(make_cells(a=np.array(["2018-01-01", "NaT"], "datetime64[us]")), 0)
    with pytest.raises(UserError, match="column 'a': got type bool, expected dates"):
        read_dates(make_cells(b=["x"], a="bool"), 1)


def test_a_column_looks_like_dates_by_its_first_cell():
    assert looks_like_dates(["2018-01-01"]) and looks_like_dates(["1530279000"])
    assert not looks_like_dates(["17"]) and not looks_like_dates(["x"]) and not looks_like_dates([])
    assert not looks_like_dates(np.array([1.0])) and not looks_like_dates("bool")


def test_each_form_has_its_own_name():
    assert len({form.name for form in FORMS}) == len(FORMS)
