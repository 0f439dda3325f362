"""Defines the type of a composite loss with a faulty term, and lists all of them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from benchmarks.faults.registry import Example

FILES = ("shapes", "objectives", "lawful")


@dataclass(frozen=True)
class CompositeLoss:
    """A loss of several terms, one of which is faulty, and its sound twin.

    Attributes:
        make: Called as `make(faulty)`; returns the faulty loss for True and its twin for False.
        state: What the report must say of each term at a marked line, such as `dead`; empty for a
            loss that is sound in both forms.
        keys: Names of the faulty terms, where the keys of the auxiliary output name them.
    """

    make: Callable[[bool], Example]
    state: str = ""
    keys: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name, `file.function`, such as `shapes.plain_sum`."""
        return f"{self.make.__module__.rpartition('.')[2]}.{self.make.__name__}"

    def lines(self) -> list[str]:
        """Returns `file.py:line` for each line of `make` that is marked `# here`."""
        lines, first = inspect.getsourcelines(self.make)
        file = (inspect.getsourcefile(self.make) or "").rpartition("/")[2]
        return [f"{file}:{first + i}" for i, x in enumerate(lines) if x.rstrip().endswith("# here")]


def load_losses() -> list[CompositeLoss]:
    """Returns the `LOSSES` of every file in `FILES`, in that order."""
    modules = [import_module(f"benchmarks.terms.{name}") for name in FILES]
    return [loss for module in modules for loss in module.LOSSES]
