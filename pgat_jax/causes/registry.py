"""All faults by name, and the choice of some of them."""

import difflib
import pkgutil
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module

from pgat_jax.causes import wiring
from pgat_jax.causes.intervention import Fault
from pgat_jax.errors import UserError


@cache
def all_faults() -> dict[str, Fault]:
    """Name -> fault, of every file in `wiring/`."""
    names = [module.name for module in pkgutil.iter_modules(wiring.__path__)]
    return {name: import_module(f"{wiring.__name__}.{name}").FAULT for name in names}


def chosen(
    named: Sequence[str], added: Sequence[str] = (), left_out: Sequence[str] = ()
) -> tuple[Fault, ...]:
    """The faults that a configuration names, with some added and some left out.

    Raises:
        UserError: there is no fault of a name, or one is to be left out that is not there.
    """
    known = all_faults()
    wanted = list(dict.fromkeys([*named, *added]))
    for name in wanted:
        if name not in known:
            raise UserError(f"fault {name!r}: there is none of this name{_nearest(name, known)}.")
    for name in left_out:
        if name not in wanted:
            raise UserError(
                f"--without {name}: the configuration has no such fault{_nearest(name, wanted)}."
            )
    return tuple(known[name] for name in wanted if name not in left_out)


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{hint}; faults: {', '.join(known) or 'none'}"
