"""What each column is, by its name."""

import numpy as np
import pytest

from pgat_jax.data.user_files.recognition import check_one_ticker, recognise
from pgat_jax.errors import UserError
from tests.data.user_files.cells_of import make_cells


def cells_named(*names, first="2020-01-02"):
    cells = make_cells(**{str(i): [first if i == 0 else "1"] for i in range(len(names))})
    return type(cells)("t.csv", names, cells.columns, cells.lines, cells.read_call)


def find(*names):
    roles = recognise(cells_named(*names))
    own = {price: names[i] for price, i in roles.own.items()}
    return names[roles.date], own, roles.notes


def test_plain_names_need_no_note():
    date, own, notes = find("Date", "Open", "High", "Low", "Close")
    assert (date, list(own.values()), notes) == ("Date", ["Open", "High", "Low", "Close"], ())


def test_a_plain_name_comes_before_its_synonyms():
    _, own, notes = find("Date", "Open", "High", "Low", "Last", "Close", "Price")
    assert own["Close"] == "Close" and notes == ("without Last, Price",)


def test_the_date_comes_before_a_clock():
    date, _, _ = find("unix", "date", "open", "high", "low", "close")
    assert date == "date"


def test_an_index_without_name_has_the_dates_if_it_looks_so():
    names = ("Unnamed: 0", "Open", "High", "Low", "Close")
    assert find(*names)[0] == "Unnamed: 0"
    with pytest.raises(UserError, match="missing column 'Date'"):
        recognise(cells_named(*names, first="17"))
    assert find("Unnamed: 0", "Date", *names[1:])[0] == "Date"


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("Date", "Open", "High", "Low", "Last", "Price"), "'Last' and 'Price' can both be Close"),
        (("Date", "Open", "High", "Low", "Close", "close"), "'close' occurs twice (columns 5 and"),
        (("Date", "Open", "High", "Low", "Adj Close"), "'Adj Close' is no Close: it is adjusted"),
        (("Date", "Open", "High", "Low", "Clos"), "Did you mean 'Clos'? Rename it, in Python: "),
        (("Date", "Close"), "missing column 'Open' (and 2 more: High, Low)"),
        (("Date", "Open", "High", "Low", "Close", "dyn_Mrs_sin"), "did you mean 'dyn_Mars_sin'?"),
    ],
)
def test_a_header_that_is_not_whole_is_refused(names, what):
    with pytest.raises(UserError) as error:
        recognise(cells_named(*names))
    assert what in str(error.value)


def test_one_instrument_is_wanted():
    cells = make_cells(Date=["a", "b"], Ticker=["A", "A"], Open=["1", "1"], High=["1", "1"],
                       Low=["1", "1"], Close=["1", "1"])  # fmt: skip
    roles = recognise(cells)
    check_one_ticker(cells, roles)
    cells.columns[1][1] = "B"
    with pytest.raises(UserError, match=r"prices of 2 instruments \(A, B\), expected one"):
        check_one_ticker(cells, roles)
    check_one_ticker(cells.select_rows(np.array([0])), roles)
