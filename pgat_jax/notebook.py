"""Shows progress below a notebook's cell, by the IPython that runs the notebook; it imports none.

The module depends on the standard library and markupsafe.
"""

import sys
from importlib import import_module
from typing import Any

from markupsafe import Markup

# The name of the class of the shell that runs cells of notebooks.
_SHELL = "ZMQInteractiveShell"
_BAR = Markup('<progress value="{}" max="{}"></progress> <code>{}</code>')


def is_notebook() -> bool:
    """Returns whether this process runs the cells of a notebook."""
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_shell is not None and type(get_shell()).__name__ == _SHELL


class NotebookBar:
    """A bar below the cell, which each call of `update` moves."""

    def __init__(self) -> None:
        """Creates a bar; nothing is shown yet."""
        self._display: Any = import_module("IPython.display")
        self._handle: Any = None

    def update(self, done: int, total: int, text: str) -> None:
        """Moves the bar.

        Args:
            done: steps taken.
            total: steps of the whole.
            text: what stands beside the bar; it is escaped.
        """
        content = self._display.HTML(str(_BAR.format(done, total, text)))
        if self._handle is None:
            self._handle = self._display.display(content, display_id=True)
        else:
            self._handle.update(content)
