"""Writes TensorBoard events in the caller's own thread, so that a failed write raises there."""

import os
import time
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.summary import scalar


class Events:
    """A new `events.*` file of TensorBoard in a run's folder.

    It is made of the folder and a step, from which on TensorBoard ignores older files, or None.
    """

    def __init__(self, run: Path, purge_step: int | None):
        """Opens the file.

        Args:
            run: the folder of the run.
            purge_step: TensorBoard ignores what older files contain from this step on.
        """
        self._writer = EventsWriter(str(run / "events"), f".{os.getpid()}")
        if purge_step is not None:
            self._write(purge_step, session_log=SessionLog(status=SessionLog.START))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Appends one number.

        Args:
            name: the name of the curve in TensorBoard.
            value: the number.
            step: training steps taken.
        """
        self._write(step, summary=scalar(name, value))

    def flush(self) -> None:
        """Writes out what is buffered, so that TensorBoard sees a run in progress."""
        self._writer.flush()

    def close(self) -> None:
        """Writes out what is buffered, and closes the file."""
        self._writer.close()

    def _write(self, step: int, **content: object) -> None:
        self._writer.write_event(Event(wall_time=time.time(), step=step, **content))
