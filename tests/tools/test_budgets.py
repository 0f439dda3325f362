import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tools import budgets
from tools.budgets import FIGURES, check, find_excesses, main

BUDGET = {"step_kernels": 1000, "step_gb": 2.0, "temporary_gb": 0.5}


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A budget of an invented configuration; `measure` gives the figures that a test sets."""
    path, figures = tmp_path / "budgets.json", dict(BUDGET)
    version = budgets.metadata.version("jax")
    path.write_text(json.dumps({"mine on v5e": BUDGET | {"jax": version}}))
    monkeypatch.setattr(budgets, "BUDGETS", path)
    monkeypatch.setattr(budgets, "measure", lambda name, target: figures)
    return path, figures


def test_a_figure_may_grow_by_a_twentieth():
    assert find_excesses({k: 1.049 * v for k, v in BUDGET.items()}, BUDGET) == []
    over = find_excesses(BUDGET | {"step_gb": 2.2}, BUDGET)
    assert over == ["step_gb: got 2.2, expected at most 2 + 5%"]
    assert len(find_excesses({k: 1.06 * v for k, v in BUDGET.items()}, BUDGET)) == len(FIGURES)


def test_the_command_fails_over_the_budget_and_names_the_figure(recorded, capsys):
    assert main(["mine", "v5e"]) == 0
    recorded[1]["step_kernels"] = 2000
    assert main(["mine", "v5e"]) == 1
    assert "mine on v5e: step_kernels: got 2,000" in capsys.readouterr().out


def test_a_configuration_without_a_budget_fails_until_it_is_written(recorded):
    assert check("other", "v5e", False) == [
        "other on v5e: it has no budget; record one with --write"
    ]
    assert check("other", "v5e", True) == [] == check("other", "v5e", False)
    assert json.loads(recorded[0].read_text()).keys() == {"mine on v5e", "other on v5e"}


def test_another_version_of_jax_is_not_compared(recorded, capsys):
    path, figures = recorded
    path.write_text(json.dumps({"mine on v5e": BUDGET | {"jax": "0.1"}}))
    figures["step_gb"] = 99
    assert check("mine", "v5e", False) == []
    assert "recorded with jax 0.1" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(find_spec("libtpu") is None, reason="the extra `tpu`")
def test_the_tiny_step_is_within_its_budget_on_a_tpu():
    command = [sys.executable, "-m", "tools.budgets", "tiny", "v5e"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
