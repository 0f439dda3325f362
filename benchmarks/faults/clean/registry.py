"""What a clean model is, and the list of all of them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax

from benchmarks.faults.registry import Model

FILES = (
    "linen",
    "nnx",
    "equinox",
    "optax",
    "stax",
    "haiku",
    "keras",
    "distrax",
    "numpyro",
    "flowjax",
    "diffrax",
    "jraph",
    "rlax",
    "tinygp",
)


@dataclass(frozen=True)
class Clean:
    """A model whose every parameter learns on its data, or is on its allow-list with the reason.

    Attributes:
        library: the module that `make` is given.
        make: builds the loss, the parameters, the data and the settings of `diagnose`.
    """

    library: str
    make: Callable[[Any], Model]

    @property
    def name(self) -> str:
        """`file.function`."""
        return f"{self.make.__module__.rpartition('.')[2]}.{self.make.__name__}"

    @property
    def source(self) -> str:
        """The library's classes or example, as the first line of the docstring says."""
        return (self.make.__doc__ or "").strip().partition("\n")[0]

    @property
    def is_installed(self) -> bool:
        """Whether the library is there."""
        return find_spec(self.library.partition(".")[0]) is not None

    def build(self) -> Model:
        """The model.

        Raises:
            ModuleNotFoundError: its library is missing.
        """
        os.environ.setdefault("KERAS_BACKEND", "jax")  # read by Keras at its import, by no other
        return self.make(import_module(self.library))


def all_clean() -> list[Clean]:
    """Every clean model of every library, whether installed or not."""
    modules = [import_module(f"benchmarks.faults.clean.{name}") for name in FILES]
    return [Clean(module.LIBRARY, make) for module in modules for make in module.MODELS]


def integers(seed: int, limit: int, *shape: int) -> jax.Array:
    """Uniform integers from 0 to below `limit`, always the same for one seed."""
    return jax.random.randint(jax.random.key(seed), shape, 0, limit)
