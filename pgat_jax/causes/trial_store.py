"""Stores finished trials as files, so that an interrupted study continues where it stopped."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pgat_jax.causes.condition import Condition
from pgat_jax.causes.scales import Scale
from pgat_jax.causes.trial import Trials
from pgat_jax.causes.trial_digest import compute_digest
from pgat_jax.causes.trial_programs import TrialPrograms
from pgat_jax.output import write_output

ROOT = Path("runs/causes")


class TrialStore:
    """A folder of trials, one file for each condition, scale and seed.

    A file is found by the digest of the trial's inputs, so a trial whose inputs changed is run
    anew. The only argument is the folder, `runs/causes` by default, which need not exist.
    """

    def __init__(self, root: Path = ROOT):
        """Opens a store.

        Args:
            root: Its folder, which need not exist yet.
        """
        self._root = root

    def read(self, condition: Condition, scale: Scale, seed: int) -> dict[str, Any] | None:
        """Returns a finished trial, or None if there is none or its file is not complete.

        Args:
            condition: The condition of the trial.
            scale: The scale of the trial.
            seed: The seed of the trial.

        Returns:
            What was given to `write`.
        """
        try:
            text = self._path(condition, scale, seed).read_text(encoding="utf-8")
            return json.loads(text)["trial"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def find_missing(self, condition: Condition, scale: Scale, seeds: Iterable[int]) -> list[int]:
        """Returns the seeds without a finished trial.

        Args:
            condition: The condition of the trials.
            scale: The scale of the trials.
            seeds: Seeds to look for.
        """
        return [s for s in seeds if self.read(condition, scale, s) is None]

    def run(
        self,
        condition: Condition,
        scale: Scale,
        seeds: Sequence[int],
        programs: TrialPrograms,
        report: Callable[[], None],
    ) -> None:
        """Runs and stores the trials of some seeds.

        Args:
            condition: The condition of the trials.
            scale: The scale of the trials.
            seeds: The seeds.
            programs: Compiled programs, shared with other trials.
            report: Called without arguments after each trial.
        """
        trials = Trials(condition.build(), scale, programs)
        for seed in seeds:
            self.write(condition, scale, seed, trials.run(seed))
            report()

    def write(self, condition: Condition, scale: Scale, seed: int, trial: dict[str, Any]) -> None:
        """Stores a finished trial; the file appears only when it is complete.

        Args:
            condition: The condition of the trial.
            scale: The scale of the trial.
            seed: The seed of the trial.
            trial: What `Trials.run` returned.
        """
        inputs = {"condition": condition.name, "scale": scale._asdict(), "seed": seed}
        content = json.dumps(inputs | {"trial": trial}).encode()
        write_output(self._path(condition, scale, seed), content)

    def _path(self, condition: Condition, scale: Scale, seed: int) -> Path:
        return self._root / scale.name / f"{compute_digest(condition, scale)}-{seed}.json"
