"""Mutants are drawn from every expression, and run against the module's own tests."""

import pytest

from tools.mutate import ROOT, draw_mutants, find_test, list_mutants

CODE = """def clip(x: int | None, top: int = 3) -> int | None:
    return x if x < top else top + 1
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.mutate.ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(CODE)
    return path


def test_every_expression_is_mutated_and_no_annotation(file):
    changed = {(m.line, m.source) for group in list_mutants(file) for m in group}
    assert (2, CODE.replace("x < top", "x <= top")) in changed
    assert (2, CODE.replace("top + 1", "top - 1")) in changed
    assert (1, CODE.replace("= 3", "= 2")) in changed
    assert not any("int & None" in source or "int + None" in source for _, source in changed)


def test_draw_takes_each_expression_before_a_second_change_of_any(file):
    groups = list(list_mutants(file))
    drawn = draw_mutants(file, len(groups), seed=1)
    assert len({next(i for i, g in enumerate(groups) if m in g) for m in drawn}) == len(groups)
    assert len(draw_mutants(file, 10_000, seed=1)) == sum(map(len, groups))
    assert draw_mutants(file, 3, seed=1) == draw_mutants(file, 3, seed=1)


def test_tests_of_a_module_are_found_in_its_mirror():
    assert find_test("pgat_jax/data/windows.py") == ROOT / "tests/data/test_windows.py"
    assert find_test("checks/judges/__init__.py") == ROOT / "tests/checks/judges/test_init.py"
    with pytest.raises(FileNotFoundError, match="expected its tests in tests/data/test_nothing"):
        find_test("pgat_jax/data/nothing.py")
