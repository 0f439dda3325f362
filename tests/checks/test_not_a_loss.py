"""What is no loss gets one clear sentence: from Python, and from the shell with status 2."""

import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import pytest

from checks import NotALoss, diagnose, reach
from checks.__main__ import main

FACTORIES = """
import jax
import jax.numpy as jnp
import numpy as np

W = {"w": jnp.ones(3)}
counter = [0]


def counts(p):
    counter[0] += 1
    return (p["w"] ** counter[0]).sum()


def in_a_branch(p):
    return jax.lax.cond(p["w"][0] > 0, lambda: p["w"].sum() * np.random.rand(), lambda: 0.0)


def throws(_):
    raise RuntimeError("no such file")


def calls_out(function):
    def loss(p):
        shape = jax.ShapeDtypeStruct((), jnp.float32)
        return (p["w"] ** 2).sum() * jax.pure_callback(function, shape, p["w"])

    return loss


def made(loss, params=W):
    return lambda: (loss, params, ())


vector = made(lambda p: p["w"])
complex_ = made(lambda p: p["w"].sum().astype(jnp.complex64))
integer = made(lambda p: p["w"].astype(jnp.int32).sum())
boolean = made(lambda p: (p["w"] > 0).all())
text = made(lambda p: "0.3")
no_parameters = made(lambda p: 1.0, {"n": 3})
empty = made(lambda p: 1.0, {})
raises = made(lambda p: p["w"].sum() + p["missing"].sum())
untraceable = made(lambda p: 1.0 if p["w"].sum() > 0 else p["w"].sum())
numpy_ = made(lambda p: np.asarray(p["w"]).sum())
too_many_arguments = made(lambda p, x: p["w"].sum())
impure = made(counts)
impure_inside = made(in_a_branch)
callback_raises = made(calls_out(throws))
callback_is_random = made(calls_out(lambda _: np.float32(np.random.rand())))
"""

STATIC = {
    "vector": "a loss must be a scalar: got shape (3,)",
    "complex_": "a loss must be a real floating-point number: got complex64",
    "integer": "a loss must be a real floating-point number: got int32",
    "boolean": "a loss must be a real floating-point number: got bool",
    "text": "a loss must be a number: got str",
    "no_parameters": "without one floating-point array",
    "empty": "without one floating-point array",
    "raises": "a loss must not raise: got KeyError: 'missing' at own.py:42",
    "untraceable": "a loss must be traceable by JAX: got TracerBoolConversionError at own.py:43",
    "numpy_": "a loss must be traceable by JAX: got TracerArrayConversionError at own.py:44",
    "too_many_arguments": "a loss must not raise: got TypeError",
    "impure": "the same function at every call",
    "impure_inside": "the same function at every call",
}
MEASURED = {
    "callback_raises": "RuntimeError: no such file",
    "callback_is_random": "the same function at every call",
}


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    (tmp_path / "own.py").write_text(FACTORIES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("own", None)
    return tmp_path


@pytest.mark.parametrize("name", [*STATIC, *MEASURED])
def test_the_shell_gives_one_sentence_and_status_two(own, capsys, name):
    words = (STATIC | MEASURED)[name]
    for arguments in [[], ["--static"]] if name in STATIC else [[]]:
        assert main([f"own:{name}", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("checks: ") and words in captured.err
        assert captured.err.count("\n") == 1 and captured.out == ""


def test_the_shell_shows_no_traceback(own):
    command = [sys.executable, "-m", "checks", "own:raises"]
    root = str(Path(__file__).parents[2])
    run = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": root})
    assert run.returncode == 2 and "Traceback" not in run.stderr and run.stdout == ""
    assert run.stderr.splitlines()[-1].startswith("checks: a loss must not raise")


def test_python_gets_the_same_sentence_with_the_line_and_the_cause():
    def loss(p):
        return p["w"].sum() + p["missing"].sum()

    line = loss.__code__.co_firstlineno + 1
    for check in (reach, diagnose):
        with pytest.raises(NotALoss, match=f"KeyError.*test_not_a_loss.py:{line}") as raised:
            check(loss, {"w": jnp.ones(3)})
        assert isinstance(raised.value.__cause__, KeyError) and "\n" not in str(raised.value)
