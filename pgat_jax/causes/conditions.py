"""Conditions: a base, healthy or sick, with interventions on it, and where trials are kept."""

import hashlib
import importlib.metadata
import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pgat_jax
from pgat_jax.causes import trial
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.programs import Programs
from pgat_jax.causes.subject import Subject, impose
from pgat_jax.causes.trial import Scale, Trials
from pgat_jax.config import Config, DataConfig
from pgat_jax.data.loading import load_data
from pgat_jax.output import write_output

ROOT = Path("runs/causes")
LIBRARIES = ("jax", "jaxlib", "flax", "optax", "numpy")
SOURCES = ("model", "data", "training/optimizer.py")
"""Parts of `pgat_jax` that a trial runs."""


@dataclass(frozen=True)
class Condition:
    """A configuration with interventions; equal ones are tried once, whoever asks for them."""

    config: Config
    interventions: tuple[Intervention, ...] = ()

    @cached_property
    def name(self) -> str:
        """Of the configuration and the interventions, for people."""
        return " + ".join([self.config.name, *(i.name for i in self.interventions)])

    def without(self, *left_out: Intervention | None) -> "Condition":
        """The same without some interventions."""
        kept = tuple(i for i in self.interventions if i not in left_out)
        return Condition(self.config, kept)

    def plus(self, *added: Intervention | None) -> "Condition":
        """The same with more interventions, which act after the others."""
        return Condition(self.config, (*self.interventions, *(i for i in added if i is not None)))

    def subject(self) -> Subject:
        """The model and windows under this condition."""
        return impose(self.config, self.interventions)


class Store:
    """Trials as files: one a condition, scale and seed, read back unless its inputs changed."""

    def __init__(self, root: Path = ROOT):
        """Trials below ``root``, which need not exist yet."""
        self._root = root

    def read(self, condition: Condition, scale: Scale, seed: int) -> dict[str, Any] | None:
        """A finished trial; None where there is none, or its file is not whole."""
        try:
            text = self._path(condition, scale, seed).read_text(encoding="utf-8")
            return json.loads(text)["trial"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def missing(self, condition: Condition, scale: Scale, seeds: Iterable[int]) -> list[int]:
        """Seeds whose trials are not there."""
        return [s for s in seeds if self.read(condition, scale, s) is None]

    def run(
        self,
        condition: Condition,
        scale: Scale,
        seeds: Sequence[int],
        programs: Programs,
        done: Callable[[], None],
    ) -> None:
        """Run the trials of some seeds; `done()` is called after each."""
        trials = Trials(condition.subject(), scale, programs)
        for seed in seeds:
            self._write(condition, scale, seed, trials.run(seed))
            done()

    def _write(self, condition: Condition, scale: Scale, seed: int, found: dict[str, Any]) -> None:
        what = {"condition": condition.name, "scale": scale._asdict(), "seed": seed}
        content = json.dumps(what | {"trial": found}).encode()
        write_output(self._path(condition, scale, seed), content)

    def _path(self, condition: Condition, scale: Scale, seed: int) -> Path:
        return self._root / scale.name / f"{digest(condition, scale)}-{seed}.json"


def digest(condition: Condition, scale: Scale) -> str:
    """Of all that a trial depends on: recipe, interventions and their code, model, libraries."""
    config = condition.config.model_copy(update={"name": "trial"})
    parts = [
        config.model_dump_json(),
        json.dumps(scale._asdict()),
        *(f"{i.name} {i.claim} {_code(i)}" for i in condition.interventions),
        _code_of_model(),
        _table_hash(condition.config.data.model_dump_json()),
        inspect.getsource(trial),
        *(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def _code(intervention: Intervention) -> str:
    """Source of the modules in which its hands are written, and what these hands hold on to."""
    hands = [getattr(intervention, name) for name in intervention.__dataclass_fields__]
    modules = set().union(*map(_modules, hands))
    return "".join(sorted(inspect.getsource(module) for module in modules))


def _modules(hand: Any) -> set[ModuleType]:
    if not inspect.isfunction(hand):
        return set()
    held = [cell.cell_contents for cell in hand.__closure__ or ()]
    own = inspect.getmodule(hand)
    return set().union({own} if own else (), *map(_modules, held))


@cache
def _code_of_model() -> str:
    root = Path(inspect.getfile(pgat_jax)).parent
    files = [f for s in SOURCES for f in (sorted((root / s).rglob("*.py")) or [root / s])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@cache
def _table_hash(data: str) -> str:
    """Of the table that a `data` section, as JSON, names."""
    return load_data(Config(data=DataConfig.model_validate_json(data))).table.hash
