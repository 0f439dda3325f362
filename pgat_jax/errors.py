"""The one kind of error that is the user's to mend."""

import re

LONGEST = 500
_LONG = re.compile(rf"\S{{{LONGEST},}}")


class UserError(Exception):
    """Bad input: a configuration, table, checkpoint or flag.

    The message is complete in itself: the rule, what was got, what was expected, the way out.
    The command line prints it as it stands, without a traceback, and exits with status 2.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


def printable(text: str) -> str:
    """The text for a terminal: what is not printable, line ends aside, is written as an escape.

    Names in files may hold control sequences, which a terminal would obey. Of a word of more than
    ``LONGEST`` characters the ends are left.
    """
    plain = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    return _LONG.sub(lambda word: f"{word[0][:100]}...{word[0][-100:]}", plain)
