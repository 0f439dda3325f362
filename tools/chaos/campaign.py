"""A run that is started, knocked over and resumed until it ends; and what must then be true."""

import json
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pgat_jax.runs.folder import load_run, params_sha256
from tools.commands import SMALL, Command

EPOCHS, LOG_EVERY = 6, 5
KEYS = (*SMALL, f"train.epochs={EPOCHS}", f"train.log_every={LOG_EVERY}")
COMPILING = "compiling the training step"
PATIENCE = 1800
"""Seconds after which a process counts as hung, on a machine that may have much else to do."""
STATUS = {signal.SIGKILL: {-9}, signal.SIGTERM: {143, -15}, signal.SIGINT: {130, -2}}


class Campaign:
    """One run in a folder with ``days.csv``, and the processes that bring it to its end."""

    def __init__(self, place: Path, rng: random.Random):
        """Nothing is started yet."""
        self.place, self.rng = place, rng
        self.run: Path | None = None
        self.ended = False
        """Whether the last process went to the end of the run; a knock may take a part back."""
        self.counts: Counter[str] = Counter()
        self._promised: int | None = None

    def start(self) -> Command:
        """A process that begins the run, or goes on with it once it has a checkpoint."""
        if self.steps():
            return self.resume()
        self.run = None
        return self._command(*KEYS)

    def resume(self, *words: str, through: Sequence[str] = ()) -> Command:
        """A process that goes on with the run; see ``Command``."""
        assert self.run is not None
        return self._command("--resume", self.run.name, *words, through=through)

    def steps(self) -> list[int]:
        """Steps of the committed checkpoints."""
        folder = self.run / "checkpoints" if self.run else self.place / "none"
        names = [path.parent.name for path in folder.glob("*/manifest.json")]
        return sorted(int(name) for name in names if name.isdigit())

    def kill(self, number: signal.Signals, during: float = 14.0, after: str = COMPILING) -> None:
        """Start, send a signal at a random moment, see that the process ends as it should.

        Args:
            number: the signal.
            during: it comes within as many seconds of the line below.
            after: the line, or a part of it; now and then the signal does not wait for it.
        """
        command = self.start()
        if self.rng.random() < 0.85:
            self.follow(command, after)
        else:
            time.sleep(self.rng.uniform(0, 3))
        time.sleep(self.rng.uniform(0, during))
        command.process.send_signal(number)
        status = self.end(command)
        if status == 0:
            return
        assert status in STATUS[number], f"status {status} after {number.name}:\n{command.text}"
        self.counts[number.name] += 1

    def finish(self) -> None:
        """Let the run go on to its end."""
        while not self.ended:
            command = self.start()
            self.follow(command)
            assert self.end(command) == 0, command.text

    def ended_run(self) -> Path:
        """The folder of the run, which has ended."""
        assert self.ended and self.run is not None
        return self.run

    def follow(self, command: Command, line: str = COMPILING) -> None:
        """Read up to a line; hold the process to its promises."""
        command.until(line)
        self._note(command)

    def end(self, command: Command, what: str = "") -> int:
        """Read to the end; no process may end in a traceback, or hang."""
        status = command.end(PATIENCE)
        self._note(command)
        assert "Traceback" not in command.text, f"{what}\n{command.text}"
        self.ended = status == 0
        saved = re.search(r"stopped after step (\d+); saved", command.text)
        self._promised = int(saved[1]) if saved else None
        return status

    def _command(self, *words: str, through: Sequence[str] = ()) -> Command:
        self.counts["processes"] += 1
        return Command(self.place, *words, through=through)

    def _note(self, command: Command) -> None:
        """Where the run is, and that it went on from where it said that it was saved."""
        found = re.search(r"^run (runs/\S+)$", command.text, re.M)
        if found:
            self.run = self.place / found[1]
        on = re.search(r"going on from step (\d+),", command.text)
        if on and self._promised is not None and "is damaged" not in command.text:
            assert int(on[1]) == self._promised, f"saved {self._promised}:\n{command.text}"


def outcome(run: Path) -> dict:
    """What must not depend on how often a run was broken off."""
    scores = json.loads((run / "scores.json").read_text())
    del scores["run"]
    last = load_run(run, "last")
    return {"scores": scores, "last": params_sha256(last.params), "step": last.step}


def records(run: Path) -> dict[tuple[str, int], dict]:
    """(event, step) -> the numbers of a record that say nothing of time; none stands twice."""
    found = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        key = record["event"], record["step"]
        assert key not in found, f"{run}: {key} stands twice"
        found[key] = record
    steps = [step for event, step in found if event == "train"]
    assert steps == sorted(steps), f"{run}: steps go back"
    return found


def compare(run: Path, calm: Path) -> None:
    """A run that was knocked about must equal the one that was left alone."""
    assert outcome(run) == outcome(calm), f"{run} is not the run that was left alone"
    knocked, expected = records(run), records(calm)
    missing = [key for key in expected if key not in knocked and key[1] % LOG_EVERY == 0]
    assert not missing, f"{run}: records are missing: {missing}"
    for key in expected.keys() & knocked.keys():
        for name, value in knocked[key].items():
            mean = name == "loss" and key[0] == "train"
            if not mean and name not in ("time", "samples_per_second"):
                assert expected[key][name] == value, f"{run}: {key} {name}"
    validated = [step for event, step in knocked if event == "validation"]
    wanted = [step for event, step in expected if event == "validation"]
    assert validated == wanted, f"{run}: validated after steps {validated}"
