"""Fixtures of the study's tests: configurations, random parameters, fake trials. None compiles."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build, load_config
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.outcomes import PROJECTIONS
from pgat_jax.causes.scales import Scale
from pgat_jax.causes.study_model import StudyModel, intervene
from pgat_jax.causes.trial_store import TrialStore
from pgat_jax.model.build import Params
from pgat_jax.training.diagnostics import TRAIL


@pytest.fixture(scope="session")
def tiny() -> StudyConfig:
    return load_config("tiny", schema=StudyConfig)


@pytest.fixture(scope="session")
def original() -> StudyConfig:
    return load_config("original", schema=StudyConfig)


@pytest.fixture(scope="session")
def sound_model() -> StudyModel:
    """The tiny model with its windows, without interventions."""
    return intervene(load_config("tiny"))


@pytest.fixture(scope="session")
def parameters() -> Params:
    """Random parameters with the shapes of the tiny model; to initialise it takes ten seconds."""
    return draw_parameters("tiny")


def draw_parameters(*words: str) -> Params:
    shapes = jax.eval_shape(build(load_config(*words)).init, jax.random.key(0))
    random = np.random.default_rng(0)
    return jax.tree.map(lambda s: jnp.asarray(random.normal(size=s.shape), s.dtype), shapes)


class FakeStore(TrialStore):
    """A store in memory whose trials are made up: `gradients` gives each projection's norm."""

    def __init__(self, norms: dict[str, float]):
        """Stores trials in which the projections have a norm: by name of the last intervention."""
        self._norms = norms

    def read(self, condition: Condition, scale: Scale, seed: int) -> dict[str, Any] | None:
        names = ["", *(i.name for i in condition.interventions)]
        norm = self._norms.get(names[-1], 1e-2) * (1 + 0.01 * (seed % 2))
        points = ("start", "end") if scale.updates else ("start",)
        return {point: fake_measurement(norm) for point in points}


def fake_measurement(norm: float) -> dict[str, Any]:
    """Returns a measurement in which the projections have a norm and the head's kernel has 1."""
    leaves = {*PROJECTIONS.values(), *TRAIL.values(), "nodes/adjacency_kernel", "head/point/kernel"}
    others = dict.fromkeys(sorted(leaves - {*PROJECTIONS.values()}), 1.0)
    norms = dict.fromkeys(PROJECTIONS.values(), norm) | others
    statistics = ("gate_mean", "gate_saturation", "attention_entropy", "branch_ratio")
    spreads = ("enc_spread", "fused_spread", "body_spread")
    return {
        "loss": 1.0,
        "statistics": dict.fromkeys((*statistics, *spreads), 0.5),
        "gradient": norms,
        "change": norms,
        "weight": dict.fromkeys(norms, 1.0),
        "size": dict.fromkeys(norms, 10),
        "spread": norm,
        "target_spread": 1.0,
        "validation": 0.5,
    }
