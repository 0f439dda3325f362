"""The package's public names, and what importing them loads."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import checks

_HEAVY = {"jinja2", "markupsafe", "optax", "rich"}
# The names under TYPE_CHECKING, for type checkers and documentation tools.
_TYPED = "if TYPE_CHECKING:"


def loaded_by(statement):
    """Returns the modules that a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(json.loads(shown))


@pytest.mark.parametrize(
    "statement",
    [
        "from checks import sentinels",
        "from checks.sentinels import count_silent, sentinels",
        "from checks import name_leaves",
    ],
)
def test_what_training_needs_loads_no_engine_and_no_renderer(statement):
    modules = loaded_by(statement)
    own = {name for name in modules if name.split(".")[0] == "checks"}
    assert not modules & _HEAVY
    assert own <= {"checks", "checks.sentinels", "checks.program", "checks.program.leaves"}


@pytest.mark.parametrize("name", checks.__all__)
def test_every_public_name_is_there_and_comes_from_the_module_that_is_stated(name):
    value = getattr(checks, name)
    assert not isinstance(value, type(checks))
    lines = Path(checks.__file__).read_text(encoding="utf-8").partition(_TYPED)[2].splitlines()
    (line,) = [x for x in lines if " import " in x and name in x.split(" import ")[1].split(", ")]
    module = importlib.import_module(line.split()[1])
    assert getattr(module, name) is value


def test_a_function_is_not_hidden_by_a_module_of_the_same_name():
    for name in checks.__all__:
        assert importlib.util.find_spec(f"checks.{name}") is None


def test_public_names_are_listed_and_others_are_an_error():
    assert set(checks.__all__) <= set(dir(checks))
    with pytest.raises(AttributeError, match="module 'checks' has no attribute 'diagnos'"):
        checks.diagnos  # noqa: B018
