"""A stand-in for training: it saves the initial parameters, and notes how it was called."""

from contextlib import contextmanager
from types import SimpleNamespace

import jax
import numpy as np

from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.folder import CHECKPOINTS
from pgat_jax.training.interrupts import Interrupted


class FakeTraining:
    """Replaces `open_trainer`; `stops` trainings are interrupted after they have saved."""

    def __init__(self, stops: int = 0):
        self.stops, self.resumed = stops, []

    @contextmanager
    def open(self, plan, data, path, reporter, interruption, *, resume):
        del reporter, interruption
        self.resumed.append(resume)
        yield SimpleNamespace(run=lambda: self.run(plan, data, path))

    def run(self, plan, data, path):
        meta = {
            "config": plan.config.model_dump(mode="json"),
            "scaler": data.scaler.as_dict(),
            "data_hash": data.table.hash,
            "validation_loss": 1.0,
        }
        params = plan.model.init(jax.random.key(0))
        with Checkpoints(path / CHECKPOINTS, create=True) as checkpoints:
            items = {"params": params, "training": {"step": np.zeros(1)}}
            checkpoints.save(1, items, meta, keep_every=1)
        if self.stops:
            self.stops -= 1
            raise Interrupted("stopped", 2)
