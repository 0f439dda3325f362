"""Measures tests by mutation: changes single expressions and counts how many changes are noticed.

Each module of a place is mutated by the operators of cosmic-ray, and each mutant is run against the
module's own test file alone, in a process forked from one that has already imported JAX. A mutant
that only changes a type annotation is left out.
"""

import argparse
import ast
import contextlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from cosmic_ray import plugins
from cosmic_ray.mutating import get_ast, mutate_code

ROOT = Path(__file__).parents[1]
PROCESSES = 2
# A mutant may loop or wait for ever: it counts as killed after this many seconds of a processor, or
# after this many seconds.
BUSY_SECONDS = 60
SECONDS = 1200.0
# Imported once, before any process is forked. None of them starts the backend of JAX, and none is a
# plugin of pytest, which must be imported by pytest itself.
PRELOADED = (
    "numpy",
    "jax.numpy",
    "optax",
    "flax.linen",
    "scipy.stats",
    "pandas",
    "scoringrules",
)
# All of cosmic-ray's operators but those that need the name of a variable.
OPERATORS = [name for name in plugins.operator_names() if "Variable" not in name]


class Mutant(NamedTuple):
    """A changed module.

    Attributes:
        path: the module's file, relative to the root of the repository.
        line: the line of the change.
        operator: the name of cosmic-ray's operator.
        occurrence: which of the operator's places in the file.
        source: the changed text of the file.
    """

    path: str
    line: int
    operator: str
    occurrence: int
    source: str


def list_mutants(path: Path) -> Iterator[list[Mutant]]:
    """Yields the mutants of a file, in groups that change the same expression.

    Args:
        path: the absolute path of a Python file below the root of the repository.

    Yields:
        For each expression that can be changed, in the order of the file, its mutants. Those that
        change only an annotation, or that do not parse, are left out.
    """
    code = path.read_text()
    tree, plain = get_ast(code), _strip_annotations(code)
    sites: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for name in OPERATORS:
        operator = plugins.get_operator(name)()
        for occurrence, (start, end) in enumerate(_find_positions(tree, operator)):
            sites.setdefault((start, end), []).append((name, occurrence))
    for (start, _), changes in sorted(sites.items()):
        group = []
        for name, occurrence in changes:
            source = mutate_code(code, plugins.get_operator(name)(), occurrence)
            if source is not None and _strip_annotations(source) not in (plain, None):
                where = str(path.relative_to(ROOT))
                group.append(Mutant(where, start[0], name, occurrence, source))
        if group:
            yield group


def draw_mutants(place: Path, count: int, seed: int) -> list[Mutant]:
    """Draws mutants of a place at random: one of each expression before a second one of any.

    Args:
        place: a Python file below the root of the repository, or a folder of them.
        count: the number of mutants; all there are if there are fewer.
        seed: the seed of the draw.

    Returns:
        The mutants in the order of the draw; only expressions that an operator of cosmic-ray can
        change have any.
    """
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    rng = random.Random(seed)
    groups = [rng.sample(group, len(group)) for file in files for group in list_mutants(file)]
    rng.shuffle(groups)
    rounds = zip_longest(*groups)
    return [mutant for one in rounds for mutant in one if mutant is not None][:count]


def find_test(path: str) -> Path:
    """Returns the test file of a module, which mirrors the module's path below `tests/`.

    It is `tests/checks/a/test_b.py` for `checks/a/b.py`, and without the name of the package
    `tests/a/test_b.py` for `pgat_jax/a/b.py`. Underscores around the name `b` are left out.

    Args:
        path: the module's file, relative to the root of the repository.

    Raises:
        FileNotFoundError: there is no such file.
    """
    parts = Path(path).parts
    inside = parts[1:] if parts[0] == "pgat_jax" else parts
    name = Path(inside[-1]).stem.strip("_")  # the tests of `__init__.py` are `test_init.py`
    test = ROOT.joinpath("tests", *inside[:-1], f"test_{name}.py")
    if not test.exists():
        raise FileNotFoundError(f"{path}: expected its tests in {test.relative_to(ROOT)}")
    return test


def run_mutants(mutants: Sequence[Mutant]) -> list[Mutant]:
    """Runs each mutant against the test file of its module; returns those that survive.

    A mutant survives if its tests pass. One that runs too long counts as noticed.

    Args:
        mutants: the mutants, in processes that are forked from this one.

    Raises:
        RuntimeError: a test file fails on the module as it is.
    """
    for name in PRELOADED:
        importlib.import_module(name)
    sound = [Mutant(path, 0, "none", 0, (ROOT / path).read_text()) for path in _paths(mutants)]
    failing = {mutant.path for mutant in sound} - {mutant.path for mutant in _run_all(sound)}
    if failing:
        raise RuntimeError(f"expected tests that pass before a change: got failures of {failing}")
    return _run_all(mutants)


