"""Starts, interrupts and resumes a run until it ends, and checks its result."""

import json
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.loaded_run import load_run
from tools.commands import SMALL, Command

EPOCHS, LOG_EVERY = 6, 5
KEYS = (*SMALL, f"train.epochs={EPOCHS}", f"train.log_every={LOG_EVERY}")
COMPILING = "compiling the training step"
# Share of the kills that wait for a line of output, and the longest wait of the others, seconds.
FOLLOWED_SHARE, LONGEST_WAIT = 0.85, 3.0
# Seconds after which a process counts as hung, on a machine that may be busy with other work.
PATIENCE = 1800
# Signal -> the exit statuses with which a process may end: by itself, or by the signal.
STATUS = {signal.SIGKILL: {-9}, signal.SIGTERM: {143, -15}, signal.SIGINT: {130, -2}}


class Campaign:
    """One run in a folder with `days.csv`, and the processes that bring it to its end.

    Making an object starts no process.

    Args:
        place: the folder in which the processes run; it must contain `days.csv`, from
            `tools.commands.write_days`.
        rng: draws the moments and what happens.

    Attributes:
        place: as given.
        rng: as given.
        run: the folder of the run, once a process has named it.
        has_ended: whether the last process went to the end of the run; an incident may undo that.
        counts: name of an event -> how often it happened.
    """

    def __init__(self, place: Path, rng: random.Random):
        self.place, self.rng = place, rng
        self.run: Path | None = None
        self.has_ended = False
        self.counts: Counter[str] = Counter()
        self._saved_step: int | None = None

    def start(self) -> Command:
        """Starts a process that begins a run, or resumes it if it has a checkpoint.

        It does not wait for the process.
        """
        if self.steps():
            return self.resume()
        self.run = None
        return self._command(*KEYS)

    def resume(self, *words: str, through: Sequence[str] = ()) -> Command:
        """Starts a process that resumes the run.

        Args:
            *words: words to add to the command `--resume RUN`.
            through: words of a program that starts the command, put before it.

        Raises:
            AssertionError: no process has named the folder of the run yet.
        """
        assert self.run is not None
        return self._command("--resume", self.run.name, *words, through=through)

    def steps(self) -> list[int]:
        """Returns the steps of the run's complete checkpoints, sorted; empty without a run."""
        folder = self.run / "checkpoints" if self.run else self.place / "none"
        names = [path.parent.name for path in folder.glob("*/manifest.json")]
        return sorted(int(name) for name in names if name.isdigit())

    def kill(self, number: signal.Signals, during: float = 14.0, after: str = COMPILING) -> None:
        """Starts a process, sends a signal at a random moment and checks the exit status.

        A process that ends before the signal comes is not counted.

        Args:
            number: the signal: SIGKILL, SIGTERM or SIGINT, the keys of `STATUS`.
            during: longest time from the line with `after` to the signal, seconds.
            after: a part of a line of output; 15% of the signals do not wait for it.

        Raises:
            AssertionError: the status is neither 0 nor one that `STATUS` lists for the signal, or
                as for `end`.
            subprocess.TimeoutExpired: the process does not end.
        """
        command = self.start()
        if self.rng.random() < FOLLOWED_SHARE:
            self.follow(command, after)
        else:
            time.sleep(self.rng.uniform(0, LONGEST_WAIT))
        time.sleep(self.rng.uniform(0, during))
        command.process.send_signal(number)
        status = self.end(command)
        if status == 0:
            return
        assert status in STATUS[number], f"status {status} after {number.name}:\n{command.text}"
        self.counts[number.name] += 1

    def finish(self) -> None:
        """Lets the run continue to its end.

        Raises:
            AssertionError: a process fails, or as for `end`.
            subprocess.TimeoutExpired: a process does not end.
        """
        while not self.has_ended:
            command = self.start()
            self.follow(command)
            assert self.end(command) == 0, command.text

    def ended_run(self) -> Path:
        """Returns the folder of the run.

        Raises:
            AssertionError: the run has not ended.
        """
        assert self.has_ended and self.run is not None
        return self.run

    def follow(self, command: Command, line: str = COMPILING) -> None:
        """Reads up to a line, and checks that the process resumed where the last one saved.

        Args:
            command: a process of this campaign.
            line: a part of the line.

        Raises:
            AssertionError: it resumed at another step, or ended before the line.
        """
        command.until(line)
        self._note(command)

    def end(self, command: Command, what: str = "") -> int:
        """Waits for the end of a process, sets `has_ended` and returns the exit status.

        Args:
            command: a process of this campaign.
            what: a description of the process, for the message of an error.

        Raises:
            AssertionError: the process prints a traceback, or resumed at another step than the one
                that was saved.
            subprocess.TimeoutExpired: the process does not end.
        """
        status = command.end(PATIENCE)
        self._note(command)
        assert "Traceback" not in command.text, f"{what}\n{command.text}"
        self.has_ended = status == 0
        saved = re.search(r"stopped after step (\d+); saved", command.text)
        self._saved_step = int(saved[1]) if saved else None
        return status

    def _command(self, *words: str, through: Sequence[str] = ()) -> Command:
        self.counts["processes"] += 1
        return Command(self.place, *words, through=through)

    def _note(self, command: Command) -> None:
        """Records the folder of the run and checks that it resumed at the step that was saved."""
        named = re.search(r"^run (runs/\S+)$", command.text, re.MULTILINE)
        if named:
            self.run = self.place / named[1]
        resumed = re.search(r"going on from step (\d+),", command.text)
        if resumed and self._saved_step is not None and "is damaged" not in command.text:
            assert int(resumed[1]) == self._saved_step, f"saved {self._saved_step}:\n{command.text}"


