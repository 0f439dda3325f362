"""TensorBoard events of a run, written by the caller's own thread: what fails, fails aloud."""

import os
import time
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.summary import scalar


class Events:
    """A new ``events.*`` file in a run's folder."""

    def __init__(self, run: Path, purge_step: int | None):
        """Opens it; readers then leave out what older files say of steps from ``purge_step``."""
        self._writer = EventsWriter(str(run / "events"), f".{os.getpid()}")
        if purge_step is not None:
            self._write(purge_step, session_log=SessionLog(status=SessionLog.START))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Append one number."""
        self._write(step, summary=scalar(name, value))

    def flush(self) -> None:
        """Write out what is buffered, for readers of the running training."""
        self._writer.flush()

    def close(self) -> None:
        """Write out what is buffered, and close."""
        self._writer.close()

    def _write(self, step: int, **content: object) -> None:
        self._writer.write_event(Event(wall_time=time.time(), step=step, **content))
