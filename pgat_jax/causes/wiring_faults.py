"""Loads all faults of the original's wiring from the files of `wiring/`, and chooses some."""

import pkgutil
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module

from pgat_jax.causes import wiring
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.errors import UserError, suggest


@cache
def load_wiring_faults() -> dict[str, WiringFault]:
    """Returns name -> fault for every file in `wiring/`."""
    names = [module.name for module in pkgutil.iter_modules(wiring.__path__)]
    return {name: import_module(f"{wiring.__name__}.{name}").FAULT for name in names}


def choose_wiring_faults(
    names: Sequence[str], adds: Sequence[str] = (), drops: Sequence[str] = ()
) -> tuple[WiringFault, ...]:
    """Returns the faults that a configuration names, with some added and some left out.

    Args:
        names: The configuration's faults.
        adds: Names to add (`--fault`).
        drops: Names to leave out (`--without`).

    Raises:
        UserError: A fault of this name does not exist, or one to leave out is not there.
    """
    known = load_wiring_faults()
    wanted = list(dict.fromkeys([*names, *adds]))
    for name in wanted:
        if name not in known:
            raise UserError(f"fault {name!r}: there is none of this name{_hint(name, known)}.")
    for name in drops:
        if name not in wanted:
            raise UserError(
                f"--without {name}: the configuration has no such fault{_hint(name, wanted)}."
            )
    return tuple(known[name] for name in wanted if name not in drops)


def _hint(name: str, known: Iterable[str]) -> str:
    """Returns the known name nearest to a wrong one, if there is one, and the list of all."""
    return f"{suggest(name, known)}; faults: {', '.join(known) or 'none'}"
