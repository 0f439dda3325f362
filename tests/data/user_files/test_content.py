"""The bytes of a source: what is no file of prices is refused by its name, with a way out."""

import pytest

from pgat_jax.data.user_files.content import is_parquet, read_bytes
from pgat_jax.errors import UserError


@pytest.mark.parametrize("name", ["t.csv", "t.TXT", "t.tsv", "a b#^=@.csv", "t.parquet", "t.pq"])
def test_the_content_of_a_file_is_read(name, tmp_path):
    (tmp_path / name).write_bytes(b"Date")
    assert read_bytes(str(tmp_path / name)) == b"Date"
    assert is_parquet(name) == (name[-1] in "tq" and name != "t.TXT")


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("nasdq", "did you mean 'nasdaq'?"),
        ("prices.doc", "expected nasdaq, ibm, or the path of a .csv, .txt, .tsv or .parquet file."),
        ("no/such.csv", "); expected nasdaq, ibm, or the path of a .csv, .txt, .tsv or .parquet"),
        ("prices.xlsx", "expected nasdaq, ibm"),
    ],
)
def test_an_unknown_source_is_refused(source, what):
    with pytest.raises(UserError) as error:
        read_bytes(source)
    assert str(error.value).startswith(f"data.source={source}: ") and what in str(error.value)


def test_a_folder_and_an_empty_file_are_refused(tmp_path):
    with pytest.raises(UserError, match="is a folder, expected a file"):
        read_bytes(str(tmp_path))
    (tmp_path / "t.csv").write_bytes(b" \n\n ")
    with pytest.raises(UserError, match="the file is empty, expected a header and rows"):
        read_bytes(str(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("name", "call"),
    [("t.xlsx", "pd.read_excel("), ("t.csv.gz", "pd.read_csv("), ("t.json", "pd.read_json(")],
)
def test_a_file_of_another_kind_is_converted_by_a_recipe(name, call, tmp_path):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UserError) as error:
        read_bytes(str(tmp_path / name))
    assert f"convert it, in Python: import pandas as pd; df = {call}" in str(error.value)
