"""Calls the command line in this process, and checks what must be true for every input."""

import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pgat_jax.cli import run

# Seconds after which a call counts as a hang.
SECONDS = 120


class Hang(BaseException):
    """The error that `watch` raises in a command line that did not return in time."""


class Answer(NamedTuple):
    """What a call of the command line returned and printed.

    Attributes:
        status: the exit status.
        out: the text on stdout.
        err: the text on stderr.
    """

    status: int
    out: str
    err: str


def answer(words: list[str], folder: Path) -> Answer:
    """Calls the command line in a folder and checks that a refusal is short and changes no file.

    Args:
        words: the arguments, without the program's name.
        folder: the working directory of the call; its files are compared before and after.

    Raises:
        AssertionError: it raised an exception or a warning, hung for 120 seconds, ended with a
            status other than 0 and 2, or refused (status 2) with a traceback, without a short
            reason or after changing a file.
    """
    before, status = read_files(folder), 0  # --help exits without a status
    with capture() as (out, err), work_in(folder), watch(words):
        status = run(words)
    found = Answer(status, read_text(out), read_text(err))
    assert status in (0, 2), f"status {status}: {found.err}"
    if status == 2:
        assert "Traceback" not in found.err
        assert 10 < len(found.err) < 3000, f"{len(found.err)} characters: {found.err[:500]}"
        assert read_files(folder) == before, "a refusal changed files"
    return found


def read_files(folder: Path) -> dict[str, bytes]:
    """Returns relative path -> content of all files of a folder and of its subfolders.

    Args:
        folder: the folder.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def read_text(stream: io.TextIOWrapper) -> str:
    """Returns the text that was written to a stream.

    Args:
        stream: a text stream over bytes in memory, as `capture` yields.
    """
    stream.flush()
    return stream.buffer.getvalue().decode()  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def capture() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Replaces stdout and stderr by streams in memory, inside the context.

    They are UTF-8, and stderr escapes characters that have no encoding, as Python's own streams do.

    Yields:
        The streams in place of stdout and stderr.
    """
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    before, (sys.stdout, sys.stderr) = (sys.stdout, sys.stderr), (out, err)
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def work_in(folder: Path) -> Iterator[None]:
    """Makes a folder the working directory, inside the context.

    Args:
        folder: the folder.
    """
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def watch(words: list[str]) -> Iterator[None]:
    """Turns errors, Python's warnings and hangs inside the context into assertion errors.

    The exit with status 0, as of `--help`, is not an error.

    Args:
        words: the arguments of the command line, for the message.

    Raises:
        AssertionError: the block raised, warned, exited with another status or hung.
    """

    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except SystemExit as end:
        assert end.code == 0, f"{words}: left with {end.code}"
    except (Exception, Hang) as error:
        raise AssertionError(f"{words}: {type(error).__name__}: {error}") from error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
