"""Training in this process: real trainers that a signal stops, and trainers made of fakes."""

import io
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
from rich.console import Console

from pgat_jax.mesh import replicate
from pgat_jax.progress import Reporter
from pgat_jax.training.loop import Trainer, open_trainer
from pgat_jax.training.recorder import Recorder
from pgat_jax.training.snapshot import LoopState

STEPS = 23  # an epoch of batches of 4; accumulation 2, so epoch 1 ends between two updates
NEVER = float("inf")
METRICS = {
    "loss": 1.0,
    "learning_rate": 1e-3,
    "update": 1,
    "updated": True,
    "skipped": 0,
    "skipped_in_row": 0,
    "silence": {},
}


class StopAfter:
    """Asks for the end, as Ctrl-C does, once its trainer has taken so many steps."""

    def __init__(self, step: int | None):
        self.step, self.trainer = step, None

    def __call__(self) -> int | None:
        if self.step is None or self.trainer is None:
            return None
        return signal.SIGINT if self.trainer.loop_state.step >= self.step else None


class Clock:
    """A clock that advances by a fixed time whenever it is read."""

    def __init__(self, tick: float = 1.0):
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@contextmanager
def open_session(
    plan,
    data,
    run,
    *,
    stop=None,
    resume=False,
    stop_at=NEVER,
    output=None,
    line_seconds=10.0,
    opening=None,
    **parts,
):
    """One process's worth of training in a run's folder; `parts` replace those of the trainer.

    `opening` has more arguments for `open_trainer`.
    """
    reporter = Reporter(Console(file=output or io.StringIO(), width=1000), line_seconds)
    interruption = StopAfter(stop)
    options = {"resume": resume, "stop_at": stop_at} | (opening or {})
    with open_trainer(plan, data, run, reporter, interruption, **options) as trainer:
        interruption.trainer = replace(trainer, **parts)
        yield interruption.trainer


class Log:
    """Fakes of a trainer's parts, which note what the loop does with them in `events`."""

    def __init__(self, losses=(1.0,)):
        self.events, self.records, self.saves, self.elapsed = [], [], [], 0.0
        self._losses = iter(losses)

    def step(self, state, table, order):
        self.events.append("step")
        return state._replace(step=state.step + 1), METRICS

    def loss(self, params, is_interrupted):
        self.events.append("validate")
        return next(self._losses)

    def write(self, record):
        self.events.append(f"record {record['event']}")
        self.records.append(record)

    def save(self, step, items, meta, keep_every):
        self.events.append("save")
        self.saves.append(SimpleNamespace(step=step, items=items, meta=meta, every=keep_every))

    def steps(self):
        return [save.step for save in self.saves]

    def wait(self):
        self.events.append("wait")


def fake_trainer(plan, data, state, log: Log, **parts) -> Trainer:
    """A trainer whose step, validation, records and checkpoints are those of `log`."""
    clock = parts.get("clock", Clock())
    reporter = parts.get("reporter", Reporter(Console(file=io.StringIO()), NEVER))
    recorder = Recorder(plan.config.train, plan.steps_per_epoch, log, reporter, NEVER, clock)
    return Trainer(
        **{
            "plan": plan,
            "data": data,
            "path": Path("runs/fake"),
            "step": log.step,
            "state": state,
            "loop_state": LoopState(),
            "table": replicate(plan.mesh, data.device_table),
            "validation": log,
            "recorder": recorder,
            "checkpoints": log,
            "reporter": reporter,
            "interruption": lambda: None,
            "stop_at": NEVER,
            "clock": clock,
        }
        | parts
    )


def same(a, b) -> bool:
    equal = jax.tree.map(lambda x, y: bool(jnp.array_equal(x, y, equal_nan=True)), a, b)
    return all(jax.tree.leaves(equal))
