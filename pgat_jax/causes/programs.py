"""Compiled programs of trials, shared among subjects that are traced alike."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from threading import Event, Lock
from typing import Any, cast

import jax
import optax

from pgat_jax.causes.subject import Subject
from pgat_jax.model.build import Params
from pgat_jax.model.heads import criterion_loss

Gradient = Callable[[Params, Any], tuple[tuple[jax.Array, tuple[Any, jax.Array]], Params]]
Optimizer = tuple[Callable[..., Any], Callable[..., Any]]


HASTY = {"xla_backend_optimization_level": 0}
"""XLA's options for programs that run a few times: half the compile, two thirds more for a run."""
KEPT = 12
"""Programs that stay loaded, the latest used: a process has room for a few dozen of this size."""


class Stopped(Exception):
    """A trial was told to end."""


class Programs:
    """What acts on parameters or table alone shares all programs with the subject without it.

    Any number of threads may ask for them and run them.
    """

    def __init__(self, options: dict[str, Any] | None = None):
        """None yet; each is made when it is first asked for, with these options of XLA's."""
        self._options = options
        self._made: dict[Hashable, Any] = {}
        self._lock, self._stop = Lock(), Event()

    def stop(self) -> None:
        """From now on, a gradient that is asked for raises `Stopped`."""
        self._stop.set()

    def gradient(self, subject: Subject) -> Gradient:
        """((loss, (statistics, point forecast)), gradients) of parameters and a batch."""
        key = ("gradient", *subject.traced_as)
        return self._kept(key, lambda: _Program(_gradient(subject, self._options), self._stop))

    def optimizer(self, subject: Subject, steps_per_epoch: int) -> Optimizer:
        """The state before the first update, of parameters; and the update of the parameters."""
        hands = tuple(f.optimizer for f in subject.faults)
        key = ("optimizer", subject.config.train, hands, steps_per_epoch)
        return self._kept(key, lambda: _optimizer(subject.optimizer(steps_per_epoch)))

    def _kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What stands under a key, made if need be; the longest unused makes room."""
        with self._lock:
            made = self._made[key] = self._made.pop(key, None) or make()
            for old in list(self._made)[:-KEPT]:
                del self._made[old]
        return made


class _Program:
    """A jitted function that one thread compiles while the others that want it wait."""

    def __init__(self, function: Callable[..., Any], stop: Event):
        self._function, self._stop = function, stop
        self._turn: AbstractContextManager[Any] = Lock()

    def __call__(self, *args: Any) -> Any:
        if self._stop.is_set():
            raise Stopped
        with self._turn:
            found = self._function(*args)
        self._turn = nullcontext()
        return found


def _gradient(subject: Subject, options: dict[str, Any] | None) -> Gradient:
    def loss(params: Params, batch: Any) -> tuple[jax.Array, Any]:
        outputs = subject.outputs(params, batch)
        value = criterion_loss(outputs, batch.target, subject.config.loss)
        return value, (outputs.statistics, outputs.point)

    return jax.jit(jax.value_and_grad(loss, has_aux=True), compiler_options=options)


def _optimizer(optimizer: optax.GradientTransformation) -> Optimizer:
    def update(gradients: Params, state: Any, params: Params) -> tuple[Params, Any]:
        updates, state = optimizer.update(gradients, state, params)
        return cast(Params, optax.apply_updates(params, updates)), state

    return jax.jit(optimizer.init), jax.jit(update)
