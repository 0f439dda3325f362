"""The loop of training. It repeats these points in this order, until the first or third ends it:

    a signal?             leave the loop
    an epoch has ended?   validate, record, save; begin again
    over?                 last epoch, early stopping or minutes used up: leave the loop
    steps                 take `train.steps_per_dispatch` of them, then wait for the devices
    NaN or Inf            stop with an error if there were too many in a row
    record                every `train.log_every` steps
    save                  if the last save was ten minutes ago

After the loop it records, validates an unfinished epoch, and saves. A checkpoint contains the state
of the loop and that of the devices, so that a resumed run computes what an unbroken one computes.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from pgat_jax.cluster import any_process, is_first
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable
from pgat_jax.errors import UserError, name_program
from pgat_jax.mesh import replicate
from pgat_jax.model.build import Params
from pgat_jax.progress import Reporter
from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.folder import CHECKPOINTS
from pgat_jax.storage.metrics import Metrics, NullMetrics
from pgat_jax.training.batches import order_rows
from pgat_jax.training.interrupts import Interrupted, wait_for_device
from pgat_jax.training.plan import Plan
from pgat_jax.training.recorder import Recorder
from pgat_jax.training.snapshot import LoopState, checkpoint_items, checkpoint_meta, restore
from pgat_jax.training.start import start_at_residuals
from pgat_jax.training.state import (
    TrainState,
    create_state,
    pack_params,
    table_shapes,
    unpack_params,
)
from pgat_jax.training.step import StepMetrics, compile_step
from pgat_jax.training.validation import Validation

# Longest time between two checkpoints: what a power cut may cost.
SAVE_SECONDS = 600.0

Step = Callable[[TrainState, DeviceTable, jax.Array], tuple[TrainState, StepMetrics]]
Clock = Callable[[], float]
# Returns the number of the signal that has asked for the end, or None.
Interruption = Callable[[], int | None]


@dataclass
class Trainer:
    """The loop, ready to run. `open_trainer` makes one.

    Attributes:
        plan: the fixed parts of the run.
        data: the table with its splits, for the order of an epoch and the checkpoints.
        path: the folder of the run.
        step: the compiled training step: (state, table, order of the epoch) -> (state, metrics). It
            may reuse the memory of the state that it is given.
        state: the state of the devices.
        loop_state: the progress of the loop.
        table: the scaled table, on every device.
        validation: computes the validation loss.
        recorder: takes the metrics of the steps.
        checkpoints: the checkpoints of the run.
        reporter: shows messages to the user.
        interruption: returns the number of the signal that ends the run, or None.
        stop_at: time of `clock` at which the loop ends.
        clock: returns the time in seconds.
    """

    plan: Plan
    data: Data
    path: Path
    step: Step
    state: TrainState
    loop_state: LoopState
    table: DeviceTable
    validation: Validation
    recorder: Recorder
    checkpoints: Checkpoints
    reporter: Reporter
    interruption: Interruption
    stop_at: float
    clock: Clock

    def __post_init__(self) -> None:
        self._first_step = self.loop_state.step
        self._saved_at = self.clock()
        self._order = lru_cache(maxsize=1)(partial(order_rows, self.plan, self.data))

    def run(self) -> None:
        """Trains until the last epoch, early stopping, the time `stop_at` or a signal.

        It validates and saves after each epoch, saves every ten minutes and at the end, and writes
        records every `train.log_every` steps.

        Raises:
            UserError: NaN or Inf in too many steps in a row.
            Interrupted: a signal came; everything is saved.
        """
        while not any_process(self._is_interrupted()):
            if self._has_epoch_ended():
                self._end_epoch()
            elif self.loop_state.is_done(self.plan.config.train):
                break
            elif self._is_late():
                self._report_time()
                break
            else:
                count = self._take_steps()
                self._check_finite()
                self._record(count)
                self._save_if_due()
        self._finish()

    @property
    def params(self) -> Params:
        """The parameters, whole on every device."""
        return unpack_params(self.plan, self.state.params)

    def _has_epoch_ended(self) -> bool:
        """Returns whether an epoch's last batch was taken and the epoch is not validated yet."""
        return self.loop_state.step == (self.loop_state.validated + 1) * self.plan.steps_per_epoch

    def _end_epoch(self) -> None:
        """Validates, records and saves; after a signal the epoch stays unvalidated."""
        self.recorder.record(self.loop_state.step)
        loss = self.validation.loss(self.params, self._is_interrupted)
        if loss is None:
            return
        self.loop_state = self.loop_state.add_validation(loss)
        self.recorder.add_validation(self.loop_state.step, loss, self.loop_state.stale == 0)
        self._save(loss)

    def _is_late(self) -> bool:
        """Returns whether the time is up and this process has taken a step."""
        has_stepped = self.loop_state.step > self._first_step
        return has_stepped and any_process(self.clock() >= self.stop_at)

    def _report_time(self) -> None:
        """Says that the minutes ended the run, and how to continue it."""
        last = self.plan.steps_per_epoch * self.plan.config.train.epochs
        self.reporter.say(
            f"the minutes are used up after step {self.loop_state.step} of {last}; go on with: "
            f"{name_program()} --resume {self.path}"
        )

    def _take_steps(self) -> int:
        """Dispatches steps up to the end of the epoch, waits, and returns their number."""
        epoch, position = divmod(self.loop_state.step, self.plan.steps_per_epoch)
        left = self.plan.steps_per_epoch - position
        count = min(self.plan.config.train.steps_per_dispatch, left)
        for _ in range(count):
            self.state, metrics = self.step(self.state, self.table, self._order(epoch))
            self.recorder.add(metrics)
        wait_for_device(self.state.step)
        self.loop_state = replace(self.loop_state, step=self.loop_state.step + count)
        return count

    def _check_finite(self) -> None:
        row, limit = int(self.state.opt_state.notfinite_count), self.plan.config.train.max_nonfinite
        if row >= limit:
            saved = self.checkpoints.steps()
            raise UserError(
                f"{self.path}: the loss or a gradient was NaN or Inf for {row} steps in a row, up "
                f"to step {self.loop_state.step} (train.max_nonfinite: {limit}); training has "
                "stopped and the parameters of the last good checkpoint (step "
                f"{saved[-1] if saved else 'none'}) are untouched. Try a lower "
                "train.learning_rate or train.clip_norm."
            )

    def _record(self, count: int) -> None:
        """Writes a record if the last `count` steps reached a multiple of `train.log_every`.

        It also writes one after the first steps that this process takes.
        """
        step, every = self.loop_state.step, self.plan.config.train.log_every
        before = step - count
        if before == self._first_step or before // every < step // every:
            self.recorder.record(step)
        self.recorder.show(step)

    def _save_if_due(self) -> None:
        if any_process(self.clock() - self._saved_at > SAVE_SECONDS):
            self._save(None)

    def _save(self, loss: float | None) -> None:
        plan = self.plan
        meta = checkpoint_meta(self.loop_state, plan.config, self.data, plan.steps_per_epoch, loss)
        items = checkpoint_items(plan, self.state)
        every = plan.config.train.checkpoint_every * plan.steps_per_epoch
        self.checkpoints.save(self.loop_state.step, items, meta, every)
        self._saved_at = self.clock()

    def _finish(self) -> None:
        """Records and saves the steps after the last record; validates an unfinished epoch."""
        self.recorder.record(self.loop_state.step)
        is_unfinished = self.loop_state.step % self.plan.steps_per_epoch > 0
        if not any_process(self._is_interrupted()) and is_unfinished:
            loss = self.validation.loss(self.params, self._is_interrupted)
            if loss is not None:
                self.recorder.add_validation(self.loop_state.step, loss, is_best=False)
                self._save(loss)
        if any_process(self._is_interrupted()):
            self._save(None)
            self.checkpoints.wait()
            number = self.interruption() or signal.SIGTERM  # the signal came to another process
            raise Interrupted(explain_resume(self.path, self.loop_state.step), number)
        if self.loop_state.is_stale(self.plan.config.train):
            self.reporter.say(
                f"early stopping: {self.loop_state.stale} epochs without a better validation loss "
                f"(train.early_stopping)"
            )

    def _is_interrupted(self) -> bool:
        return self.interruption() is not None


