"""Digests of what the programs compute: they show that a change leaves every bit as it is.

The recorded digests are in `tests/tools/digests/`. Bits depend on the version of JAX, on the
options of XLA and on the processor, so each file names the platform that it was made on; on any
other platform only verdicts and sizes can be compared.
"""

import argparse
import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.faults.registry import Example, load_faults
from checks import diagnose
from pgat_jax import load_config
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.study_model import intervene
from pgat_jax.causes.wiring_faults import choose_wiring_faults
from tools.xla_flags import XLA_FLAGS

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "tools" / "digests"
CONFIGURATIONS = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
WINDOWS = 2
# Sizes agree to float32 rounding over sums of some 1e7 numbers.
SIZE_TOLERANCE = 1e-3


def digest_configuration(name: str) -> dict[str, Any]:
    """Computes digests of a configuration's initial parameters, first loss and first gradient.

    Args:
        name: the name of a recipe in `configs/`; its faults are imposed. The loss and the gradient
            are those of the first two windows.

    Returns:
        `initial` and `gradient` (SHA-256 of the trees), `loss` (a float in hexadecimal), and
        `sizes`: a dict with the loss as `loss` and the Euclidean norms of the trees as `initial`
        and `gradient`.
    """
    config = load_config(name, schema=StudyConfig)
    model = intervene(config.without_faults(), choose_wiring_faults(config.faults))
    params = model.init(jax.random.key(config.seed))
    batch = model.batch(range(WINDOWS))
    (loss, _), gradient = jax.jit(jax.value_and_grad(model.loss, has_aux=True))(params, batch)
    return {
        "initial": digest_tree(params),
        "loss": float(loss).hex(),
        "gradient": digest_tree(gradient),
        "sizes": {
            "initial": _norm(params),
            "loss": float(loss),
            "gradient": _norm(gradient),
        },
    }


def digest_fault(name: str) -> dict[str, Any]:
    """Returns the verdicts of a fault and of its sound twin, and digests of the measured numbers.

    Args:
        name: the name of a fault in `benchmarks.faults`, such as `dense.dead_relu`; a ValueError
            is raised for others.

    Returns:
        `faulty` and `sound`, each with `verdicts` (leaf -> a line of its verdict, slices and
        further findings) and `numbers` (SHA-256 of the gradients and first updates).
    """
    (fault,) = (fault for fault in load_faults() if fault.name == name)
    return {part: _digest_model(fault.make(part == "faulty")) for part in ("faulty", "sound")}


def digest_tree(tree: Any) -> str:
    """Returns the SHA-256 of the paths, types, shapes and bits of a tree's arrays.

    Args:
        tree: a pytree of arrays.
    """
    found = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        array = np.asarray(leaf)
        found.update(f"{jax.tree_util.keystr(path)} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def describe_platform() -> dict[str, str]:
    """Returns all that the bits of results depend on.

    Returns:
        `jax` (its version), `xla_flags` (the options of XLA) and `processor` (a hash of its
        features).
    """
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else [platform.processor()]
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), lines[0])
    return {
        "jax": jax.__version__,
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "processor": hashlib.sha256(flags.encode()).hexdigest()[:16],
    }


def find_differences(
    recorded: Mapping[str, Any], found: Mapping[str, Any], has_same_bits: bool, path: str = ""
) -> list[str]:
    """Compares digests with the recorded ones.

    Args:
        recorded: name -> digests, as `digest_configuration` or `digest_fault` returns them.
        found: the same, computed now.
        has_same_bits: True if both come from one platform, so that all bits must be equal; False
            compares only verdicts, and sizes up to float32 rounding.
        path: the keys that lead to both, joined by `/`; empty for the whole digests.

    Returns:
        A sentence for each difference, sorted; a key that only one of both has is a difference.
    """
    problems = []
    for key in recorded.keys() | found.keys():
        here = f"{path}/{key}" if path else key
        old, new = recorded.get(key), found.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            problems += find_differences(old, new, has_same_bits, here)
        elif not _agree(key, old, new, has_same_bits):
            problems.append(f"{here}: expected {old}, got {new}")
    return sorted(problems)


def _agree(key: str, old: Any, new: Any, has_same_bits: bool) -> bool:
    if old == new:
        return True
    if has_same_bits or old is None or new is None:
        return False
    if isinstance(old, float) and isinstance(new, float):
        return abs(old - new) <= SIZE_TOLERANCE * abs(old)
    return key in ("initial", "gradient", "loss", "numbers")


def _digest_model(model: Example) -> dict[str, Any]:
    report = diagnose(model.loss, model.params, *model.args, **model.settings, cures=False)
    verdicts = {leaf.name: _describe_leaf(leaf) for leaf in report.leaves}
    numbers = [
        [None if x is None else float(x).hex() for x in (leaf.gradient, leaf.movement)]
        for leaf in report.leaves
    ]
    text = json.dumps(numbers)
    return {"verdicts": verdicts, "numbers": hashlib.sha256(text.encode()).hexdigest()}


def _describe_leaf(leaf: Any) -> str:
    slices = (f"{s.axis}:{','.join(map(str, s.index))}={s.verdict}" for s in leaf.slices)
    also = (f"also={finding.verdict}" for finding in leaf.also)
    return " ".join([leaf.verdict, *slices, *also])


def _norm(tree: Any) -> float:
    squares = (np.sum(np.asarray(x, np.float64) ** 2) for x in jax.tree.leaves(tree))
    return float(np.sqrt(sum(squares)))


KINDS: dict[str, tuple[Callable[[str], dict[str, Any]], list[str]]] = {
    "configurations": (digest_configuration, CONFIGURATIONS),
    "faults": (digest_fault, [fault.name for fault in load_faults()]),
}


def read_recorded(kind: str) -> dict[str, Any]:
    """Reads the digests that are recorded in `tests/tools/digests/`.

    Args:
        kind: `configurations` or `faults`.

    Returns:
        `platform`, as `describe_platform` returned it, and `digests`: name -> what
        `digest_configuration` or `digest_fault` returned.
    """
    return json.loads((RECORDED / f"{kind}.json").read_text())


def main() -> int:
    """Computes digests and compares them with the recorded ones, or records them.

    It reads `sys.argv`: `configurations` or `faults`, then NAMEs (all if there are none), and
    `--write` to record instead of comparing.

    Returns:
        The exit status: 1 if one differs, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.digests", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; all if left out")
    parser.add_argument("--write", action="store_true", help="record the digests of all names")
    given = parser.parse_args()
    digest, names = KINDS[given.kind]
    found = {}
    for name in given.names or names:
        print(name, file=sys.stderr, flush=True)
        found[name] = digest(name)
        jax.clear_caches()
    if given.write:
        text = json.dumps({"platform": describe_platform(), "digests": found}, indent=1)
        (RECORDED / f"{given.kind}.json").write_text(text + "\n")
        return 0
    recorded = read_recorded(given.kind)
    expected = {name: recorded["digests"].get(name) for name in found}
    problems = find_differences(expected, found, recorded["platform"] == describe_platform())
    print("\n".join(problems) or f"{len(found)} digests are equal")
    return 1 if problems else 0


if __name__ == "__main__":
    if "XLA_FLAGS" not in os.environ:  # XLA reads it when it is loaded: start again
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tools.digests", *sys.argv[1:]],
            os.environ | {"XLA_FLAGS": XLA_FLAGS},
        )
    sys.exit(main())
