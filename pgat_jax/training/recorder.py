"""Turns what the steps return into records, every ``train.log_every`` steps, and into reports."""

import time
from typing import Any

import jax
import numpy as np

from checks.sentinels import silent_groups
from pgat_jax.config import TrainConfig
from pgat_jax.progress import Reporter
from pgat_jax.runs.metrics import Metrics

SILENT_STEPS = 30
"""Steps with a gradient of exactly zero after which a parameter group is reported."""
PER_STEP = ("updated", "skipped_in_row", "silence")
"""What a step returns that is not recorded as it stands."""


class Recorder:
    """Keeps what steps returned on the device, and fetches it when a record is due."""

    def __init__(
        self, config: TrainConfig, steps_per_epoch: int, metrics: Metrics, reporter: Reporter
    ):
        """Records to ``metrics`` and reports to ``reporter``."""
        self._config, self._steps_per_epoch = config, steps_per_epoch
        self._metrics, self._reporter = metrics, reporter
        self._opened = time.monotonic() - metrics.elapsed
        self._pending: list[dict[str, Any]] = []
        self._update_norms: dict[str, float] = {}
        self._silent: set[str] = set()
        self._skipped: int | None = None
        self.restart_clock()

    def restart_clock(self) -> None:
        """Leave out of the speed what was done since the last record."""
        self._since = time.monotonic()
        self._steps = 0

    def add(self, returned: dict[str, Any]) -> None:
        """Take what one step returned; nothing is fetched."""
        self._pending.append(returned)
        self._steps += 1

    def record(self, step: int, stop_at: float) -> None:
        """Write a record of the steps up to ``step``, and report it.

        ``stop_at`` is the ``time.monotonic()`` at which training will be stopped, or infinity.
        """
        if not self._pending:
            return
        returned: list[dict[str, Any]] = jax.device_get(self._pending)
        self._pending = []
        speed = self._speed()
        self.restart_clock()
        values = self._values(returned) | {"samples_per_second": speed}
        self._write("train", step, values)
        self._warn(step, returned[-1])
        self._report(step, values, speed, stop_at)

    def show(self, step: int, stop_at: float) -> None:
        """Report the step ``step`` between two records, where the reporter has not for a while."""
        if self._pending and self._reporter.is_due():
            last = jax.device_get(self._pending[-1])
            self._report(step, last, self._speed(), stop_at)

    def _speed(self) -> float:
        """Samples a second since the last record."""
        return self._steps * self._config.batch_size / (time.monotonic() - self._since)

    def _report(self, step: int, values: dict[str, Any], speed: float, stop_at: float) -> None:
        total = self._config.epochs * self._steps_per_epoch
        left = (total - step) * self._config.batch_size / speed
        self._reporter.step(
            step,
            total,
            min(left, stop_at - time.monotonic()),
            epoch=f"{self._epoch(step)}/{self._config.epochs}",
            step=f"{step}/{total}",
            loss=f"{values['loss']:.4f}",
            rate=f"{values['learning_rate']:.2e}",
            samples_per_s=f"{speed:.1f}",
        )

    def validation(self, step: int, loss: float, best: bool) -> None:
        """Write and report a validation loss."""
        self._write("validation", step, {"loss": loss})
        remark = ", the best so far" if best else ""
        self._reporter.say(f"epoch {self._epoch(step)}: validation loss {loss:.5f}{remark}")
        self.restart_clock()

    def close(self) -> None:
        """Take the bar down and close the record."""
        self._reporter.close()
        self._metrics.close()

    def _epoch(self, step: int) -> int:
        """The epoch, from 1, that the last step belongs to."""
        return max(step - 1, 0) // self._steps_per_epoch + 1

    def _write(self, event: str, step: int, values: dict[str, Any]) -> None:
        elapsed = round(time.monotonic() - self._opened, 3)
        place = {"event": event, "time": elapsed, "epoch": self._epoch(step), "step": step}
        self._metrics.write(place | values)

    def _values(self, returned: list[dict[str, Any]]) -> dict[str, Any]:
        """The last step's numbers, the mean loss of the good steps, the last update's norms."""
        last = {k: np.asarray(v).item() for k, v in returned[-1].items() if k not in PER_STEP}
        losses = [float(r["loss"]) for r in returned if not r["skipped_in_row"]]
        for metrics in (r for r in returned if r["updated"]):
            self._update_norms = {
                k: float(v) for k, v in metrics.items() if k.startswith("update_norm/")
            }
        kept = {k: v for k, v in last.items() if not k.startswith("update_norm/")}
        return kept | self._update_norms | {"loss": float(np.mean(losses)) if losses else np.nan}

    def _warn(self, step: int, last: dict[str, Any]) -> None:
        skipped = int(last["skipped"])
        if self._skipped is not None and skipped > self._skipped:
            self._reporter.say(
                f"step {step}: {skipped - self._skipped} steps with NaN or Inf in the loss or a "
                f"gradient were skipped; {skipped} in all"
            )
        self._skipped = skipped
        lines = set(silent_groups(last["silence"], SILENT_STEPS))
        groups = {line.split(":")[0]: line for line in lines}
        for group in sorted(groups.keys() - self._silent):
            self._reporter.say(f"step {step}: parameter group {groups[group]}")
        self._silent = set(groups)
