"""Reads the bytes of a user's file, and refuses what is no file of prices by its name or size."""

import os
from pathlib import Path

from pgat_jax.data.prices import WHEELS
from pgat_jax.data.user_files.recipes import write_recipe
from pgat_jax.errors import UserError, nearest

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
PARQUET_SUFFIXES = (".parquet", ".pq")
SUFFIXES = (*TEXT_SUFFIXES, *PARQUET_SUFFIXES)
# The largest file, in bytes.
MAX_BYTES = 1 << 29
# Other kinds of files -> the call of pandas that reads them.
_OTHER = {
    ".xlsx": "read_excel({})",
    ".xls": "read_excel({})",
    ".ods": "read_excel({})",
    ".json": "read_json({})",
    ".feather": "read_feather({})",
    ".gz": "read_csv({}, dtype=str)",
    ".zip": "read_csv({}, dtype=str)",
    ".bz2": "read_csv({}, dtype=str)",
    ".xz": "read_csv({}, dtype=str)",
}
_EXPECTED = "nasdaq, ibm, or the path of a .csv, .txt, .tsv or .parquet file"


def read_bytes(source: str) -> bytes:
    """Reads the content of a user's file.

    Args:
        source: the path, with `~` for the home folder.

    Raises:
        UserError: the file is missing, a folder, unreadable, empty, too large or of another kind.
    """
    path = Path(os.path.expanduser(source))
    if os.path.isdir(path):
        raise UserError(f"data.source={source}: is a folder, expected a file: {_EXPECTED}.")
    if path.suffix.lower() not in SUFFIXES:
        raise _refuse_kind(source, path)
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MAX_BYTES:
            raise UserError(
                f"data.source={source}: expected a regular file of at most {MAX_BYTES:,} bytes."
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"data.source={source}: no such file (the working directory is {Path.cwd()}); expected "
            f"{_EXPECTED}."
        ) from None
    except OSError as error:
        raise UserError(f"data.source={source}: cannot be read ({error.strerror}).") from None
    if not content.strip():
        raise UserError(f"{source}: the file is empty, expected a header and rows.")
    return content


def is_parquet(source: str) -> bool:
    """Returns whether a file is Parquet by its name.

    Args:
        source: the path.
    """
    return Path(source).suffix.lower() in PARQUET_SUFFIXES


def _refuse_kind(source: str, path: Path) -> UserError:
    call = _OTHER.get(path.suffix.lower())
    if call and path.is_file():
        recipe = write_recipe(source, f"pd.{call.format(repr(source))}")
        return UserError(f"data.source={source}: expected {_EXPECTED}; convert it, {recipe}")
    name = nearest(source, WHEELS)
    hint = f"; did you mean {name!r}?" if name else "."
    return UserError(f"data.source={source}: expected {_EXPECTED}{hint}")
