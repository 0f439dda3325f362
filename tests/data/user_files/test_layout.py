"""The separator, the header and the first row of a text."""

import pytest

from pgat_jax.data.user_files.layout import find_layout
from pgat_jax.errors import UserError

HEADER = "Date,Open,High,Low,Close\n"
ROW = "2020-01-02,1,2,1,2\n"


def find(text):
    return find_layout("t.csv", text, "utf-8-sig")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_is_found_by_the_header(separator):
    layout = find((HEADER + ROW).replace(",", separator))
    assert layout.separator == separator and layout.names[4] == "Close"
    assert (layout.names_line, layout.first) == (0, 1)


def test_lines_above_the_header_are_counted():
    layout = find("Prices, daily\n\n# x\n" + HEADER + ROW)
    assert (layout.names_line, layout.first) == (3, 4)
    assert layout.notes == ("2 lines above the header left out",)
    assert layout.write_call("t.csv", "cp1252") == (
        "pd.read_csv('t.csv', encoding='cp1252', skiprows=[0, 1, 2], dtype=str)"
    )


def test_the_line_of_excel_gives_the_separator():
    layout = find("sep=;\n" + (HEADER + ROW).replace(",", ";"))
    assert (layout.separator, layout.first) == (";", 2)
    assert layout.notes == ("separated by semicolons",)


def test_names_are_those_of_pandas():
    layout = find(",Open,High,Low, Close ,,\n")
    assert layout.names == ("Unnamed: 0", "Open", "High", "Low", "Close")
    assert layout.names_line is None, "pandas would keep the spaces, so the recipe names columns"


def test_three_header_lines_are_one():
    head = "Price,Close,High,Low,Open\nTicker,A,A,A,A\nDate,,,,\n"
    layout = find(head + ROW)
    assert layout.names == ("Date", "Close", "High", "Low", "Open") and layout.first == 3


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("2014.03.27,00:00,1,2,1,2,5", "Date Clock Open High Low Close"),
        ("2014.03.27\t1\t2\t1\t2\t5\t0\t50", "Date Open High Low Close"),
        ("1577923200000" + ",1" * 11, "Open time Open High Low Close"),
    ],
)
def test_rows_without_header_are_known_by_their_first_cells(row, names):
    layout = find(row + "\n")
    assert " ".join(layout.names).startswith(names) and layout.first == 0
    assert any(note.startswith("no header") for note in layout.notes)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Exceeded the daily hits limit\n", "no table is found, the file begins 'Exceeded"),
        ("a,b,c,d,e\n1,2,3,4,5\n", "no line names the prices, the first is 'a,b,c,d,e'"),
        ('"Date,Open,High,Low,Close"\n', "each line stands in quotes as one cell"),
        (ROW, "no header, the first line is '2020-01-02,1,2,1,2'"),
        ((HEADER + ROW).replace(",", "  "), "the columns are separated by spaces"),
    ],
)
def test_a_text_without_header_is_refused(text, what):
    with pytest.raises(UserError) as error:
        find(text)
    assert str(error.value).startswith("t.csv: ") and what in str(error.value)
