"""Compiles programs of trials; study models that trace to the same program share them."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from threading import Event, Lock
from typing import Any, cast

import jax
import optax

from pgat_jax.causes.study_model import StudyModel
from pgat_jax.model.build import Params
from pgat_jax.model.heads import criterion_loss

# (params, batch) -> ((loss, (statistics, point forecast)), gradients)
GradientProgram = Callable[[Params, Any], tuple[tuple[jax.Array, tuple[Any, jax.Array]], Params]]
# params -> state, and (gradients, state, params) -> (params, state)
OptimizerPrograms = tuple[Callable[..., Any], Callable[..., Any]]

# XLA options for programs that run only a few times: they take half the time to compile and two
# thirds more to run.
QUICK_COMPILE = {"xla_backend_optimization_level": 0}
# Programs that stay loaded. A process has memory maps for a few dozen of this size.
MAX_PROGRAMS = 12


class Stopped(Exception):
    """Raised in a trial whose programs were stopped."""


class TrialPrograms:
    """A cache of compiled programs, least recently used first out, for any number of threads.

    Interventions that change only parameters or data trace to the same program, so they reuse its
    compiled functions. The only argument is a dict of XLA options for the gradients' programs, or
    None.
    """

    def __init__(self, options: dict[str, Any] | None = None):
        """Creates an empty cache.

        Args:
            options: XLA options for the gradients' programs.
        """
        self._options = options
        self._programs: dict[Hashable, Any] = {}
        self._lock, self._stop = Lock(), Event()

    def stop(self) -> None:
        """Makes every later call of a gradient program raise `Stopped`."""
        self._stop.set()

    def gradient(self, model: StudyModel) -> GradientProgram:
        """Returns the program of a study model's loss, outputs and gradient.

        Args:
            model: The study model.

        Returns:
            (params, batch) -> ((loss, (statistics, point forecast)), gradients). It is compiled at
            its first call, and raises `Stopped` after `stop`.
        """
        key = ("gradient", *model.program_key)
        return self.get(key, lambda: self.share(_jit_gradient(model, self._options)))

    def optimizer(self, model: StudyModel, steps_per_epoch: int) -> OptimizerPrograms:
        """Returns the programs of a study model's optimiser: initial state and update.

        Args:
            model: The study model.
            steps_per_epoch: Batches in an epoch.

        Returns:
            params -> state, and (gradients, state, params) -> (params, state). `stop` does not
            affect them.
        """
        edits = tuple(i.edit_optimizer for i in model.interventions)
        key = ("optimizer", model.config.train, edits, steps_per_epoch)
        return self.get(key, lambda: _jit_optimizer(model.optimizer(steps_per_epoch)))

    def share(self, function: Callable[..., Any]) -> "SharedProgram":
        """Wraps a jitted function so that several threads can call it.

        The first thread to call it compiles it while the others wait; then they run side by side.
        Once `stop` has been called, every call raises `Stopped`.

        Args:
            function: The jitted function; it is compiled at its first call.
        """
        return SharedProgram(function, self._stop)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Returns the entry of a key; creates it if it is not there.

        Beyond `MAX_PROGRAMS` entries, the least recently used one is dropped.

        Args:
            key: The key.
            make: Makes the entry; called without arguments.
        """
        with self._lock:
            program = self._programs[key] = self._programs.pop(key, None) or make()
            for old in list(self._programs)[:-MAX_PROGRAMS]:
                del self._programs[old]
        return program


class SharedProgram:
    """A jitted function for several threads: one compiles it while the others wait.

    It is called as the function itself, and raises `Stopped` once the event `stop` is set.
    """

    def __init__(self, function: Callable[..., Any], stop: Event):
        """Wraps a jitted function.

        Args:
            function: Compiled at its first call.
            stop: Once it is set, every call raises `Stopped`.
        """
        self._function, self._stop = function, stop
        self._turn: AbstractContextManager[Any] = Lock()

    def __call__(self, *args: Any) -> Any:
        """Calls the function.

        Args:
            *args: Its arguments.

        Raises:
            Stopped: The programs were stopped.
        """
        if self._stop.is_set():
            raise Stopped
        with self._turn:
            result = self._function(*args)
        self._turn = nullcontext()  # the function is compiled: threads may run it side by side
        return result


def _jit_gradient(model: StudyModel, options: dict[str, Any] | None) -> GradientProgram:
    def loss(params: Params, batch: Any) -> tuple[jax.Array, Any]:
        outputs = model.outputs(params, batch)
        value = criterion_loss(outputs, batch.target, model.config.loss)
        return value, (outputs.statistics, outputs.point)

    return jax.jit(jax.value_and_grad(loss, has_aux=True), compiler_options=options)


def _jit_optimizer(optimizer: optax.GradientTransformation) -> OptimizerPrograms:
    def update(gradients: Params, state: Any, params: Params) -> tuple[Params, Any]:
        updates, state = optimizer.update(gradients, state, params)
        return cast(Params, optax.apply_updates(params, updates)), state

    return jax.jit(optimizer.init), jax.jit(update)
