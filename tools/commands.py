"""Runs `python run.py` in separate processes, and writes the small table that they train on."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pgat_jax import load_config
from pgat_jax.data.source import load_table

ROOT = Path(__file__).parent.parent
# Words of a command that trains the tiny model on the table of `write_days`.
SMALL = ("--config", "tiny", "data.source=days.csv", "data.validation_days=8", "data.test_days=8")


def write_days(folder: Path, rows: int = 130) -> Path:
    """Writes `days.csv`: dates and prices of the first days of the built-in table.

    Its columns are `date`, `Open`, `High`, `Low` and `Close`. `Command` with the keys `SMALL`
    trains on it.

    Args:
        folder: an existing folder.
        rows: the number of days.

    Returns:
        The path of the file.
    """
    nasdaq = load_table(load_config("tiny").data)
    days = zip(nasdaq.dates[:rows], nasdaq.prices[:rows].tolist())
    lines = ["date,Open,High,Low,Close", *(f"{d},{','.join(map(repr, p))}" for d, p in days)]
    path = folder / "days.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


class Command:
    """A process of `python run.py ARGUMENTS` in a folder, whose lines can be read one by one.

    It is started when the object is made, and not waited for.

    Args:
        folder: its working directory.
        *arguments: its arguments, after `run.py`.
        through: words of a program that starts the command, put before it.
        compiled: the folder of its compile cache, relative to `folder`.
        devices: the number of CPU devices that JAX shows it.

    Attributes:
        process: the `subprocess.Popen` object.
        lines: the lines of stdout and stderr that were read so far.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        through: Sequence[str] = (),
        compiled: str | Path = "compiled",
        devices: int = 1,
    ):
        # A process in the background may ignore Ctrl-C, and what it starts inherits that.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        environment = os.environ | {
            "JAX_PLATFORMS": "cpu",
            "JAX_NUM_CPU_DEVICES": str(devices),
            "JAX_COMPILATION_CACHE_DIR": str(folder / compiled),
        }
        self.process = subprocess.Popen(
            [*through, sys.executable, ROOT / "run.py", *arguments],
            cwd=folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.lines: list[str] = []

    def until(self, text: str) -> str:
        """Reads up to the next line that contains a text, and returns the line.

        Args:
            text: the text. There is no time limit.

        Raises:
            AssertionError: the process ended without such a line.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"{text!r} never came:\n{''.join(self.lines)}")

    def end(self, seconds: float = 600) -> int:
        """Waits for the end of the process, reads its output and returns the exit status.

        Args:
            seconds: the longest time to wait; the process is not killed after it.

        Raises:
            subprocess.TimeoutExpired: the process did not end in this time.
        """
        self.lines.append(self.process.communicate(timeout=seconds)[0])
        return self.process.returncode

    @property
    def text(self) -> str:
        """All output that was read so far."""
        return "".join(self.lines)
