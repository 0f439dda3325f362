"""The error for a user's mistakes, and what its message needs: safe text, names, the command.

It imports nothing of the package.
"""

import difflib
import re
import sys
from collections.abc import Iterable
from pathlib import Path

# A word of a message that has more characters than this is shortened.
LONGEST = 500
# Characters that are left at each end of a shortened word.
_END = 100
_LONG = re.compile(rf"\S{{{LONGEST},}}")


class UserError(Exception):
    """A mistake in a configuration, table, checkpoint or flag that the user can correct.

    The message is complete: the rule, what was got, what was expected and the way out. The command
    line prints it without a traceback and exits with status 2.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


def printable(text: str) -> str:
    """Makes text safe for a terminal.

    Names in files may contain control sequences, which a terminal would obey.

    Args:
        text: any text.

    Returns:
        The text with an escape for each character that is not printable, line ends excepted, and
        with only both ends of each word of `LONGEST` characters or more.
    """
    plain = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    return _LONG.sub(lambda word: f"{word[0][:_END]}...{word[0][-_END:]}", plain)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Returns the known word that is most similar to a word, or None if none is similar.

    Args:
        word: the word that is not known.
        known: the words that are; upper and lower case count as equal.
    """
    spelling = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), list(spelling), 1)
    return spelling[found[0]] if found else None


def suggest(word: str, known: Iterable[str]) -> str:
    """Returns the hint ` (did you mean 'x'?)` with the nearest known word, or no text.

    Args:
        word: the word that is not known.
        known: the words that are.
    """
    name = nearest(word, known)
    return f" (did you mean {name!r}?)" if name else ""


def name_program() -> str:
    """Returns how the user started the program: `pgat` if by the installed command."""
    return "pgat" if Path(sys.argv[0]).stem == "pgat" else "python run.py"
