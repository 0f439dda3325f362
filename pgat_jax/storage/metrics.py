"""Writes the records of a run: `metrics.jsonl`, one record a line, and TensorBoard events."""

import json
from pathlib import Path
from typing import Any

from pgat_jax.errors import UserError
from pgat_jax.output import replace_nonfinite, write_atomically
from pgat_jax.storage.events import Events

FILE = "metrics.jsonl"


class Metrics:
    """Appends records to the files in a run's folder: `metrics.jsonl` and TensorBoard's events.

    It is made of the folder and the step at which the run resumes; later records are deleted.

    A record is a dictionary with the keys `event` (`train` or `validation`), `time` (seconds of
    training), `step` (training steps taken), and any numbers.

    Attributes:
        elapsed: seconds of training that the records in the file cover.
    """

    def __init__(self, run: Path, step: int = 0):
        """Opens the files, and deletes the records after `step`, at which the run resumes.

        Args:
            run: the folder of the run.
            step: training steps taken.

        Raises:
            UserError: a line of `metrics.jsonl` is damaged.
        """
        kept = [record for record in read_metrics(run) if record["step"] <= step]
        self.elapsed = max((record["time"] for record in kept), default=0.0)
        self._written = {(record["event"], record["step"]) for record in kept}
        path = run / FILE
        write_atomically(path, "".join(map(_encode_line, kept)).encode())
        self._file = path.open("a")
        self._events = Events(run, purge_step=step + 1 if kept else None)

    def write(self, record: dict[str, Any]) -> None:
        """Appends a record to both files, unless there is one of the same event and step.

        Args:
            record: a record with `event`, `time` and `step`. NaN and Inf are written as null, and
                their keys are listed under `nonfinite`.
        """
        key = record["event"], record["step"]
        if key in self._written:
            return
        self._written.add(key)
        self._file.write(_encode_line(record))
        self._file.flush()
        for name, value in record.items():
            if isinstance(value, float) and name != "time":
                self._events.scalar(f"{record['event']}/{name}", value, record["step"])
        self._events.flush()

    def close(self) -> None:
        """Closes both files."""
        try:
            self._file.close()
        finally:
            self._events.close()


class NullMetrics(Metrics):
    """Replaces `Metrics` in the processes of a run that write no records; writes nothing."""

    def __init__(self) -> None:
        """Opens no file."""
        self.elapsed = 0.0

    def write(self, record: dict[str, Any]) -> None:
        """Does nothing.

        Args:
            record: a record, which is ignored.
        """

    def close(self) -> None:
        """Does nothing."""


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """Reads the records of `metrics.jsonl` in the folder of a run.

    Args:
        run: the folder of the run.

    Returns:
        The records in order, each with at least `event`, `step` and `time`, without a last line
        that an interruption cut short. Empty if the file does not exist.

    Raises:
        UserError: another line is not a record.
    """
    path = run / FILE
    if not path.exists():
        return []
    *lines, _ = path.read_bytes().split(b"\n")
    return [_parse_line(path, number, line) for number, line in enumerate(lines, 1)]


def _parse_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
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


def _encode_line(record: dict[str, Any]) -> str:
    """Writes a record as one line of strict JSON, and lists the keys that are null for it."""
    clean = replace_nonfinite(record)
    nonfinite = [key for key, value in record.items() if clean[key] is None and value is not None]
    if nonfinite:
        clean["nonfinite"] = nonfinite
    return json.dumps(clean, allow_nan=False) + "\n"
