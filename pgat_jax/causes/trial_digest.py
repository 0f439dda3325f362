"""Computes digests of all inputs of a trial, by which finished trials are found again.

A digest is made of text alone (values, and the source of modules that an intervention names), so it
is the same in every process.
"""

import hashlib
import importlib
import importlib.metadata
import inspect
import json
from functools import cache
from pathlib import Path

from pgat_jax.causes.condition import Condition
from pgat_jax.causes.scales import Scale
from pgat_jax.config import Config, DataConfig
from pgat_jax.data.loading import load_data

LIBRARIES = ("jax", "jaxlib", "flax", "optax", "numpy")
# Files and folders of `pgat_jax` that every trial runs.
SOURCES = (
    "model",
    "data",
    "training/optimizer.py",
    "training/packing.py",
    "causes/edits.py",
    "causes/interception.py",
    "causes/intervention.py",
    "causes/study_model.py",
    "causes/trial.py",
)
DIGEST_LENGTH = 20  # hexadecimal digits


def compute_digest(condition: Condition, scale: Scale) -> str:
    """Computes the digest of everything that a trial depends on, except its seed.

    The inputs are the configuration without its name, the scale, the interventions with the source
    of the modules that define them, the code that every trial runs, the table and the libraries.

    Args:
        condition: The configuration with its interventions.
        scale: The size of the trial.

    Returns:
        `DIGEST_LENGTH` hexadecimal digits of a SHA-256.
    """
    config = condition.config.model_copy(update={"name": "trial"})
    parts = [
        config.model_dump_json(),
        json.dumps(scale._asdict()),
        *(f"{i.name} {i.claim} {read_source(i.module)}" for i in condition.interventions),
        _hash_sources(),
        _hash_table(condition.config.data.model_dump_json()),
        *(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGEST_LENGTH]


def read_source(module: str) -> str:
    """Returns the source of a module.

    Args:
        module: Its full name.
    """
    return inspect.getsource(importlib.import_module(module))


@cache
def _hash_sources() -> str:
    root = Path(__file__).parents[1]
    files = [f for s in SOURCES for f in (sorted((root / s).rglob("*.py")) or [root / s])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@cache
def _hash_table(data: str) -> str:
    """Returns the hash of the table that a `data` section, given as JSON, names."""
    return load_data(Config(data=DataConfig.model_validate_json(data))).table.hash
