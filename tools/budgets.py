"""Compares what the compiled training step costs on absent chips with recorded budgets.

`python -m tools.budgets` compares every entry of budgets.json, each in a process of its own;
`python -m tools.budgets NAME CHIP` compares one. A figure that grew by more than 5% fails.
`--write` records the present figures in its place.
"""

import argparse
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from pgat_jax import load_config
from pgat_jax.bench.targets import prepare_target

BUDGETS = Path(__file__).with_name("budgets.json")
# The share by which a figure may grow.
TOLERANCE = 0.05
# The figures that have a budget.
FIGURES = ("step_kernels", "step_gb", "temporary_gb")


def find_excesses(figures: dict[str, float], budget: dict[str, float]) -> list[str]:
    """Finds the figures that are over their budget.

    Args:
        figures: name of each of `FIGURES` -> what the step costs now.
        budget: the same names -> what it cost when the budget was recorded.

    Returns:
        A sentence for each figure that grew by more than `TOLERANCE`.
    """
    return [
        f"{name}: got {figures[name]:,.4g}, expected at most {budget[name]:,.4g} + {TOLERANCE:.0%}"
        for name in FIGURES
        if figures[name] > (1 + TOLERANCE) * budget[name]
    ]


def measure(name: str, target: str) -> dict[str, float]:
    """Compiles the training step of a configuration for a chip, and reads its figures.

    Args:
        name: the name of a configuration, followed by overrides `key.sub=value`, with spaces.
        target: the value of `bench --target`.
    """
    prepare_target(target)
    from pgat_jax.bench.absent_chip import measure_target_step  # it imports JAX

    figures = measure_target_step(load_config(*name.split()), target)
    return {key: figures[key] for key in FIGURES}


def check(name: str, target: str, is_written: bool) -> list[str]:
    """Compares one configuration on one chip with its budget, and prints the figures.

    Args:
        name: as in `measure`.
        target: as in `measure`.
        is_written: True records the figures as the budget.

    Returns:
        A sentence for each figure over its budget.
    """
    budgets = json.loads(BUDGETS.read_text())
    figures, key = measure(name, target), f"{name} on {target}"
    print(key, figures, flush=True)
    if is_written:
        budgets[key] = figures | {"jax": metadata.version("jax")}
        BUDGETS.write_text(json.dumps(budgets, indent=1, sort_keys=True) + "\n")
        return []
    if key not in budgets:
        return [f"{key}: it has no budget; record one with --write"]
    if (version := budgets[key]["jax"]) != (present := metadata.version("jax")):
        print(f"{key}: recorded with jax {version}, this is {present}: not compared")
        return []
    return [f"{key}: {excess}" for excess in find_excesses(figures, budgets[key])]


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: the command line; None takes that of the process.

    Returns:
        The exit status: 0 if no figure is over its budget, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.budgets", description=__doc__)
    parser.add_argument("name", nargs="?", help="a configuration, with overrides, in quotes")
    parser.add_argument("target", nargs="?", help="a chip, as `bench --target` takes it")
    parser.add_argument("--write", action="store_true", help="record the present figures")
    args = parser.parse_args(arguments)
    if args.name and not args.target:
        parser.error("NAME needs CHIP after it")
    if args.name:
        excesses = check(args.name, args.target, args.write)
        print("\n".join(excesses) or "within the budget")
        return bool(excesses)
    flags = ["--write"] if args.write else []
    pairs = [key.split(" on ") for key in json.loads(BUDGETS.read_text())]
    command = [sys.executable, "-m", "tools.budgets"]
    return max(subprocess.run([*command, *pair, *flags], check=False).returncode for pair in pairs)


if __name__ == "__main__":
    sys.exit(main())
