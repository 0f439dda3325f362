"""Loads all causes from the files of `hypotheses/`, by number, and chooses some of them."""

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

from pgat_jax.causes import hypotheses
from pgat_jax.causes.cause import Cause
from pgat_jax.errors import UserError, name_program


@cache
def load_causes() -> dict[str, Cause]:
    """Returns number -> cause for every file in `hypotheses/`, in the order of the numbers."""
    names = sorted(module.name for module in pkgutil.iter_modules(hypotheses.__path__))
    causes = [import_module(f"{hypotheses.__name__}.{name}").CAUSE for name in names]
    return {cause.number: cause for cause in causes}


def choose_causes(words: Sequence[str]) -> list[Cause]:
    """Returns the causes that are named, each once; all of them if none is.

    Args:
        words: Numbers of causes, or parts of their titles in any case.

    Raises:
        UserError: A word is neither a number nor a part of a title.
    """
    causes = load_causes()
    chosen: dict[str, Cause] = {}
    for word in words:
        matches = [causes[word]] if word in causes else _find_titles(word)
        if not matches:
            raise UserError(
                f"--only {word}: no cause has this number or title; causes: "
                f"{', '.join(causes)} (`{name_program()} causes --list` shows their titles)."
            )
        chosen |= {cause.number: cause for cause in matches}
    return list((chosen or causes).values())


def _find_titles(word: str) -> list[Cause]:
    return [cause for cause in load_causes().values() if word.lower() in cause.title.lower()]
