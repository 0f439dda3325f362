"""Decodes the text of a user's file: UTF-8, UTF-16, or the old code pages of Windows."""

import re
from typing import NamedTuple

from pgat_jax.data.user_files.recipes import write_recipe
from pgat_jax.data.user_files.synonyms import is_known
from pgat_jax.errors import UserError

# Code pages of one and two bytes. They differ in letters alone: no digit or separator changes.
_CODE_PAGES = {
    "cp1252": "Windows-1252",
    "gb18030": "GB 18030",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp949": "Korean CP949",
    "cp932": "Japanese CP932",
}
# The characters at the start of a file in which the header is looked for.
_START = 4000
# The most characters of a vendor's message that an error repeats.
_SHOWN = 80
_WORDS = re.compile(r"[^,;\t|\r\n\"]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MAGIC = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", "pd.read_excel({})"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "pd.read_excel({})"),
    b"\x1f\x8b": ("compressed", "pd.read_csv({}, compression='gzip', dtype=str)"),
    b"PAR1": ("Parquet", "pd.read_parquet({}).reset_index()"),
}


class Text(NamedTuple):
    """The text of a file.

    Attributes:
        text: the text, with `\\n` at the end of each line.
        encoding: Python's name of the encoding.
        notes: how it was decoded, for the user; empty for UTF-8.
    """

    text: str
    encoding: str
    notes: tuple[str, ...]


def decode(where: str, content: bytes) -> Text:
    """Decodes the content of a file.

    Args:
        where: the file, for error messages.
        content: the content.

    Raises:
        UserError: it is no text, or the web page or JSON of a vendor's error.
    """
    for magic, (kind, call) in _MAGIC.items():
        if content.startswith(magic):
            recipe = write_recipe(where, call.format(repr(where)))
            raise UserError(
                f"{where}: not a text file but {kind}, expected CSV: convert it, {recipe}"
            )
    encoding, note = _find_encoding(where, content)
    text = content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UserError(f"{where}: the file is empty, expected a header and rows.")
    if _CONTROL.search(text):
        what = "it contains NUL bytes" if "\0" in text else "it contains control characters"
        raise UserError(f"{where}: not a text file ({what}): save it as CSV in UTF-8.")
    _refuse_other_languages(where, text)
    return Text(text, encoding, (note,) if note else ())


def _find_encoding(where: str, content: bytes) -> tuple[str, str]:
    """Returns the encoding and a note about it."""
    start = content[:200]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = {"utf-16": "UTF-16"}
    elif len(start) > 2 and start[1::2].count(0) > len(start) // 3:
        candidates = {"utf-16-le": "UTF-16"}
    elif len(start) > 2 and start[::2].count(0) > len(start) // 3:
        candidates = {"utf-16-be": "UTF-16"}
    else:
        candidates = {"utf-8-sig": ""}
    found = {name: note for name, note in candidates.items() if _decodes(content, name)}
    if not found and "utf-8-sig" in candidates:
        found = {name: note for name, note in _CODE_PAGES.items() if _decodes(content, name)}
    if not found:
        raise UserError(
            f"{where}: not a text file in UTF-8, UTF-16 or Windows-1252: save it as CSV in UTF-8."
        )
    names = list(found)
    best = names[0] if len(names) == 1 else max(names, key=lambda n: _count_names(content, n))
    return best, found[best]


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _count_names(content: bytes, encoding: str) -> int:
    """Counts the names of columns that a start of a file has in an encoding."""
    text = content.decode(encoding)[:_START]
    return len({word for word in _WORDS.findall(text) if is_known(word)})


def _refuse_other_languages(where: str, text: str) -> None:
    start = text.lstrip()[:1]
    kind = {"<": "a web page", "{": "JSON", "[": "JSON"}.get(start)
    line = text.strip().partition("\n")[0]
    if kind and not _is_bracketed_header(line):
        raise UserError(
            f"{where}: {kind} and not a table, perhaps an error of the vendor: it begins "
            f"{line[:_SHOWN]!r}, expected CSV: download it again."
        )


def _is_bracketed_header(line: str) -> bool:
    """Returns whether the first line is a header whose names are in `<>`, as of MetaTrader."""
    return len(re.findall(r"<\w+>", line)) >= 4 and bool(re.search(r">\s*[,;\t|]\s*<", line))
