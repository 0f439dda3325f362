"""Factories: what a user's function may return."""

import sys

import pytest

from checks.factory import call_factory, load_factory


def loss(p):
    return p.sum()


@pytest.mark.parametrize("args", [(1, 2), [1, 2]])
def test_a_factory_returns_loss_params_and_args(args):
    assert call_factory(lambda: (loss, 0.5, args)) == (loss, 0.5, (1, 2), {})


def test_a_factory_may_return_settings_of_diagnose():
    assert call_factory(lambda: (loss, 0.5, (), {"seed": 3}))[3] == {"seed": 3}


def raising():
    raise RuntimeError("no data")


@pytest.mark.parametrize(
    "factory, words",
    [
        (raising, "the factory raised RuntimeError: no data"),
        (lambda: 3, r"returns `loss, params, args` \(and settings.*\): got int"),
        (lambda: (loss, 0.5), "got a tuple of function, float$"),
        (lambda: (3, 0.5, ()), "got a tuple of int, float, tuple$"),
        (lambda: (loss, 0.5, 7), "args a tuple: got int"),
        (lambda: (loss, 0.5, (), {"optimiser": 1}), "settings a dict of allow, batches, .*optimi"),
        (lambda: (loss, 0.5, (), 5), "settings a dict of .*: got 5"),
    ],
)
def test_anything_else_is_an_error_that_says_what_was_got(factory, words):
    with pytest.raises(ValueError, match=words):
        call_factory(factory)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a module `ours`."""
    (tmp_path / "ours.py").write_text("number = 3\ndef good(): return 7\n")
    (tmp_path / "broken.py").write_text("def good(:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("ours", None)


@pytest.mark.usefixtures("folder")
def test_a_module_of_the_working_directory_is_found():
    assert load_factory("ours:good")() == 7


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "name, words",
    [
        ("ours", "a factory is named MODULE:FACTORY: got 'ours'"),
        (":good", "MODULE:FACTORY"),
        ("ours:", "MODULE:FACTORY"),
        ("ours:missing", "got 'ours:missing', which raised AttributeError"),
        ("ours:number", "a factory is a function: got int for 'ours:number'"),
        ("broken:good", "got 'broken:good', which raised SyntaxError"),
        ("nowhere:good", "ModuleNotFoundError: No module named 'nowhere'"),
    ],
)
def test_a_factory_that_cannot_be_imported_is_an_error(name, words):
    with pytest.raises(ValueError, match=words):
        load_factory(name)
