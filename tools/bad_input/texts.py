"""Damages configuration files and command lines, and judges how they are read."""

import shlex
from collections.abc import Callable
from pathlib import Path

import yaml
from hypothesis import strategies as st

from pgat_jax.causes.config import StudyConfig
from pgat_jax.config_file import LITERAL_KEYS, load_config
from pgat_jax.safe_yaml import parse_yaml
from pgat_jax.verbs import VERBS
from tools.bad_input.calls import answer
from tools.bad_input.damage import bytes_damage, lines_damage, words_damage

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
# Ends every command line that would start work; twice, since a flag may consume the first.
NOWHERE = "data.source=nowhere.csv"


@st.composite
def configurations(draw: st.DrawFn) -> bytes:
    """Draws the content of a recipe of `configs/` with one to three damages of bytes or lines.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    contents.
    """
    content = draw(st.sampled_from(CONFIGS)).read_bytes()
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            content = draw(bytes_damage())(content)
        else:
            change = draw(lines_damage())
            text = content.decode(errors="replace") or "\n"
            content = change(text).encode(errors="surrogatepass")
    return content


def judge_configuration(content: bytes, folder: Path) -> str:
    """Checks that a configuration is refused, or every key has the value of the file.

    Args:
        content: the content of the file.
        folder: an empty folder.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: the file is neither refused nor read so.
    """
    path = folder / "mine.yaml"
    path.write_bytes(content)
    found = answer(["config", "--config", str(path)], folder)
    if found.status == 2:
        assert str(path) in found.err, found.err
        return "refused"
    in_force = yaml.safe_load(found.out)
    assert_in_force(parse_yaml(content.decode(), "file"), in_force)
    printed = folder / "printed.yaml"
    printed.write_text(found.out)
    again, first = (load_config(file, schema=StudyConfig) for file in (printed, path))
    assert again == first, "it does not survive being printed"
    return "accepted, every key in force"


def assert_in_force(given: dict, in_force: dict) -> None:
    """Checks that every given key has its value in the resolved configuration.

    Args:
        given: keys and values of the file or the overrides; a dict is a section.
        in_force: the resolved configuration, nested likewise, with at least these sections.

    Raises:
        AssertionError: a key has another value.
        KeyError: a key is missing.
    """
    for key, value in given.items():
        if isinstance(value, dict):
            assert_in_force(value, in_force[key])
        else:
            assert in_force[key] == value, f"{key}: {value!r} is {in_force[key]!r}"


LINES = [[verb, *shlex.split(line)] for verb, one in VERBS.items() for line in one.examples]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Draws an example of `--help` with one to three changes.

    Its table does not exist, so that no case begins a training. The function is a hypothesis
    composite: called without `draw`, it returns a strategy of such command lines.

    Returns:
        The arguments, without the program's name.
    """
    words = list(draw(st.sampled_from(LINES)))
    for _ in range(draw(st.integers(1, 3))):
        words = draw(words_damage())(words)
    words = [word.replace("\0", "") for word in words]
    reads_a_run = words[:1] in (["evaluate"], ["forecast"])
    return words if reads_a_run else [*words, NOWHERE, NOWHERE]


def judge_command_line(words: list[str], folder: Path) -> str:
    """Checks that a command line is refused, prints help, or applies every override.

    Args:
        words: the arguments, without the program's name.
        folder: an empty folder, the working directory.

    Returns:
        The outcome in words, such as `refused`.

    Raises:
        AssertionError: it is none of these.
    """
    found = answer(words, folder)
    if found.status == 2:
        return "refused"
    if "usage: " in found.out or "--list" in words:
        return "help"
    assert words[0] == "config", f"{words} did something"
    in_force = yaml.safe_load(found.out)
    last = dict(word.split("=", 1) for word in words[1:] if "=" in word and word[0] != "-")
    for key, value in last.items():
        is_literal = key.strip() in LITERAL_KEYS and value.strip()[:1] not in ("'", '"')
        given: object = value.strip() if is_literal else parse_yaml(value, key)
        for part in reversed(key.strip().split(".")):
            given = {part: given}
        assert isinstance(given, dict)
        try:
            assert_in_force(given, in_force)
        except AssertionError:
            if not any(other.startswith(f"{key}.") for other in last):
                raise
    return "accepted, every word in force"


KINDS: dict[str, tuple[Callable, Callable]] = {
    "configuration": (configurations, judge_configuration),
    "command line": (command_lines, judge_command_line),
}
