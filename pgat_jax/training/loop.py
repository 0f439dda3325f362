"""The loop of training. In this order, until the last epoch is done or something ends it earlier:

    an epoch has ended?   validate, record, save
    over?                 last epoch, early stopping, minutes used up, a signal
    steps                 ``train.steps_per_dispatch`` of them, then wait for the device
    NaN or Inf            too many in a row: stop
    record                every ``train.log_every`` steps
    save                  where the last save is ten minutes ago

Its place and the state of the device are saved together: a run goes on as if never broken off.
"""

import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from pgat_jax.cluster import agreed, is_first
from pgat_jax.config import Config
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import epoch_order
from pgat_jax.errors import UserError
from pgat_jax.mesh import make_mesh, spread
from pgat_jax.model.build import build
from pgat_jax.progress import Reporter
from pgat_jax.runs.checkpoint import Checkpoints
from pgat_jax.runs.folder import CHECKPOINTS
from pgat_jax.runs.metrics import Metrics, Unwritten
from pgat_jax.training.interrupts import Interrupted, Interrupts
from pgat_jax.training.recorder import Recorder
from pgat_jax.training.snapshot import Place, items_of, meta_of, restore
from pgat_jax.training.step import (
    TrainState,
    compile_step,
    make_step,
    table_shapes,
    to_leaves,
    wait_for,
)
from pgat_jax.training.validation import Validation

SAVE_SECONDS = 600.0
"""Longest time between two checkpoints: what a power cut may cost."""


