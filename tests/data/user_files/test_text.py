"""Encodings: letters alone depend on them, and what is no text is named for what it is."""

import pytest

from pgat_jax.data.user_files.text import decode
from pgat_jax.errors import UserError

GERMAN = "Datum;Eröffnung;Höchst;Tiefst;Schluss\n"


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        (GERMAN, "utf-8", ()),
        (GERMAN, "utf-8-sig", ()),
        (GERMAN, "cp1252", ("Windows-1252",)),
        (GERMAN, "utf-16", ("UTF-16",)),
        (GERMAN, "utf-16-le", ("UTF-16",)),
        (GERMAN, "utf-16-be", ("UTF-16",)),
        ("Data;Otwarcie;Najwyższy;Najniższy;Zamknięcie\n", "cp1250", ("Windows-1250",)),
        ("日期,开盘价,最高价,最低价,收盘价\n", "gb18030", ("GB 18030",)),
        ("Дата;Открытие;Максимум;Минимум;Закрытие\n", "cp1251", ("Windows-1251",)),
    ],
)
def test_a_text_is_decoded_by_the_encoding_that_gives_its_header(text, encoding, note):
    found = decode("t.csv", text.encode(encoding))
    assert found.text == text and found.notes == note


def test_all_ends_of_lines_are_one():
    assert decode("t.csv", b"a\r\nb\rc\n").text == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"Date,Open\0,High\n", "it contains NUL bytes"),
        (b"Date,\x01\n", "it contains control characters"),
        (b"PK\x03\x04xx", "an Excel workbook or a zip archive"),
        (b"\x1f\x8bxx", "compressed, expected CSV: convert it, in Python: "),
        (b"PAR1xx", "Parquet, expected CSV: convert it, in Python: "),
        (b"<!DOCTYPE html><html>", "a web page and not a table, perhaps an error of the vendor"),
        (b'{"Information": "limit"}', "JSON and not a table, perhaps an error of the vendor"),
    ],
)
def test_what_is_no_table_is_named(content, what):
    with pytest.raises(UserError) as error:
        decode("t.csv", content)
    assert str(error.value).startswith("t.csv: ") and what in str(error.value)


def test_a_header_in_angle_brackets_is_no_web_page():
    header = "<TICKER>,<PER>,<DATE>,<OPEN>,<HIGH>\n"
    assert decode("t.csv", header.encode()).text == header
