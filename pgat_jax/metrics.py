"""The record of a run: ``metrics.jsonl``, one flushed line a record, and TensorBoard events."""

import json
import math
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

FILE = "metrics.jsonl"
Record = dict[str, Any]


class Metrics:
    """Appends records to a run's folder.

    Opened at the step that a run goes on from, it first drops what was recorded after that step,
    so that no step stands twice.
    """

    def __init__(self, run: Path, step: int = 0):
        """Opens the record of ``run`` at ``step``."""
        kept = [record for record in read_metrics(run) if record["step"] <= step]
        self.elapsed = max((record["time"] for record in kept), default=0.0)
        """Seconds of training that the kept records speak of."""
        path = run / FILE
        partial = path.with_suffix(".partial")
        partial.write_text("".join(_line(record) for record in kept))
        partial.rename(path)
        self._file = path.open("a")
        self._events = SummaryWriter(str(run), purge_step=step + 1 if kept else None)

    def write(self, record: Record) -> None:
        """Append a record; it must have ``event``, ``time`` and ``step``. NaN becomes null."""
        self._file.write(_line(record))
        self._file.flush()
        for key, value in record.items():
            if isinstance(value, float) and key != "time":
                self._events.add_scalar(f"{record['event']}/{key}", value, record["step"])

    def close(self) -> None:
        """Close both files."""
        self._file.close()
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
    """All whole records of a run, in order; a last line cut short by a kill is left out."""
    path = run / FILE
    if not path.exists():
        return []
    records = []
    for line in path.read_text().splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records


def _line(record: Record) -> str:
    nonfinite = [k for k, v in record.items() if isinstance(v, float) and not math.isfinite(v)]
    clean = record | dict.fromkeys(nonfinite)
    if nonfinite:
        clean["nonfinite"] = nonfinite
    return json.dumps(clean, allow_nan=False) + "\n"
