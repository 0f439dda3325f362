"""Defines the type of a sound model of a library, and lists all of them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax

from benchmarks.faults.registry import Example

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
class SoundModel:
    """A model in which every parameter learns, or is on its allow-list with the reason.

    Attributes:
        library: Import path of the module that `make` gets, such as `flax.linen`.
        make: Called as `make(module)` with the imported library; returns the loss, the parameters,
            the data and the settings of `diagnose` as an `Example`.
    """

    library: str
    make: Callable[[Any], Example]

    @property
    def name(self) -> str:
        """The name, `file.function`, such as `linen.mlp`."""
        return f"{self.make.__module__.rpartition('.')[2]}.{self.make.__name__}"

    @property
    def source(self) -> str:
        """The library's classes or example: the first line of the docstring of `make`."""
        return (self.make.__doc__ or "").strip().partition("\n")[0]

    @property
    def is_installed(self) -> bool:
        """Whether the top package of `library` is installed; nothing is imported."""
        return find_spec(self.library.partition(".")[0]) is not None

    def build(self) -> Example:
        """Imports the library, with JAX as the backend of Keras, and returns `make(library)`.

        The environment variable `KERAS_BACKEND` is set to `jax` if it is not set.

        Raises:
            ModuleNotFoundError: The library is not installed.
        """
        os.environ.setdefault("KERAS_BACKEND", "jax")  # read by Keras at its import, by no other
        return self.make(import_module(self.library))


def load_sound_models() -> list[SoundModel]:
    """Returns every model of every library, whether the library is installed or not."""
    modules = [import_module(f"benchmarks.faults.clean.{name}") for name in FILES]
    return [SoundModel(module.LIBRARY, make) for module in modules for make in module.MODELS]


def integers(seed: int, limit: int, *shape: int) -> jax.Array:
    """Returns uniform integers from 0 to below `limit`, the same for the same seed.

    Args:
        seed: The seed.
        limit: The number above the largest integer, at least 1.
        *shape: The lengths of the axes; none for a scalar array.

    Returns:
        An int32 array of this shape.
    """
    return jax.random.randint(jax.random.key(seed), shape, 0, limit)
