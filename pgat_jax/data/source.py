"""Builds the table of a source once, and then reads it from a cache addressed by content."""

import importlib.metadata
import logging
from pathlib import Path

from pgat_jax.config import DataConfig
from pgat_jax.data.cache import content_key, load_or_build
from pgat_jax.data.prices import WHEELS, read_wheel_bytes, read_wheel_rows
from pgat_jax.data.reading import read_bytes, read_cells
from pgat_jax.data.table import Table, join
from pgat_jax.data.table_arrays import pack_table, unpack_table
from pgat_jax.data.user_table import read_user_rows
from pgat_jax.errors import UserError

_LOGGER = logging.getLogger(__name__)


def load_table(config: DataConfig) -> Table:
    """Loads all rows and columns of a source, from the cache if its content is the same.

    Args:
        config: the `data` section of the configuration; its `source` is `nasdaq`, `ibm`, or the
            path of a .csv or .parquet file.

    Returns:
        All rows, unscaled, with the constant columns.

    Raises:
        UserError: the source is missing or bad.
    """
    source = config.source
    content = read_wheel_bytes(source) if source in WHEELS else read_bytes(source)
    kind = source if source in WHEELS else Path(source).suffix.lower()
    key = content_key(kind.encode(), content, digest_code())
    return unpack_table(load_or_build(key, lambda: pack_table(_build(source, content))), source)


def digest_code() -> bytes:
    """Returns a digest of the code and packages that a table depends on besides its source.

    They are the files of `pgat_jax/data` and the versions of skyfield and skyfield-data. The digest
    is a SHA-256: 64 hexadecimal digits, as ASCII bytes.
    """
    modules = sorted(Path(__file__).parent.glob("*.py"))
    versions = [importlib.metadata.version(name) for name in ("skyfield", "skyfield-data")]
    return content_key(*(m.read_bytes() for m in modules), *(v.encode() for v in versions)).encode()


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
