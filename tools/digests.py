"""Digests of what the programs compute: they show that a change leaves every bit as it is.

`python -m tools.digests configurations|faults [NAME ...]` prints them as JSON.
"""

import os

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.faults.registry import Model, all_faults
from checks.diagnose import diagnose
from pgat_jax import load_config
from pgat_jax.causes.registry import chosen
from pgat_jax.causes.subject import impose

CONFIGURATIONS = sorted(path.stem for path in (Path(__file__).parents[1] / "configs").iterdir())
WINDOWS = 2


def configuration_digests(name: str) -> dict[str, Any]:
    """Digests of a configuration's initial parameters, first loss and first gradient.

    Args:
        name: of a recipe in `configs/`; its faults are imposed.

    Returns:
        Digests of all bits, and sizes that any machine reaches to within rounding.
    """
    config = load_config(name)
    subject = impose(config, chosen(config.faults))
    params = subject.init(jax.random.key(config.seed))
    batch = subject.batch(range(WINDOWS))
    slopes = jax.jit(jax.value_and_grad(subject.loss, has_aux=True, allow_int=True))
    (loss, _), gradient = slopes(params, batch)
    return {
        "initial": digest(params),
        "loss": float(loss).hex(),
        "gradient": digest(gradient),
        "sizes": {
            "initial": _norm(params),
            "loss": float(loss),
            "gradient": _norm(gradient),
        },
    }


def fault_digests(name: str) -> dict[str, Any]:
    """Verdicts of a fault and of its sound twin, and a digest of all numbers in their reports.

    Args:
        name: of a fault of the benchmark.
    """
    fault = {fault.name: fault for fault in all_faults()}[name]
    return {part: _report(fault.make(part == "faulty")) for part in ("faulty", "sound")}


def digest(tree: Any) -> str:
    """SHA-256 of the names, types, shapes and bits of a tree's arrays."""
    found = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        array = np.asarray(leaf)
        found.update(f"{jax.tree_util.keystr(path)} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _report(model: Model) -> dict[str, Any]:
    report = diagnose(model.loss, model.params, *model.args, **model.settings, cures=False)
    numbers = [(leaf.gradient, leaf.movement) for leaf in report.leaves]
    verdicts = {
        leaf.name: " ".join(
            [
                leaf.verdict,
                *(f"{s.axis}:{','.join(map(str, s.index))}={s.verdict}" for s in leaf.slices),
                *(f"also={finding.verdict}" for finding in leaf.also),
            ]
        )
        for leaf in report.leaves
    }
    text = json.dumps([[None if x is None else float(x).hex() for x in pair] for pair in numbers])
    return {"verdicts": verdicts, "numbers": hashlib.sha256(text.encode()).hexdigest()}


def _norm(tree: Any) -> float:
    return float(
        np.sqrt(sum(np.sum(np.asarray(x, np.float64) ** 2) for x in jax.tree.leaves(tree)))
    )


def main(kind: str, names: Iterable[str]) -> None:
    """Prints the digests of everything of a kind, or of those named."""
    every = CONFIGURATIONS if kind == "configurations" else [f.name for f in all_faults()]
    make = configuration_digests if kind == "configurations" else fault_digests
    found = {}
    for name in names or every:
        print(name, file=sys.stderr, flush=True)
        found[name] = make(name)
        jax.clear_caches()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