@contextmanager
def open_trainer(
    plan: Plan,
    data: Data,
    run: Path,
    reporter: Reporter,
    interruption: Interruption,
    *,
    resume: bool = False,
    first_params: Params | None = None,
    stop_at: float = np.inf,
    clock: Clock = time.monotonic,
) -> Iterator[Trainer]:
    """Opens a run: reads its newest undamaged checkpoint or makes the first state, and compiles.

    Args:
        plan: the fixed parts of the run.
        data: the table with its splits.
        run: the folder of the run.
        reporter: shows messages to the user.
        interruption: returns the number of the signal that ends the run, or None.
        resume: True continues from the newest undamaged checkpoint; False makes the first state.
        first_params: the parameters before the first step of a new run, as leaves; by default
            those of `init_state`, with the head fitted by `start_at_residuals`.
        stop_at: time of `clock` at which the loop will end.
        clock: returns the time in seconds.

    Yields:
        A trainer that is ready to run. Its last save has ended and its files are closed on exit.

    Raises:
        UserError: there is no usable checkpoint, or the table has changed.
        Interrupted: a signal came before the first step.
    """
    with Checkpoints(run / CHECKPOINTS, create=True) as checkpoints:
        loop_state, state = LoopState(), None
        if resume:
            loop_state, state = restore(checkpoints, run, data, plan, reporter.say)
        metrics = Metrics(run, loop_state.step) if is_first() else NullMetrics()
        table = replicate(plan.mesh, data.device_table)
        with closing(
            Recorder(plan.config.train, plan.steps_per_epoch, metrics, reporter, stop_at, clock)
        ) as recorder:

            def prepare() -> tuple[Any, TrainState]:
                step = compile_step(plan, table_shapes(table))
                return step, state or _make_first_state(plan, data, first_params)

            ready = reporter.wait(
                "compiling the training step", prepare, lambda: interruption() is not None
            )
            if ready is None:
                message = explain_resume(run, loop_state.step if resume else None)
                raise Interrupted(message, interruption() or signal.SIGTERM)
            validation = Validation(plan, data.windows("validation"), table, reporter)
            recorder.restart_clock()
            yield Trainer(
                plan=plan,
                data=data,
                path=run,
                step=ready[0],
                state=ready[1],
                loop_state=loop_state,
                table=table,
                validation=validation,
                recorder=recorder,
                checkpoints=checkpoints,
                reporter=reporter,
                interruption=interruption,
                stop_at=stop_at,
                clock=clock,
            )


def _make_first_state(plan: Plan, data: Data, params: Params | None) -> TrainState:
    state = create_state(plan)
    if params is None:
        return start_at_residuals(plan, state, data)
    return state._replace(params=pack_params(plan, params))


def explain_resume(run: Path, saved_step: int | None) -> str:
    """Returns a sentence that says how to continue a run after a signal.

    Args:
        run: the folder of the run.
        saved_step: the step of the last save, or None if nothing was saved.
    """
    if saved_step is None:
        return f"{run}: stopped before the first step; there is nothing to resume."
    return f"stopped after step {saved_step}; saved. Go on with: {name_program()} --resume {run}"
