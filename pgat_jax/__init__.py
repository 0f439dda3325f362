"""Celestial Enhanced PGAT in JAX; `train`, `load_run` and `runs` are the calls for users.

`load_config`, `load_data` and `build` are those for readers of the model. The names are resolved on
first use, so that importing the package does no work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgat_jax.environment import prepare

if TYPE_CHECKING:
    from pgat_jax.api import Run, load_run, runs, train
    from pgat_jax.config_file import load_config
    from pgat_jax.data.loading import load_data
    from pgat_jax.errors import UserError
    from pgat_jax.model.build import build

__all__ = [
    "Run",
    "UserError",
    "build",
    "load_config",
    "load_data",
    "load_run",
    "runs",
    "train",
]

_API = "pgat_jax.api"
_HOMES = {
    "load_config": "pgat_jax.config_file",
    "load_data": "pgat_jax.data.loading",
    "build": "pgat_jax.model.build",
    "UserError": "pgat_jax.errors",
    **dict.fromkeys(("Run", "load_run", "runs", "train"), _API),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pgat_jax' has no attribute {name!r}")
    if _HOMES[name] == _API:
        prepare()  # before JAX is imported: compiled programs are kept for the next session
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