def _paths(mutants: Sequence[Mutant]) -> list[str]:
    return sorted({mutant.path for mutant in mutants})


def _run_all(mutants: Sequence[Mutant]) -> list[Mutant]:
    survivors: list[Mutant] = []
    running: dict[int, tuple[Mutant, float]] = {}
    for number, mutant in enumerate(mutants, 1):
        while len(running) >= PROCESSES:
            survivors += _collect(running)
        running[_start(mutant)] = (mutant, time.monotonic() + SECONDS)
        print(f"{number}/{len(mutants)} {mutant.path}:{mutant.line}", file=sys.stderr, flush=True)
    while running:
        survivors += _collect(running)
    return survivors


def _start(mutant: Mutant) -> int:
    """Forks a process that runs the tests on the mutant; its status is 0 if they pass."""
    process = os.fork()
    if process:
        return process
    status = 1
    with contextlib.suppress(BaseException):
        resource.setrlimit(resource.RLIMIT_CPU, (BUSY_SECONDS, BUSY_SECONDS))
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 1)
            os.dup2(null.fileno(), 2)
        name = mutant.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        sys.meta_path.insert(0, _Finder(name, mutant))
        test = str(find_test(mutant.path))
        status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test]))
    os._exit(min(status, 1))


def _collect(running: dict[int, tuple[Mutant, float]]) -> list[Mutant]:
    """Takes ended processes out of `running`, ends those that are late; returns survivors."""
    survivors = []
    for process, (mutant, deadline) in list(running.items()):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            del running[process]
            survivors += [mutant] if status == 0 else []
        elif time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
    time.sleep(0.02)
    return survivors


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant's text in the place of its module."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        self._name, self._mutant = name, mutant

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Returns a spec for the mutated module alone."""
        del path, target
        if fullname != self._name:
            return None
        file = ROOT / self._mutant.path
        inside = [str(file.parent)] if file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, file, loader=self, submodule_search_locations=inside
        )

    def exec_module(self, module: ModuleType) -> None:
        """Runs the mutant's text in the module."""
        exec(compile(self._mutant.source, module.__file__ or "", "exec"), module.__dict__)  # noqa: S102


def _find_positions(tree: Any, operator: Any) -> Iterator[tuple[Any, Any]]:
    nodes = [tree]
    while nodes:
        node = nodes.pop(0)
        yield from operator.mutation_positions(node)
        nodes = [*getattr(node, "children", []), *nodes]


class _AnnotationRemover(ast.NodeTransformer):
    """Drops type annotations, which no test can notice."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Drops the annotation of an argument."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Drops the annotation of what a function returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Replaces the annotation of a variable by None, since the syntax needs one."""
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _strip_annotations(code: str) -> str | None:
    """Returns a program's syntax tree without annotations, as text; None if it has no syntax."""
    try:
        return ast.dump(_AnnotationRemover().visit(ast.parse(code)))
    except SyntaxError:
        return None


def main() -> int:
    """Prints for each place the share of mutants that the tests notice, and each survivor.

    It reads `sys.argv`: PLACEs (Python files or folders, relative to the root of the repository),
    `--count N` (mutants a place, 150), `--seed N` (0) and `--json FILE` (writes the survivors).

    Returns:
        The exit status, 0 also if mutants survive.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__)
    parser.add_argument("places", nargs="+", metavar="PLACE", help="a Python file or a folder")
    parser.add_argument("--count", type=int, default=150, help="mutants a place (150)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the draw (0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the survivors")
    given = parser.parse_args()
    kept: dict[str, list[dict[str, Any]]] = {}
    for place in given.places:
        mutants = draw_mutants(ROOT / place, given.count, given.seed)
        survivors = run_mutants(mutants)
        share = 1 - len(survivors) / max(1, len(mutants))
        print(f"{place}: {len(mutants)} mutants, {share:.1%} killed", flush=True)
        for mutant in survivors:
            old = (ROOT / mutant.path).read_text().splitlines()[mutant.line - 1]
            new = mutant.source.splitlines()[mutant.line - 1]
            print(f"  {mutant.path}:{mutant.line} {mutant.operator}\n    - {old}\n    + {new}")
        kept[place] = [{**m._asdict(), "source": None} for m in survivors]
    if given.json:
        given.json.write_text(json.dumps(kept, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
