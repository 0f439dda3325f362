"""Diagnoses generated networks, and counts false alarms."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

import jax

from benchmarks.networks.drawing import Kind, Network, draw_kinds
from benchmarks.networks.truth import Part, can_learn
from checks import Leaf, diagnose
from checks.verdicts import HARMLESS_SLICES, PASSING

LIBRARIES = ("plain", "linen", "nnx", "equinox", "haiku", "keras")


def list_builders() -> list[tuple[str, str]]:
    """Returns library and family of each builder whose library is installed."""
    modules = {name: import_module(f"benchmarks.networks.{name}") for name in LIBRARIES}
    installed = {n: m for n, m in modules.items() if find_spec(m.LIBRARY.partition(".")[0])}
    return [(name, make.__name__) for name, m in installed.items() for make in m.FAMILIES]


def draw_networks(count: int, seed: int) -> list[Kind]:
    """Draws kinds of networks of the libraries that are installed.

    Args:
        count: Number of kinds.
        seed: The seed.
    """
    return draw_kinds(list_builders(), count, seed)


def build(kind: Kind) -> Network:
    """Builds a network; `KERAS_BACKEND` is set to `jax` if it is not set.

    Args:
        kind: The kind of network.
    """
    os.environ.setdefault("KERAS_BACKEND", "jax")  # read by Keras at its import, by no other
    module = import_module(f"benchmarks.networks.{kind.library}")
    return getattr(module, kind.family)(kind, import_module(module.LIBRARY))


@dataclass
class Alarms:
    """Counts over networks.

    Attributes:
        networks: Number of networks.
        leaves: Number of their leaves.
        false: A sentence for each failing leaf or slice that can get a gradient, and for each
            error.
        right: A sentence for each failing leaf or slice that gets none at any drawn input.
        alarmed: Names of the networks with a false alarm.
        verdicts: Verdict -> number of networks that fail by it, rightly or wrongly.
        unvisited: Number of networks with unvisited slices.
        seconds: Processor seconds of the diagnoses.
    """

    networks: int = 0
    leaves: int = 0
    false: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    alarmed: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    unvisited: int = 0
    seconds: float = 0.0

    def add(self, kind: Kind) -> None:
        """Builds and diagnoses a network, without cures, and adds its counts in place.

        Args:
            kind: The kind of network.
        """
        self.networks += 1
        try:
            network = build(kind)
            args = network.data(kind.key)
            start = time.process_time()
            report = diagnose(network.loss, network.params, *args, cures=False)
            self.seconds += time.process_time() - start
        except Exception as error:
            self._alarm(kind, f"{type(error).__name__}: {error}")
            return
        self.leaves += len(report)
        self.unvisited += any(s.verdict == "unvisited" for x in report.values() for s in x.slices)
        for problem in report.problems:
            self._alarm(kind, problem)
        verdicts = set()
        for leaf in report.failing:
            for part, verdict, evidence in _list_failures(leaf):
                verdicts.add(verdict)
                said = f"{kind.name}: {_describe(part)} {verdict}: {evidence}"
                if can_learn(network, part):
                    self._alarm(kind, said)
                else:
                    self.right.append(said)
        self.verdicts.update(verdicts)

    def _alarm(self, kind: Kind, said: str) -> None:
        self.alarmed.add(kind.name)
        self.false.append(said if said.startswith(kind.name) else f"{kind.name}: {said}")

    def table(self) -> str:
        """Returns a text table: the rate of false alarms, and what fails."""
        rate = f"{len(self.alarmed) / self.networks:.2%}" if self.networks else "-"
        rows = [
            f"networks {self.networks}, leaves {self.leaves}, {self.seconds:.0f} processor seconds",
            f"networks with a false alarm {len(self.alarmed)} ({rate})",
            f"networks with unvisited slices {self.unvisited}",
            *(f"networks that fail by {v:12} {n}" for v, n in self.verdicts.most_common()),
        ]
        for title, items in (("false alarms", self.false), ("rightly failing", self.right)):
            rows += [f"{title}: {len(items)}", *(f"  {item}" for item in items)]
        return "\n".join(rows)


def _list_failures(leaf: Leaf) -> list[tuple[Part, str, str]]:
    """Returns each part of a leaf that fails, with its verdict and evidence."""
    if leaf.verdict not in PASSING:
        return [(Part(leaf.name), leaf.verdict, leaf.evidence)]
    bad = [s for s in leaf.slices if s.verdict not in HARMLESS_SLICES]
    return [(Part(leaf.name, s.axis, s.index), s.verdict, s.evidence) for s in bad]


def _describe(part: Part) -> str:
    return part.name if part.axis is None else f"{part.name} axis {part.axis} at {part.indices}"


def score_networks(kinds: Sequence[Kind], say: object = None) -> Alarms:
    """Diagnoses networks one after the other.

    Args:
        kinds: The kinds of networks.
        say: Called as `say(line)` before each network; None says nothing.
    """
    alarms = Alarms()
    for number, kind in enumerate(kinds, 1):
        if callable(say):
            say(f"{number}/{len(kinds)} {kind.name}; {len(alarms.alarmed)} with a false alarm")
        alarms.add(kind)
        jax.clear_caches()  # compiled programs of 300 networks are gigabytes
    return alarms
