"""The record of a run: ``metrics.jsonl``, one flushed line a record, and TensorBoard events."""

import json
import math
from pathlib import Path
from typing import Any

from pgat_jax.errors import UserError
from pgat_jax.output import write_atomically
from pgat_jax.runs.events import Events

FILE = "metrics.jsonl"
Record = dict[str, Any]


class Metrics:
    """Appends records to a run's folder.

    Opened at the step that a run goes on from, it first drops what was recorded after that step;
    a record that stands already is not written again, so that no step stands twice.
    """

    def __init__(self, run: Path, step: int = 0):
        """Opens the record of ``run`` at ``step``.

        Raises:
            UserError: a line of it is damaged.
        """
        kept = [record for record in read_metrics(run) if record["step"] <= step]
        self.elapsed = max((record["time"] for record in kept), default=0.0)
        """Seconds of training that the kept records speak of."""
        self._written = {(record["event"], record["step"]) for record in kept}
        path = run / FILE
        write_atomically(path, "".join(map(_line, kept)).encode())
        self._file = path.open("a")
        self._events = Events(run, purge_step=step + 1 if kept else None)

    def write(self, record: Record) -> None:
        """Append a record; it must have ``event``, ``time`` and ``step``. NaN becomes null."""
        key = record["event"], record["step"]
        if key in self._written:
            return
        self._written.add(key)
        self._file.write(_line(record))
        self._file.flush()
        for key, value in record.items():
            if isinstance(value, float) and key != "time":
                self._events.scalar(f"{record['event']}/{key}", value, record["step"])
        self._events.flush()

    def close(self) -> None:
        """Close both files."""
        try:
            self._file.close()
        finally:
            self._events.close()


class Unwritten(Metrics):
    """What the processes of a run that write no record have in its place."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def write(self, record: Record) -> None:
        """Nothing is written."""

    def close(self) -> None:
        """Nothing is open."""


def read_metrics(run: Path) -> list[Record]:
    """All whole records of a run, in order; a last line cut short by a kill is left out.

    Raises:
        UserError: another line is not a record.
    """
    path = run / FILE
    if not path.exists():
        return []
    *lines, _ = path.read_bytes().split(b"\n")
    records = [_record(path, number, line) for number, line in enumerate(lines, 1)]
    return records


def _record(path: Path, number: int, line: bytes) -> Record:
    try:
        record = json.loads(line)
        if isinstance(record["event"], str) and record["step"] >= 0 and record["time"] >= 0:
            return record
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise UserError(
        f"{path}, line {number}: not a record with event, step and time; the file has been "
        "changed: restore it, or delete that line."
    )


def _line(record: Record) -> str:
    nonfinite = [k for k, v in record.items() if isinstance(v, float) and not math.isfinite(v)]
    clean = record | dict.fromkeys(nonfinite)
    if nonfinite:
        clean["nonfinite"] = nonfinite
    return json.dumps(clean, allow_nan=False) + "\n"
