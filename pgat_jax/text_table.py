"""Tables of text, which look the same in the terminal and on the pages."""

from typing import NamedTuple

from rich.console import Console
from rich.table import Table

# Columns of the terminal that a table may take, and takes where there is no terminal.
WIDTH = 100


class TextTable(NamedTuple):
    """A table of text; the first column is aligned left, the others right.

    Attributes:
        caption: what the table shows.
        heads: the head of each column.
        rows: the cells of each row, as many as `heads`.
    """

    caption: str
    heads: list[str]
    rows: list[list[str]]


def open_console() -> Console:
    """Returns a console on stdout of at most `WIDTH` columns, which prints text as it is."""
    console = Console(markup=False, emoji=False, highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def print_table(console: Console, table: TextTable) -> None:
    """Prints a table, with its caption above it as wide as the console.

    Args:
        console: the console.
        table: the table.
    """
    console.print(f"\n{table.caption}")
    grid = Table()
    for i, head in enumerate(table.heads):
        grid.add_column(head, justify="right" if i else "left", no_wrap=not i, overflow="fold")
    for row in table.rows:
        grid.add_row(*row)
    console.print(grid)
