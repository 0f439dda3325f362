"""Draws damage by hypothesis: changes of bytes, lines, words and cells of a table."""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

# Values that have broken programs before.
HOSTILE = [
    *("", " ", "~", "null", "true", "on", "-0", "1e999", "-1e308", ".nan", ".inf", "0x10", "1_000"),
    *("9" * 30, "9" * 5000, "1e-400", "NaN", "inf", "-1", "0", "1.5", "[]", "{}", "[1, [2]]"),
    *("'", '"', "\\", "%s", "{0}", "$(ls)", "../..", "/dev/zero", "~nobody/x.csv", "nasdaq"),
    *("a" * 300 + ".csv", "\x1b[2J", "\x00", "\u202e", "\ufeff", "\ud800", "é", "١٢", "<b>"),
    *("[red]", "!!int 3", "&a x", "*a", "<<: {}", "- ", "? ", ": ", "# ", "|", ">", "---", "..."),
    *("2018-02-30", "x.csv", "--", "-h", "tiny"),
]

places = st.floats(0, 1, exclude_max=True)
values = st.sampled_from(HOSTILE) | st.text(max_size=12)


def at(place: float, items: Sequence) -> int:
    """Returns the index of the item at a relative place; 0 if there are no items.

    Args:
        place: a number in [0, 1): 0 for the first item, near 1 for the last.
        items: any sequence; only its length is used.
    """
    return int(place * len(items))


@st.composite
def bytes_damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Draws a change of bytes: a bit flips, or bytes are inserted, cut, zeroed or doubled.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    functions.

    Returns:
        A function from the content of a file, which may be empty, to the damaged content.
    """
    kind = draw(st.sampled_from(("flip", "junk", "cut", "zero", "double", "replace")))
    place, size = draw(places), draw(st.integers(1, 64))
    bit, junk = draw(st.integers(0, 7)), draw(st.binary(max_size=64))

    def change(content: bytes) -> bytes:
        i = at(place, content)
        head, middle, tail = content[:i], content[i : i + size], content[i + size :]
        flipped = bytes([content[i] ^ 1 << bit]) + content[i + 1 :] if content else b""
        return {
            "flip": head + flipped,
            "junk": head + junk + middle + tail,
            "cut": head,
            "zero": head + bytes(len(middle)) + tail,
            "double": head + middle + middle + tail,
            "replace": junk,
        }[kind]

    return change


@st.composite
def lines_damage(draw: st.DrawFn) -> Callable[[str], str]:
    """Draws a change of text: a line is deleted, doubled, moved, indented or replaced.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    functions.

    Returns:
        A function from a text of at least one line to the damaged text; an empty text raises
        IndexError for most kinds of damage.
    """
    kind = draw(st.sampled_from(("delete", "double", "swap", "indent", "value", "value", "key")))
    place, other, value = draw(places), draw(places), draw(values)

    def change(text: str) -> str:
        lines = text.splitlines()
        i, j = at(place, lines), at(other, lines)
        if kind == "delete":
            del lines[i]
        elif kind == "double":
            lines.insert(j, lines[i])
        elif kind == "swap":
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == "indent":
            lines[i] = " " * at(other, range(6)) + lines[i].lstrip()
        elif kind == "value":
            lines[i] = f"{lines[i].partition(':')[0]}: {value}"
        else:
            lines[i] = f"{value}: {lines[i].partition(':')[2]}"
        return "\n".join(lines) + "\n"

    return change


@st.composite
def words_damage(draw: st.DrawFn) -> Callable[[list[str]], list[str]]:
    """Draws a change of a command line: a word is deleted, doubled, moved, replaced or misspelt.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    functions.

    Returns:
        A function from the words to the damaged words; it may change the list that it gets. No
        words count as the word `config`.
    """
    kind = draw(st.sampled_from(("delete", "double", "swap", "replace", "value", "letter", "add")))
    place, other, value = draw(places), draw(places), draw(values)

    def change(words: list[str]) -> list[str]:
        words = words or ["config"]
        i, j = at(place, words), at(other, words)
        word = words[i]
        k = at(other, word)
        if kind == "swap":
            words[i], words[j] = words[j], words[i]
            return words
        new = {
            "delete": [],
            "double": [word, word],
            "replace": [value],
            "value": [f"{word.partition('=')[0]}={value}"],
            "letter": [word[:k] + value[:1] + word[k + 1 :]],
            "add": [word, value],
        }[kind]
        return words[:i] + new + words[i + 1 :]

    return change


CellRows = list[list[str]]


@st.composite
def cells_damage(draw: st.DrawFn) -> Callable[[CellRows], CellRows]:
    """Draws a change of a table: a cell, row or column is replaced, deleted, doubled or moved.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    functions.

    Returns:
        A function from rows of cells, of which row 0 is the header, to the damaged rows; it may
        change the lists that it gets.
    """
    what = draw(st.sampled_from(("cell", "cell", "cell", "row", "column", "header")))
    kind = draw(st.sampled_from(("replace", "delete", "double", "swap")))
    place, other, third, value = draw(places), draw(places), draw(places), draw(values)

    def change(rows: CellRows) -> CellRows:
        if what == "column":
            columns = [list(column) for column in zip(*rows)]
            _alter(columns, kind, place, other, [value] * len(rows))
            return [list(row) for row in zip(*columns)]
        if what == "row":
            _alter(rows, kind, place, other, [value])
        elif rows:
            _alter(rows[0 if what == "header" else at(third, rows)], kind, place, other, value)
        return rows

    return change


def _alter(items: list, kind: str, place: float, other: float, value: object) -> None:
    if not items:
        return
    i, j = at(place, items), at(other, items)
    if kind == "replace":
        items[i] = value
    elif kind == "delete":
        del items[i]
    elif kind == "double":
        items.insert(j, items[i])
    else:
        items[i], items[j] = items[j], items[i]
