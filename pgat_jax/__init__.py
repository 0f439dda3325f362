"""Celestial Enhanced PGAT in JAX; its calls are `load_config`, `load_data` and `build`.

The names are resolved on first use, so that importing the package does no work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgat_jax.config_file import load_config
    from pgat_jax.data.loading import load_data
    from pgat_jax.model.build import build

__all__ = ["build", "load_config", "load_data"]

_HOMES = {
    "load_config": "pgat_jax.config_file",
    "load_data": "pgat_jax.data.loading",
    "build": "pgat_jax.model.build",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pgat_jax' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
