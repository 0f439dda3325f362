"""Runs the programs in Markdown pages and compares what they print with what the page shows.

The `python` blocks of a page are one program, `example.py`, and a `text` block after one of them
shows its output. A `console` block contains commands after `$ ` and, below each, its output. In
both, `...` stands for any text.
"""

import argparse
import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from pgat_jax.environment import cache_folder

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Output(NamedTuple):
    """The output of a block, beside the text that the page shows.

    Attributes:
        shown: the text in the page, in which `...` stands for any text.
        printed: the text that the program printed.
        start: the position of the shown text in the page; None for the output of a command.
    """

    shown: str
    printed: str
    start: int | None

    @property
    def is_right(self) -> bool:
        """Whether the printed text matches the shown one; white space is not compared."""
        return doctest.OutputChecker().check_output(self.shown, self.printed, _LOOSE)


def run_page(path: Path) -> list[Output]:
    """Runs all `python` and `console` blocks of a page, in an empty folder.

    Args:
        path: a Markdown file.

    Returns:
        One output for each `text` block and each command.

    Raises:
        Exception: the error that a `python` block raises.
        subprocess.CalledProcessError: a command has an exit status other than 0.
    """
    text = path.read_text()
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        return list(_run_blocks(text))


def _run_blocks(text: str) -> Iterator[Output]:
    names: dict[str, Any] = {"__name__": "example"}
    printed, line = "", 0
    for block in _FENCE.finditer(text):
        kind, content = block.groups()
        if kind == "python":
            printed = _run_python(content, line, names)
            line += content.count("\n") + 1
        elif kind == "text":
            yield Output(content, printed, block.start(2))
        elif kind == "console":
            yield from _run_commands(content)


def _run_python(source: str, line: int, names: dict[str, Any]) -> str:
    """Runs a block whose first line is `line + 1` of the program; returns what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * line + source, "example.py", "exec"), names)  # noqa: S102
    return out.getvalue()


def _run_commands(content: str) -> Iterator[Output]:
    parts = re.split(r"^\$ (.*)\n", content, flags=re.MULTILINE)
    for command, shown in zip(parts[1::2], parts[2::2]):
        yield Output(shown, _run_command(command), None)


def _run_command(command: str) -> str:
    """Runs a line of shell in which `pgat` is this checkout's; returns all that it prints.

    Tables are kept in the working folder, so that each page is as for a new user; compiled programs
    are the user's own.
    """
    environment = {"JAX_COMPILATION_CACHE_DIR": str(cache_folder())} | os.environ
    environment |= {"JAX_PLATFORMS": "cpu", "XDG_CACHE_HOME": str(Path.cwd() / "cache")}
    words = command.replace("pgat ", f"{sys.executable} {ROOT / 'run.py'} ", 1)
    done = subprocess.run(
        words,
        shell=True,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout)
    return done.stdout


def update_page(path: Path) -> None:
    """Writes what the `python` blocks print into the page, where the shown text does not match.

    Args:
        path: a Markdown file. The outputs of its `console` blocks are run and not rewritten.
    """
    text, outputs = path.read_text(), run_page(path)
    for output in reversed(outputs):
        if output.start is not None and not output.is_right:
            end = output.start + len(output.shown)
            text = text[: output.start] + output.printed + text[end:]
    path.write_text(text)


def main() -> int:
    """Runs pages and prints each difference between what they show and what is printed.

    It reads `sys.argv`: PAGEs (Markdown files), and `--write`, which writes what is printed into
    the pages instead of comparing.

    Returns:
        The exit status: 1 if there is a difference, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.run_pages", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--write", action="store_true", help="write what is printed into the pages")
    given = parser.parse_args()
    wrong = 0
    for page in map(Path.absolute, given.pages):
        if given.write:
            update_page(page)
            continue
        for output in run_page(page):
            if not output.is_right:
                wrong += 1
                print(
                    f"{page}: the page shows\n{output.shown}\nthe program prints\n{output.printed}"
                )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
