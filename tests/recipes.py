"""The recipes of the repository by name, for tests that run over all of them."""

from pathlib import Path

CONFIGS = Path(__file__).parents[1] / "configs"
STUDIES = ("original",)
"""Recipes with faults, which `check` and `causes` read and training refuses."""


def find_recipes(pattern: str = "*") -> list[str]:
    """Returns the names that fit a pattern; there is at least one."""
    names = sorted(path.stem for path in CONFIGS.glob(f"{pattern}.yaml"))
    assert names, f"{CONFIGS}: no recipe fits {pattern!r}"
    return names


RECIPES = find_recipes()
TRAINED = [name for name in RECIPES if name not in STUDIES]
