"""The tests mirror the packages: each module has its test file."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# One file an experiment: tests/causes/test_hypotheses.py and test_wiring.py run over all of them.
EXPERIMENTS = {"pgat_jax/causes/hypotheses", "pgat_jax/causes/wiring"}
MODULES = sorted(
    path.relative_to(ROOT)
    for package in ("checks", "pgat_jax")
    for path in (ROOT / package).rglob("*.py")
    if path.stem not in ("__init__", "__main__")
    and path.parent.relative_to(ROOT).as_posix() not in EXPERIMENTS
)


def find_test(module: Path) -> Path:
    """Returns the path of a module's tests; those of `pgat_jax` lie in `tests/` itself."""
    folders = module.parts[:-1] if module.parts[0] == "checks" else module.parts[1:-1]
    return Path("tests", *folders, f"test_{module.name}")


def test_the_path_of_a_test_file_is_that_of_its_module():
    assert find_test(Path("checks/flow/taps.py")) == Path("tests/checks/flow/test_taps.py")
    assert find_test(Path("pgat_jax/cli.py")) == Path("tests/test_cli.py")
    assert find_test(Path("pgat_jax/data/sky.py")) == Path("tests/data/test_sky.py")


@pytest.mark.parametrize("package", ["checks", "pgat_jax"])
def test_each_module_has_its_test_file(package):
    modules = [module for module in MODULES if module.parts[0] == package]
    assert modules, f"{ROOT / package}: no module is found"
    missing = [f"{m} -> {find_test(m)}" for m in modules if not (ROOT / find_test(m)).exists()]
    assert not missing, f"modules without a test file: {missing}"
