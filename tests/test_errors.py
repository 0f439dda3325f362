"""Messages are safe for a terminal, and name what the user may have meant."""

import pytest

from pgat_jax.errors import LONGEST, UserError, name_program, nearest, printable, suggest


def test_control_characters_are_escaped_and_line_ends_stay():
    assert printable("a\x1b[2J\nb\u202e") == "a\\x1b[2J\nb\\u202e"
    assert str(UserError("\x07")) == "\\x07"


def test_letters_of_any_alphabet_stay():
    assert printable("é ٣ 漢 'x'") == "é ٣ 漢 'x'"


def test_only_words_of_the_longest_size_are_shortened():
    assert printable("x" * (LONGEST - 1)) == "x" * (LONGEST - 1)
    assert printable("a" * 300 + "b" * 200) == "a" * 100 + "..." + "b" * 100
    assert printable("short " + "a" * LONGEST + " short").split()[::2] == ["short", "short"]


@pytest.mark.parametrize(
    ("word", "name"), [("trian", "train"), ("TRAIN", "train"), ("close", "Close"), ("zzz", None)]
)
def test_the_nearest_name_is_found_in_any_case(word, name):
    assert nearest(word, ["Close", "train", "evaluate"]) == name
    assert suggest(word, ["Close", "train", "evaluate"]) == (
        f" (did you mean {name!r}?)" if name else ""
    )


def test_nothing_is_near_where_nothing_is_known():
    assert nearest("x", []) is None and suggest("x", []) == ""


@pytest.mark.parametrize(
    "path, name",
    [
        ("/usr/bin/pgat", "pgat"),
        ("pgat.exe", "pgat"),
        ("run.py", "python run.py"),
        ("/home/me/pgat/run.py", "python run.py"),
        ("", "python run.py"),
    ],
)
def test_the_program_has_the_name_by_which_it_was_started(monkeypatch, path, name):
    monkeypatch.setattr("sys.argv", [path])
    assert name_program() == name