class Trainer:
    """The loop, and what it holds on to."""

    recorder: Recorder

    def __init__(
        self, config: Config, data: Data, run: Path, reporter: Reporter, interrupts: Interrupts
    ):
        """Opens the folder of a run, whose table is ``data``."""
        self.config, self.data, self.path = config, data, run
        self.reporter, self.interrupts = reporter, interrupts
        self.model = build(config, data.columns)
        self.steps_per_epoch = steps_per_epoch(config, data)
        self._opened = ExitStack()
        self.checkpoints = self._opened.enter_context(Checkpoints(run / CHECKPOINTS, create=True))
        self.place = Place()
        self._order: tuple[int, Any] = (-1, None)
        self._mesh = make_mesh(config)
        self._table = spread(self._mesh, data.device_table)
        self.validation = Validation(self.model, data.windows("validation"), self._table, reporter)

    def begin(self, resume: bool) -> None:
        """Read the newest sound checkpoint, or make the first state; compile the step.

        Raises:
            UserError: there is no usable checkpoint, or the table has changed.
            Interrupted: a signal came first.
        """
        restored = None
        if resume:
            what = (self.path, self.data, self.model, self.steps_per_epoch, self.reporter.say)
            self.place, restored = restore(self.checkpoints, *what)
        metrics = Metrics(self.path, self.place.step) if is_first() else Unwritten()
        self.recorder = Recorder(self.config.train, self.steps_per_epoch, metrics, self.reporter)
        self._opened.callback(self.recorder.close)

        def prepare() -> tuple[Any, TrainState]:
            compiled = compile_step(self.model, self.steps_per_epoch, table_shapes(self._table))
            return compiled, restored or make_step(self.model, self.steps_per_epoch)[1]()

        made = self.reporter.wait("compiling the training step", prepare, self._interrupted)
        if made is None:
            raise Interrupted(self._way_on(saved=resume), self.interrupts.number or 0)
        self._step, self.state = made
        self._first = self.place.step
        self._saved_at = time.monotonic()
        self.recorder.restart_clock()

    def run(self, stop_at: float) -> None:
        """The loop of this module's first lines; ``stop_at`` is a ``time.monotonic()``.

        Raises:
            UserError: NaN or Inf in too many steps in a row.
            Interrupted: a signal came; all is saved.
        """
        while not agreed(self._interrupted()):
            if self.place.step == (self.place.validated + 1) * self.steps_per_epoch:
                self._end_epoch(stop_at)
            elif self._done() or self._late(stop_at):
                break
            else:
                self._advance(stop_at)
        self._end(stop_at)

    @property
    def params(self) -> Any:
        """The model's parameters, the whole of them on every device."""
        return to_leaves(self.model)(self.state.params)

    def close(self) -> None:
        """Wait for the last save and close the files."""
        self._opened.close()

    def _advance(self, stop_at: float) -> None:
        """A dispatch of steps, and what its last one calls for."""
        before = self.place.step
        epoch, position = divmod(before, self.steps_per_epoch)
        count = min(self.config.train.steps_per_dispatch, self.steps_per_epoch - position)
        for _ in range(count):
            self.state, returned = self._step(self.state, self._table, self._order_of(epoch))
            self.recorder.add(returned)
        wait_for(self.state.step)
        self.place = replace(self.place, step=before + count)
        self._check_finite()
        every = self.config.train.log_every
        if before == self._first or before // every < self.place.step // every:
            self.recorder.record(self.place.step, stop_at)
        self.recorder.show(self.place.step, stop_at)
        if agreed(time.monotonic() - self._saved_at > SAVE_SECONDS):
            self._save(None)

    def _end_epoch(self, stop_at: float) -> None:
        """Validate, record, save; leaves the epoch unvalidated where a signal comes in between."""
        self.recorder.record(self.place.step, stop_at)
        loss = self.validation.loss(self.params, self._interrupted)
        if loss is None:
            return
        best = self.place.best_loss is None or loss < self.place.best_loss
        self.place = replace(
            self.place,
            validated=self.place.validated + 1,
            best_loss=loss if best else self.place.best_loss,
            stale=0 if best else self.place.stale + 1,
        )
        self.recorder.validation(self.place.step, loss, best)
        self._save(loss)

    def _end(self, stop_at: float) -> None:
        """Record and save where the loop was left; an unfinished epoch is validated too."""
        self.recorder.record(self.place.step, stop_at)
        if not agreed(self._interrupted()) and self.place.step % self.steps_per_epoch:
            loss = self.validation.loss(self.params, self._interrupted)
            if loss is not None:
                self.recorder.validation(self.place.step, loss, best=False)
                self._save(loss)
        if agreed(self._interrupted()):
            self._save(None)
            self.checkpoints.wait()
            number = self.interrupts.number or signal.SIGTERM  # it came to another process
            raise Interrupted(self._way_on(saved=True), number)
        if self._stale():
            self.reporter.say(
                f"early stopping: {self.place.stale} epochs without a better validation loss "
                f"(train.early_stopping)"
            )

    def _save(self, validation_loss: float | None) -> None:
        meta = meta_of(self.place, self.config, self.data, self.steps_per_epoch, validation_loss)
        every = self.config.train.checkpoint_every * self.steps_per_epoch
        self.checkpoints.save(self.place.step, items_of(self.model, self.state), meta, every)
        self._saved_at = time.monotonic()

    def _order_of(self, epoch: int) -> jax.Array:
        """Rows of the epoch's windows in their order, on every device."""
        if self._order[0] != epoch:
            windows = self.data.windows("train")
            order = windows[epoch_order(self.config.seed, epoch, len(windows))]
            whole = self.steps_per_epoch * self.config.train.batch_size
            self._order = (epoch, spread(self._mesh, order[:whole].astype(np.int32)))
        return self._order[1]

    def _check_finite(self) -> None:
        row = int(self.state.optimizer.notfinite_count)
        if row >= self.config.train.max_nonfinite:
            kept = self.checkpoints.steps()
            raise UserError(
                f"{self.path}: the loss or a gradient was NaN or Inf for {row} steps in a row, up "
                f"to step {self.place.step} (train.max_nonfinite: "
                f"{self.config.train.max_nonfinite}); training has stopped and the parameters of "
                f"the last good checkpoint (step {kept[-1] if kept else 'none'}) are untouched. "
                "Try a lower train.learning_rate or train.clip_norm."
            )

    def _late(self, stop_at: float) -> bool:
        """Whether the time is up and a step was taken."""
        return self.place.step > self._first and agreed(time.monotonic() >= stop_at)

    def _done(self) -> bool:
        return self.place.validated >= self.config.train.epochs or self._stale()

    def _stale(self) -> bool:
        patience = self.config.train.early_stopping
        return patience is not None and self.place.stale >= patience

    def _interrupted(self) -> bool:
        return self.interrupts.number is not None

    def _way_on(self, saved: bool) -> str:
        if not saved:
            return f"{self.path}: stopped before the first step; there is nothing to resume."
        return (
            f"stopped after step {self.place.step}; saved. Go on with: "
            f"python run.py --resume {self.path}"
        )


def steps_per_epoch(config: Config, data: Data) -> int:
    """Whole batches of training windows.

    Raises:
        UserError: there are fewer windows than a batch holds.
    """
    windows = len(data.windows("train"))
    if windows < config.train.batch_size:
        raise UserError(
            f"train.batch_size: got {config.train.batch_size}, expected at most {windows}, the "
            f"number of training windows in {data.table.source!r}."
        )
    return windows // config.train.batch_size
