"""The command `python -m checks`."""

import subprocess
import sys

import pytest

from checks.__main__ import main


@pytest.fixture(autouse=True)
def own_models(tmp_path, monkeypatch):
    """A working directory with a module of factories."""
    (tmp_path / "own.py").write_text(
        "import jax.numpy as jnp\n"
        "def good(): return lambda p: (p['w'] ** 2).sum(), {'w': jnp.ones(3)}, ()\n"
        "def bad(): return lambda p: 1.0, {'w': jnp.ones(3)}, ()\n"
        "def strange(): return 3\n"
    )
    (tmp_path / "train.py").write_text(
        "import jax, jax.numpy as jnp, sys\n"
        "def loss(p): return (p ** 2).sum()\n"
        "jax.jit(jax.grad(loss))(jnp.ones(int(sys.argv[1])))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("own", None)


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (["own:good", "--static"], 0, "static proof passes"),
        (["own:bad", "--static"], 1, "disconnected"),
        (["own:missing"], 2, "a factory is a function of a module"),
        (
            ["--nope"],
            2,
            "checks: unknown flag '--nope'; the flags are --static, ",
        ),
        (["own:good", "--htm=f"], 2, "--junit; see `python -m checks --help`"),
        ([], 2, "required: MODULE:FACTORY | SCRIPT.py[:LOSS]; see `python -m checks --help`"),
        (["own:good", "--json"], 2, "argument --json: expected one argument; see"),
        (["own:strange"], 2, "returns `loss, params, args`"),
        (["own:good", "--static", "--html", "nowhere/page.html"], 2, "no folder nowhere"),
        (["own:good", "--profile", "w"], 0, "steepest losses"),
        (["own:good", "--profile", "v"], 2, "no leaf is called 'v'; the nearest names: w"),
        (
            ["own:good", "--", "--rate", "3"],
            2,
            "only a script has arguments after `--`: got --rate 3",
        ),
        (
            ["train.py", "--static", "--", "3"],
            0,
            "the script takes the gradient of loss (train.py:2)",
        ),
        (["train.py:lost", "--", "3"], 2, "of a function with the name lost"),
        (["own:good", "--profile", "w", "--static"], 2, "--profile measures one leaf"),
        (
            ["own:good", "--profile", "w", "--sarif", "f"],
            2,
            "got it with --static, --allow, --sarif",
        ),
        (["own:good", "--profile", "w", "--allow", "f"], 2, "use it with --json and --html only"),
    ],
)
def test_the_status_and_the_words(arguments, status, words, capsys):
    assert main(arguments) == status
    shown = capsys.readouterr()
    assert words in shown.out + shown.err and "Traceback" not in shown.err


def test_files_are_written(tmp_path):
    assert main(["own:good", "--static", "--json", "r.json", "--html", "r.html"]) == 0
    assert (tmp_path / "r.json").exists() and (tmp_path / "r.html").exists()
    assert main(["own:good", "--profile", "w", "--json", "p.json", "--html", "p.html"]) == 0
    assert (tmp_path / "p.json").exists() and (tmp_path / "p.html").exists()


def test_files_for_ci_are_written(tmp_path):
    assert main(["own:bad", "--static", "--sarif", "r.sarif", "--junit", "r.xml"]) == 1
    assert '"ruleId": "disconnected"' in (tmp_path / "r.sarif").read_text()
    assert '"startLine": 3' in (tmp_path / "r.sarif").read_text()  # the line of the loss
    assert '<failure type="disconnected"' in (tmp_path / "r.xml").read_text()


def test_the_help_has_examples_and_statuses():
    command = [sys.executable, "-m", "checks", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    assert "MODULE:FACTORY" in shown and "exit status" in shown and "examples:" in shown
