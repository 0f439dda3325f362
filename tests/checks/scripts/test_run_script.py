"""Scripts that are run up to their first gradient."""

import sys

import pytest

from checks.scripts.run_script import find_gradient, is_script

SCRIPT = """
import sys
import jax, jax.numpy as jnp
import helper
if __name__ == "__main__":
    print("words", sys.argv[1:])
    def warm(p): return (p ** 2).sum()
    def loss(p, x): return ((p["w"] * x) ** 2).sum()
    jax.grad(warm)(jnp.ones(2))
    jax.jit(jax.value_and_grad(loss))({"w": jnp.full(3, helper.START)}, jnp.arange(3.0))
    open("after", "w").close()
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "helper.py").write_text("START = 2.0\n")
    sys.modules.pop("helper", None)

    def write(text):
        (tmp_path / "code" / "train.py").write_text(text)
        return "code/train.py"

    yield write
    sys.modules.pop("helper", None)


def test_a_script_is_told_from_a_factory():
    assert is_script("train.py") and is_script("a/train.py:loss")
    assert not is_script("train:make") and not is_script("train.py.x:make")


def test_the_script_runs_as_main_and_ends_at_its_gradient(script, tmp_path, capsys):
    call = find_gradient(script(SCRIPT), ["--rate", "3"])
    assert call.params.shape == (2,)
    shown = capsys.readouterr()
    assert "words ['--rate', '3']" in shown.err and shown.out == ""
    assert "checks: the script takes the gradient of warm (" in shown.err
    assert not (tmp_path / "after").exists() and sys.argv[1:] != ["--rate", "3"]


def test_a_name_chooses_the_loss_which_works_after_the_script(script):
    call = find_gradient(script(SCRIPT) + ":loss")
    assert call.loss(call.params, *call.args) == 20.0


def test_the_gradient_counts_even_if_the_script_catches_everything(script):
    text = "import jax, jax.numpy as jnp\ntry: jax.grad(jnp.sum)(jnp.ones(2))\nexcept: pass\n"
    assert find_gradient(script(text)).params.shape == (2,)


@pytest.mark.parametrize(
    "text, words",
    [
        ("x = 1", "ended without a call of jax.grad or jax.value_and_grad at arrays"),
        ("import sys; sys.exit(1)", "give the checks a factory, MODULE:FACTORY"),
        ("1 / 0", "raised ZeroDivisionError: division by zero at code/train.py:1, before it"),
        ("def f(:", "raised SyntaxError"),
        (
            "import jax, jax.numpy as jnp\njax.vmap(jax.grad(jnp.sum))(jnp.ones((2, 2)))",
            "inside vmap, pmap or shard_map alone",
        ),
    ],
)
def test_a_script_without_a_gradient_is_one_sentence(script, text, words):
    with pytest.raises(ValueError) as error:
        find_gradient(script(text))
    assert words in str(error.value)


def test_a_file_that_is_not_there_and_a_name_that_is_not_found(script):
    with pytest.raises(ValueError, match=r"got none.py, which is no file"):
        find_gradient("none.py")
    with pytest.raises(ValueError, match="of a function with the name los at arrays"):
        find_gradient(script(SCRIPT) + ":los")


def test_a_gradient_of_nnx_names_the_calls_that_work(script):
    text = (
        "import jax, jax.numpy as jnp\n"
        "class Wrapped:\n"
        "    def __call__(self, p): return p.sum()\n"
        "Wrapped.__module__ = 'flax.nnx.transforms'\n"
        "jax.grad(Wrapped())(jnp.ones(2))\n"
    )
    with pytest.raises(ValueError, match=r"works only inside NNX: (.|\n)*nnx\.merge"):
        find_gradient(script(text))
