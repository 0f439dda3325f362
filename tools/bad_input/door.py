"""The command line called in this process, and what it must never do whatever it is given."""

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

SECONDS = 120
"""After which an answer counts as a hang."""


class Hang(BaseException):
    """No answer came."""


class Answer(NamedTuple):
    """Exit status, and what was printed."""

    status: int
    out: str
    err: str


def answer(words: list[str], folder: Path) -> Answer:
    """Call the command line in a folder; a refusal must be short and plain, and leave no trace.

    Raises:
        AssertionError: it ended in an exception, hung, said nothing, or left a part of a file.
    """
    before, status = listing(folder), 0  # which --help leaves as it is
    with printed() as (out, err), inside(folder), watched(words):
        status = run(words)
    found = Answer(status, text(out), text(err))
    assert status in (0, 2), f"status {status}: {found.err}"
    if status == 2:
        assert "Traceback" not in found.err
        assert 10 < len(found.err) < 3000, f"{len(found.err)} characters: {found.err[:500]}"
        assert listing(folder) == before, "a refusal changed files"
    return found


def listing(folder: Path) -> dict[str, bytes]:
    """Files of a folder, other than locks."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def text(stream: io.TextIOWrapper) -> str:
    """What was written to a stream."""
    stream.flush()
    return stream.buffer.getvalue().decode()  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def printed() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Streams that encode as those of a process do."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    before, (sys.stdout, sys.stderr) = (sys.stdout, sys.stderr), (out, err)
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The folder as working directory."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def watched(words: list[str]) -> Iterator[None]:
    """Every exception but that of ``--help`` is a fault; so are warnings of Python, and silence."""

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
