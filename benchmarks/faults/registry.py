"""Defines the types of a faulty program and its sound twin, and lists all faults."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from importlib import import_module
from typing import Any, NamedTuple

import jax

ARCHITECTURES = (
    "dense",
    "handwritten",
    "normalisation",
    "convolution",
    "sequence",
    "attention",
    "transformer",
    "adapters",
    "embedding",
    "generative",
    "quantisation",
    "mixture",
    "flow",
    "diffusion",
    "implicit",
    "graph",
    "vision",
    "physics",
    "state_space",
    "positions",
    "matching",
    "adversarial",
    "policy",
    "meta",
    "modules",
    "precision",
    "training",
)
# Verdicts whose `where` must name the line that is marked in the source.
WITH_LINE = frozenset({"blocked", "wrong", "non_finite"})


class Example(NamedTuple):
    """A program to check: a loss with its parameters and arguments.

    Attributes:
        loss: Called as `loss(params, *args)`; returns a real scalar, or a tuple of it and anything
            else.
        params: Any pytree of arrays.
        args: The loss's further arguments, in order.
        settings: Further keyword arguments of `checks.diagnose`, such as `optimizer`,
            `compute_dtype` or `allow`.
    """

    loss: Callable[..., Any]
    params: Any
    args: tuple[Any, ...] = ()
    settings: dict[str, Any] = {}  # noqa: RUF012  (never written)


@dataclass(frozen=True)
class Fault:
    """A faulty program and its sound twin.

    Attributes:
        verdict: The verdict that each of `leaves` must get in the faulty program, such as
            `blocked`.
        leaves: Names of the leaves that the fault affects; with `axis`, slices of them.
        make: Called as `make(faulty)`: returns the faulty program for True, and its sound twin for
            False.
        axis: The axis and the indices of the affected slices; None for whole leaves.
        along: Pattern (`fnmatch`) of further leaves that the fault affects, whose verdicts are not
            judged; empty for none.
        stage: The optimiser stage that the report's `where` must name, for a fault of the
            optimiser; None for other faults.
        report: `repository#number` of a public report of such a failure, if there is one.
        held_out: Whether the fault was not looked at while thresholds of the checks were chosen.
    """

    verdict: str
    leaves: tuple[str, ...]
    make: Callable[[bool], Example]
    axis: tuple[int, tuple[int, ...]] | None = None
    along: str = ""
    stage: str | None = None
    report: str | None = None
    held_out: bool = field(default=False)

    @property
    def name(self) -> str:
        """The name, `file.function`, such as `dense.dead_relu`."""
        return f"{self.make.__module__.rpartition('.')[2]}.{self.make.__name__}"

    def affects(self, leaf: str) -> bool:
        """Returns whether the fault affects a leaf: one of `leaves`, or one that `along` names.

        Args:
            leaf: The name of the leaf.
        """
        return leaf in self.leaves or fnmatch(leaf, self.along)

    def line(self) -> str | None:
        """Returns the place that a report of the faulty program must name.

        It is `stage` if that is given; else `file.py:line` of the line of `make` that is marked
        `# here`, for the verdicts `blocked`, `wrong` and `non_finite`. It is None for other
        verdicts, and where no line is marked.
        """
        if self.stage is not None or self.verdict not in WITH_LINE:
            return self.stage
        lines, first = inspect.getsourcelines(self.make)
        marked = [first + i for i, line in enumerate(lines) if line.rstrip().endswith("# here")]
        file = inspect.getsourcefile(self.make) or ""
        return f"{file.rpartition('/')[2]}:{marked[0]}" if marked else None


def load_faults() -> list[Fault]:
    """Returns the `FAULTS` of every file in `ARCHITECTURES`, in that order."""
    modules = [import_module(f"benchmarks.faults.{name}") for name in ARCHITECTURES]
    return [fault for module in modules for fault in module.FAULTS]


def normal(seed: int, *shape: int) -> jax.Array:
    """Returns float32 standard normal numbers of a shape, the same for the same seed.

    Args:
        seed: The seed.
        *shape: The lengths of the axes; none for a scalar array.
    """
    return jax.random.normal(jax.random.key(seed), shape)
