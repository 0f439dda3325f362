"""``python run.py`` in processes of its own, and the small table that it trains on."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pgat_jax import load_config
from pgat_jax.data.source import load_table

ROOT = Path(__file__).parent.parent
SMALL = ("--config", "tiny", "data.source=days.csv", "data.validation_days=8", "data.test_days=8")
"""The tiny model on the table of ``write_days``."""


def write_days(folder: Path, rows: int = 130) -> Path:
    """``days.csv``: dates and prices of the first real days."""
    nasdaq = load_table(load_config("tiny").data)
    days = zip(nasdaq.dates[:rows], nasdaq.prices[:rows].tolist())
    lines = ["date,Open,High,Low,Close", *(f"{d},{','.join(map(repr, p))}" for d, p in days)]
    path = folder / "days.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


class Command:
    """``python run.py ARGUMENTS`` in a folder; its lines are read as they come."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        through: Sequence[str] = (),
        compiled: str | Path = "compiled",
        devices: int = 1,
    ):
        """Starts it.

        Args:
            folder: where it runs.
            *arguments: its words.
            through: words of a program that starts it in its turn.
            compiled: its compile cache.
            devices: how many it finds.
        """
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
        """Read up to a line that holds ``text``."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"{text!r} never came:\n{''.join(self.lines)}")

    def end(self, seconds: float = 600) -> int:
        """Read to the end; the exit status."""
        self.lines.append(self.process.communicate(timeout=seconds)[0])
        return self.process.returncode

    @property
    def text(self) -> str:
        return "".join(self.lines)
