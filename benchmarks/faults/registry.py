"""What a fault is, and the list of all of them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
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


class Model(NamedTuple):
    """Something to check: `loss(params, *args)` and the settings of `diagnose`."""

    loss: Callable[..., Any]
    params: Any
    args: tuple[Any, ...] = ()
    settings: dict[str, Any] = {}  # noqa: RUF012  (never written)


@dataclass(frozen=True)
class Fault:
    """A fault and its clean twin.

    Attributes:
        verdict: what each of the leaves must get.
        leaves: names of the leaves that the fault kills; with `axis`, a slice of them.
        make: called with True gives the faulty model, with False its clean twin.
        axis: for a fault in slices, the axis and the indices; else None.
        along: pattern of further leaves that it takes along, which are not asked about.
        stage: what `where` must name in place of a line, where the optimiser is to blame.
        report: `repository#number` where such a failure was reported in public, if it was.
        held_out: whether it was kept aside while thresholds were chosen.
    """

    verdict: str
    leaves: tuple[str, ...]
    make: Callable[[bool], Model]
    axis: tuple[int, tuple[int, ...]] | None = None
    along: str = ""
    stage: str | None = None
    report: str | None = None
    held_out: bool = field(default=False)

    @property
    def name(self) -> str:
        """`architecture.function`."""
        return f"{self.make.__module__.rpartition('.')[2]}.{self.make.__name__}"

    def line(self) -> str | None:
        """What `where` must name: `file.py:line` of the line marked `# here`, or the stage."""
        if self.stage is not None or self.verdict not in WITH_LINE:
            return self.stage
        lines, first = inspect.getsourcelines(self.make)
        marked = [first + i for i, line in enumerate(lines) if line.rstrip().endswith("# here")]
        file = inspect.getsourcefile(self.make) or ""
        return f"{file.rpartition('/')[2]}:{marked[0]}" if marked else None


def all_faults() -> list[Fault]:
    """Every fault of every architecture."""
    modules = [import_module(f"benchmarks.faults.{name}") for name in ARCHITECTURES]
    return [fault for module in modules for fault in module.FAULTS]


def normal(seed: int, *shape: int) -> jax.Array:
    """Standard normal numbers, always the same for one seed."""
    return jax.random.normal(jax.random.key(seed), shape)
