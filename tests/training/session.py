"""One process's worth of training, and what its runs are compared by."""

import signal
from types import SimpleNamespace

import jax
import jax.numpy as jnp

from pgat_jax.progress import Reporter
from pgat_jax.training.loop import Trainer

STEPS = 23  # an epoch of batches of 4; accumulation 2, so epoch 1 ends between two updates
NEVER = float("inf")


class Session:
    """One process's worth of training in a run's folder; stops as Ctrl-C would after ``stop``."""

    def __init__(self, config, data, run, stop=None, resume=False):
        self.said = []
        reporter = Reporter()
        reporter.say = self.said.append  # pyright: ignore[reportAttributeAccessIssue]
        self.trainer = Trainer(config, data, run, reporter, SimpleNamespace(number=None))
        if stop is not None:
            self.trainer._interrupted = lambda: self.trainer.place.step >= stop
            self.trainer.interrupts.number = signal.SIGINT
        self.trainer.begin(resume)

    def __enter__(self):
        return self.trainer

    def __exit__(self, *_):
        self.trainer.close()


def same(a, b) -> bool:
    equal = jax.tree.map(lambda x, y: bool(jnp.array_equal(x, y, equal_nan=True)), a, b)
    return all(jax.tree.leaves(equal))
