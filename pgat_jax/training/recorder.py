"""Writes the records of training, every `train.log_every` steps, and shows them to the user."""

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from checks.sentinels import silent_groups
from pgat_jax.config import TrainConfig
from pgat_jax.progress import Reporter
from pgat_jax.storage.metrics import Metrics
from pgat_jax.training.step import StepMetrics

# Steps with a gradient of exactly zero after which a parameter group is reported.
SILENT_STEPS = 30
# Metrics of a step that are not recorded as they are.
PER_STEP = ("updated", "skipped_in_row", "silence")
UPDATE_NORM = "update_norm/"


class Recorder:
    """Keeps the metrics of steps on the device until the caller asks for a record.

    It is made of the settings of training, the steps of an epoch, the `Metrics` that receive the
    records and the `Reporter` that shows them. `add` takes the metrics of each step; `record`,
    which the caller calls when a record is due, fetches, writes and shows all since the last one.
    """

    def __init__(
        self,
        config: TrainConfig,
        steps_per_epoch: int,
        metrics: Metrics,
        reporter: Reporter,
        stop_at: float = np.inf,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Creates a recorder; nothing is written yet.

        Args:
            config: the settings of training.
            steps_per_epoch: batches in an epoch.
            metrics: receives the records.
            reporter: shows them.
            stop_at: time of `clock` at which training will stop, for the time that is left.
            clock: returns the time in seconds.
        """
        self._config, self._steps_per_epoch = config, steps_per_epoch
        self._metrics, self._reporter = metrics, reporter
        self._stop_at, self._clock = stop_at, clock
        self._started = clock() - metrics.elapsed
        self._pending: list[StepMetrics] = []
        self._update_norms: dict[str, float] = {}
        self._silent: set[str] = set()
        self._skipped: int | None = None
        self.restart_clock()

    def restart_clock(self) -> None:
        """Restarts the clock of the speed, so that the time until now does not count."""
        self._since = self._clock()
        self._steps = 0

    def add(self, metrics: StepMetrics) -> None:
        """Adds the metrics of one step, without fetching them from the device.

        Args:
            metrics: the metrics of the step.
        """
        self._pending.append(metrics)
        self._steps += 1

    def record(self, step: int) -> None:
        """Writes and shows a record of the steps since the last record; without any, nothing.

        Args:
            step: the newest step.
        """
        if not self._pending:
            return
        metrics: list[StepMetrics] = jax.device_get(self._pending)
        self._pending = []
        speed = self._speed()
        self.restart_clock()
        values = self._summarise(metrics) | {"samples_per_second": speed}
        self._write("train", step, values)
        self._warn_of_skips(step, int(metrics[-1]["skipped"]))
        self._warn_of_silence(step, metrics[-1]["silence"])
        self._show(step, values, speed)

    def show(self, step: int) -> None:
        """Shows a step between two records, if nothing was shown for a while.

        Args:
            step: the newest step.
        """
        if self._pending and self._reporter.is_due():
            newest = jax.device_get(self._pending[-1])
            self._show(step, newest, self._speed())

    def add_validation(self, step: int, loss: float, is_best: bool) -> None:
        """Writes and shows a validation loss.

        Args:
            step: steps taken.
            loss: the validation loss.
            is_best: whether it is the lowest so far.
        """
        self._write("validation", step, {"loss": loss})
        remark = ", the best so far" if is_best else ""
        done = step % self._steps_per_epoch
        part = f", {done} of its {self._steps_per_epoch} steps" if done else ""
        self._reporter.say(f"epoch {self._epoch(step)}{part}: validation loss {loss:.5f}{remark}")
        self.restart_clock()

    def close(self) -> None:
        """Removes the bar and closes the files."""
        self._reporter.close()
        self._metrics.close()

    def _speed(self) -> float:
        """Returns the samples per second since the last record."""
        return self._steps * self._config.batch_size / (self._clock() - self._since)

    def _show(self, step: int, values: dict[str, Any], speed: float) -> None:
        total = self._config.epochs * self._steps_per_epoch
        left = (total - step) * self._config.batch_size / speed
        self._reporter.step(
            step,
            total,
            min(left, self._stop_at - self._clock()),
            epoch=f"{self._epoch(step)}/{self._config.epochs}",
            step=f"{step}/{total}",
            loss=f"{values['loss']:.4f}",
            rate=f"{values['learning_rate']:.2e}",
            samples_per_s=f"{speed:.1f}",
        )

    def _epoch(self, step: int) -> int:
        """Returns the epoch, from 1, that contains the newest of `step` steps."""
        return max(step - 1, 0) // self._steps_per_epoch + 1

    def _write(self, event: str, step: int, values: dict[str, Any]) -> None:
        elapsed = round(self._clock() - self._started, 3)
        head = {"event": event, "time": elapsed, "epoch": self._epoch(step), "step": step}
        self._metrics.write(head | values)

    def _summarise(self, metrics: list[StepMetrics]) -> dict[str, Any]:
        """Returns the newest metrics, with the mean loss of good steps and the last update norms.

        Between two updates the update norms are 0, so those of the last update are recorded.
        """
        newest = {k: np.asarray(v).item() for k, v in metrics[-1].items() if k not in PER_STEP}
        losses = [float(m["loss"]) for m in metrics if not m["skipped_in_row"]]
        for values in (m for m in metrics if m["updated"]):
            self._update_norms = {
                k: float(v) for k, v in values.items() if k.startswith(UPDATE_NORM)
            }
        others = {k: v for k, v in newest.items() if not k.startswith(UPDATE_NORM)}
        return others | self._update_norms | {"loss": float(np.mean(losses)) if losses else np.nan}

    def _warn_of_skips(self, step: int, skipped: int) -> None:
        if self._skipped is not None and skipped > self._skipped:
            self._reporter.say(
                f"step {step}: {skipped - self._skipped} steps with NaN or Inf in the loss or a "
                f"gradient were skipped; {skipped} in all"
            )
        self._skipped = skipped

    def _warn_of_silence(self, step: int, silence: dict[str, Any]) -> None:
        silent = {group for group, steps in silence.items() if steps >= SILENT_STEPS}
        new = {group: silence[group] for group in silent - self._silent}
        for line in silent_groups(new, SILENT_STEPS):
            self._reporter.say(f"step {step}: parameter group {line}")
        self._silent = silent
