"""Builds the table of a source once, and then reads it from a cache addressed by content."""

import dataclasses
import importlib.metadata
import logging
from datetime import date
from pathlib import Path

from pgat_jax.config import DataConfig
from pgat_jax.data.cache import content_key, load_or_build
from pgat_jax.data.prices import WHEELS, read_wheel_bytes, read_wheel_rows
from pgat_jax.data.table import Table, join
from pgat_jax.data.table_arrays import pack_table, unpack_table
from pgat_jax.data.user_files.content import read_bytes
from pgat_jax.data.user_files.oddities import find_calendar_oddities
from pgat_jax.data.user_files.reading import read_cells
from pgat_jax.data.user_files.user_rows import READ_AS, read_user_rows
from pgat_jax.errors import UserError
from pgat_jax.output import ONCE

_LOGGER = logging.getLogger(__name__)


def load_table(config: DataConfig) -> Table:
    """Loads a table as `find_table`, and logs how a user's file was read and what looks wrong.

    Args:
        config: the `data` section of the configuration.

    Returns:
        All rows, unscaled, with the constant columns.

    Raises:
        UserError: the source is missing or bad.
    """
    table = find_table(config)
    announce(table)
    return table


def find_table(config: DataConfig) -> Table:
    """Loads all rows and columns of a source, from the cache if its content is the same.

    Args:
        config: the `data` section of the configuration; its `source` is `nasdaq`, `ibm`, or the
            path of a file.

    Returns:
        All rows, unscaled, with the constant columns.

    Raises:
        UserError: the source is missing or bad.
    """
    source = config.source
    content = read_wheel_bytes(source) if source in WHEELS else read_bytes(source)
    return load_content(config, content)


def load_content(config: DataConfig, content: bytes) -> Table:
    """Loads the table of a content, from the cache if it is there.

    Args:
        config: the `data` section of the configuration; the ending of its `source` says what the
            content is: CSV without one.
        content: the bytes of the file.

    Returns:
        All rows, unscaled, with the constant columns.

    Raises:
        UserError: the content is bad.
    """
    source = config.source
    kind = source if source in WHEELS else Path(source).suffix.lower()
    key = content_key(kind.encode(), content, digest_code())
    arrays = load_or_build(key, lambda: pack_table(_build(source, content)))
    table = unpack_table(arrays, source)
    return table if source in WHEELS else _judge_calendar(table, config)


def digest_code() -> bytes:
    """Returns a digest of the code and packages that a table depends on besides its source.

    They are the files of `pgat_jax/data`, in its folders too, and the versions of skyfield and
    skyfield-data. The digest is a SHA-256: 64 hexadecimal digits, as ASCII bytes.
    """
    modules = sorted(Path(__file__).parent.rglob("*.py"))
    versions = [importlib.metadata.version(name) for name in ("skyfield", "skyfield-data")]
    return content_key(*(m.read_bytes() for m in modules), *(v.encode() for v in versions)).encode()


def announce(table: Table) -> None:
    """Logs how a user's table was read and what looks wrong in it, once in a command.

    Args:
        table: the table.
    """
    for note in table.notes:
        if note.startswith(READ_AS):
            _LOGGER.info("%s: %s", table.source, note, extra=ONCE)
    for warning in table.warnings:
        end = "" if warning.endswith(("?", ")")) else "."
        _LOGGER.warning("%s: %s%s", table.source, warning, end, extra=ONCE)


def _judge_calendar(table: Table, config: DataConfig) -> Table:
    found = find_calendar_oddities(table.dates, config.calendar, date.today())
    return dataclasses.replace(table, warnings=(*table.warnings, *found))


def _build(source: str, content: bytes) -> Table:
    _LOGGER.info("building the table of %s, once", source)
    is_shipped = source in WHEELS
    rows = (
        read_wheel_rows(source, content)
        if is_shipped
        else read_user_rows(read_cells(source, content))
    )
    if len(rows.dates) < 2:
        raise UserError(f"{source}: one row, expected at least data.seq_len + data.pred_len.")
    return join(rows, source)
