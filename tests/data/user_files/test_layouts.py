"""The layouts of vendors, platforms and countries: read to the same rows, or refused and mended."""

import re
from pathlib import Path

import numpy as np
import pytest

from pgat_jax.errors import UserError
from tests.data.user_files import layouts
from tests.data.user_files.conftest import read

PAGE = Path(__file__).parents[3] / "docs" / "files.md"
SHOWN = 60


def names(cases):
    return [case.name for case in cases]


@pytest.mark.parametrize("case", layouts.READ, ids=names(layouts.READ))
def test_a_layout_is_read_to_the_rows_of_the_plain_file(case, write, plain):
    found = read(write(case), f"t{case.suffix}")
    assert np.array_equal(found.dates, plain.dates)
    assert np.array_equal(found.prices, plain.prices)
    assert found.warnings == ()


@pytest.mark.parametrize("case", layouts.REFUSED, ids=names(layouts.REFUSED))
def test_the_recipe_of_a_refusal_mends_the_file(case, frame, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"my file, it's #1=^x@{case.suffix}"
    path.write_bytes(write(case))
    with pytest.raises(UserError) as refusal:
        read(path.read_bytes(), path.name)
    message = str(refusal.value)
    assert case.what in message and "\n" not in message
    before, is_there, recipe = message.partition("in Python: ")
    assert is_there and before.startswith(path.name)
    exec(recipe, {})
    mended = path.with_name(f"{path.stem}_mended.csv")
    found, expected = read(mended.read_bytes()), case.keep(frame)
    assert np.array_equal(found.dates, expected["Date"].to_numpy("datetime64[D]"))
    assert np.array_equal(found.prices, expected[layouts.PRICES].to_numpy())


def test_a_column_of_closes_is_given_a_range_by_its_recipe(frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_bytes(layouts.to_csv(frame[["Date", "Close"]]))
    with pytest.raises(UserError, match="A file of closes alone has no range") as refusal:
        read((tmp_path / "t.csv").read_bytes())
    exec(str(refusal.value).partition("in Python: ")[2], {})
    found = read((tmp_path / "t_mended.csv").read_bytes())
    close = frame["Close"].to_numpy()
    assert np.array_equal(found.prices[:, 3], close)
    assert np.array_equal(found.prices[1:, 0], close[:-1])
    assert np.array_equal(found.prices[1:, 1], np.maximum(close[1:], close[:-1]))


@pytest.mark.parametrize("sign", [",", "."])
def test_numbers_that_may_be_thousands_are_refused_and_mended(sign, frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hundredfold = frame.assign(**{p: (frame[p] * 100).round() for p in layouts.PRICES})
    written = layouts.format_numbers(hundredfold, lambda p: f"{p:,.0f}".replace(",", sign))
    (tmp_path / "t.csv").write_bytes(layouts.to_csv(written, sep=";"))
    with pytest.raises(UserError, match="can be the decimal sign or between thousands") as refusal:
        read((tmp_path / "t.csv").read_bytes())
    before, _, recipe = str(refusal.value).partition("in Python: ")
    other = before.partition("(else with ")[2].rpartition(")")[0]
    chosen = recipe.partition("lambda c: ")[2].partition("); df.to_csv")[0]
    for expression in (chosen, other):
        exec(recipe.replace(chosen, expression), {})
        found = read((tmp_path / "t_mended.csv").read_bytes()).prices
        scale = 1.0 if "''" in expression else 1000.0
        assert np.allclose(found * scale, hundredfold[layouts.PRICES].to_numpy())


def format_row(case, write) -> str:
    """Returns the row of a layout in the table of the page."""
    content = write(case)
    says = " ".join(read(content, f"t{case.suffix}").notes) or "nothing: it is the plain file"
    return f"| {case.name} | {find_first_line(case, content)} | {escape(says)} |"


def format_refusal(case, write) -> str:
    """Returns the row of a refusal in the table of the page."""
    name = f"my{case.suffix}"
    with pytest.raises(UserError) as refusal:
        read(write(case), name)
    before, _, recipe = str(refusal.value).partition(", in Python: ")
    steps = recipe.partition("; ")[2].rpartition("; ")[0]
    answer = before.partition(": ")[2]
    return f"| {case.name} | {escape(answer)} | `{steps.replace('|', chr(92) + '|')}` |"


def find_first_line(case, content: bytes) -> str:
    if case.suffix == ".parquet":
        return "(Parquet)"
    encodings = (
        ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    )
    if "Windows-125" in case.name or "Latin" in case.name:
        encodings = ("cp1250" if "1250" in case.name else "cp1252",)
    for encoding in encodings:
        try:
            line = content.decode(encoding).split("\n")[0]
        except UnicodeDecodeError:
            continue
        shown = line if len(line) <= SHOWN else f"{line[:SHOWN]}..."
        return f"`{shown.replace(chr(9), ' ⇥ ')}`"
    raise AssertionError(case.name)


def escape(text: str) -> str:
    return re.sub(r"([|*<>_\[\]])", r"\\\1", text)


def test_the_page_shows_each_layout_and_each_refusal(write):
    page = PAGE.read_text()
    rows = [format_row(case, write) for case in layouts.READ]
    rows += [format_refusal(case, write) for case in layouts.REFUSED]
    missing = [row for row in rows if f"\n{row}\n" not in page]
    assert not missing, "rows that docs/files.md lacks:\n" + "\n".join(missing)