def read_outcome(run: Path) -> dict:
    """Returns those results of a run that must not depend on its interruptions.

    Args:
        run: the folder of a run that has ended.

    Returns:
        `scores` (the content of `scores.json` without `run`), `last` (the hash of the parameters of
        the last checkpoint) and `step` (its step).
    """
    scores = json.loads((run / "scores.json").read_text())
    del scores["run"]
    last = load_run(run, "last")
    return {"scores": scores, "last": hash_params(last.params), "step": last.step}


def read_records(run: Path) -> dict[tuple[str, int], dict]:
    """Returns (event, step) -> record (a dict) of a run's `metrics.jsonl`.

    Args:
        run: the folder of the run.

    Raises:
        AssertionError: a record occurs twice, or the steps of training do not grow.
        OSError: there is no such file.
    """
    records = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        key = record["event"], record["step"]
        assert key not in records, f"{run}: {key} occurs twice"
        records[key] = record
    steps = [step for event, step in records if event == "train"]
    assert steps == sorted(steps), f"{run}: steps go back"
    return records


def compare_runs(run: Path, reference: Path) -> None:
    """Checks that an interrupted run equals the undisturbed one, in results and in records.

    Times, speeds and the mean losses of training records may differ.

    Args:
        run: the folder of the interrupted run.
        reference: the folder of the undisturbed run.

    Raises:
        AssertionError: names the first difference.
    """
    assert read_outcome(run) == read_outcome(reference), f"{run} differs from the undisturbed run"
    records, expected = read_records(run), read_records(reference)
    missing = [key for key in expected if key not in records and key[1] % LOG_EVERY == 0]
    assert not missing, f"{run}: records are missing: {missing}"
    for key in expected.keys() & records.keys():
        for name, value in records[key].items():
            # The mean loss of a record depends on where the record before it was written.
            is_mean = name == "loss" and key[0] == "train"
            if not is_mean and name not in ("time", "samples_per_second"):
                assert expected[key][name] == value, f"{run}: {key} {name}"
    validations = [step for event, step in records if event == "validation"]
    wanted = [step for event, step in expected if event == "validation"]
    assert validations == wanted, f"{run}: validated after steps {validations}"
