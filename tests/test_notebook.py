"""Progress in a notebook, with a fake IPython."""

import sys
from types import SimpleNamespace

import pytest

from pgat_jax import notebook
from pgat_jax.notebook import NotebookBar, is_notebook


class Display:
    """The part of `IPython.display` that a bar uses; it notes what is shown."""

    def __init__(self):
        self.shown, self.updates = [], []

    def HTML(self, text):
        return text

    def display(self, content, display_id):
        assert display_id is True
        self.shown.append(content)
        return SimpleNamespace(update=self.updates.append)


def enter(monkeypatch, shell: str):
    kind = type(shell, (), {})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kind()))


@pytest.fixture
def display(monkeypatch):
    display = Display()
    enter(monkeypatch, "ZMQInteractiveShell")
    monkeypatch.setattr(notebook, "import_module", lambda name: display)
    return display


def test_a_notebook_is_told_from_a_terminal_and_from_a_script(monkeypatch):
    assert not is_notebook()
    enter(monkeypatch, "TerminalInteractiveShell")
    assert not is_notebook()
    enter(monkeypatch, "ZMQInteractiveShell")
    assert is_notebook()


def test_a_bar_is_shown_once_and_then_moved(display):
    bar = NotebookBar()
    assert display.shown == []
    bar.update(1, 10, "loss <1>")
    bar.update(2, 10, "loss 0")
    assert len(display.shown) == 1 and len(display.updates) == 1
    assert 'value="1" max="10"' in display.shown[0] and "loss &lt;1&gt;" in display.shown[0]
    assert 'value="2" max="10"' in display.updates[0]
