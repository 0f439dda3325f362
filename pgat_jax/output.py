"""Writes files whole or not at all, and shows messages on stderr.

Library functions print nothing: they log messages, which `show_messages` makes visible.
"""

import errno
import logging
import math
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pgat_jax.errors import UserError, name_program, printable

# The `extra` of a message that a command shows once, however often it is logged.
ONCE = {"is_once": True}


@contextmanager
def show_messages(level: int = logging.INFO) -> Iterator[None]:
    """Shows the messages that the package logs as lines on stderr.

    Args:
        level: the least level that is shown.

    Yields:
        Nothing.
    """
    logger = logging.getLogger("pgat_jax")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter())
    handler.addFilter(_OnceFilter())
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False  # a library may have given the root logger a handler of its own
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _OnceFilter(logging.Filter):
    """Lets a message with `ONCE` pass the first time alone."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        is_new = text not in self._seen
        if getattr(record, "is_once", False):
            self._seen.add(text)
            return is_new
        return True


class _PlainFormatter(logging.Formatter):
    """Formats a message as its text alone, safe for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(record.getMessage())


def write_output(path: Path, content: bytes) -> Path:
    """Writes a file that the user asked for, and creates its folder.

    Args:
        path: where to write; an existing file is replaced.
        content: the whole content of the file.

    Returns:
        The path.

    Raises:
        UserError: the file cannot be written; an existing file is unchanged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); free the path or copy the run to a "
            "folder that can be written."
        ) from None
    return path


def write_together(contents: dict[Path, bytes]) -> None:
    """Writes files that belong together: all of them, or none if there is no room or right for one.

    Args:
        contents: path -> content; existing files are replaced.

    Raises:
        UserError: a file cannot be written; existing files are unchanged.
    """
    partial: list[Path] = []
    path = Path()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            partial.append(_write_partial(path, content))
        for path, file in zip(contents, partial):
            file.replace(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); free the path or name another file."
        ) from None
    finally:
        for file in partial:
            file.unlink(missing_ok=True)


@contextmanager
def writing(run: Path) -> Iterator[None]:
    """Turns the system's errors while a training writes its run folder into one sentence.

    Args:
        run: the folder, which the sentence names.

    Raises:
        UserError: a file cannot be written; the message says how to continue.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{run}: {error.filename or 'a file'} cannot be written "
            f"({error.strerror or error}); checkpoints that were saved before are unchanged. Free "
            f"space or grant write permission, then continue with: {name_program()} --resume {run}"
        ) from None


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a whole file or none, with the permissions of a new file.

    The content first goes into a temporary file in the same folder, whose name is random and never
    that of an existing file.

    Args:
        path: where to write; an existing file is replaced.
        content: the whole content of the file.

    Raises:
        OSError: the folder is missing or cannot be written.
    """
    partial = _write_partial(path, content)
    try:
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _write_partial(path: Path, content: bytes) -> Path:
    """Writes a file beside its place, and returns its path; it is removed if that fails."""
    partial = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return partial


def replace_nonfinite(value: Any) -> Any:
    """Returns a copy of plain values with None for NaN and Inf, which JSON does not have.

    Args:
        value: dictionaries, lists, strings, numbers and None, nested.
    """
    if isinstance(value, dict):
        return {key: replace_nonfinite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [replace_nonfinite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
