"""YAML is read as plain values, by the rules of YAML 1.2, and nothing else is."""

import pytest

from pgat_jax.errors import UserError
from pgat_jax.safe_yaml import MAX_CHARACTERS, MAX_DEPTH, parse_yaml


def test_numbers_are_read_as_yaml_1_2_has_them():
    text = "[1e-3, 1E5, .5, 5., -2, 0x10, on, null, ~, .inf, true]"
    expected = [1e-3, 1e5, 0.5, 5.0, -2, "0x10", "on", None, None, float("inf"), True]
    assert parse_yaml(text, "test") == expected


def test_lists_and_mappings_are_nested():
    assert parse_yaml("a: {b: [1, x], c: }\n", "test") == {"a": {"b": [1, "x"], "c": None}}


def test_the_deepest_and_longest_text_that_is_allowed():
    assert parse_yaml("[" * (MAX_DEPTH - 1) + "3" + "]" * (MAX_DEPTH - 1), "test")
    assert parse_yaml("x" * MAX_CHARACTERS, "test") == "x" * MAX_CHARACTERS
    with pytest.raises(UserError, match="nested deeper than 16 levels"):
        parse_yaml("[" * MAX_DEPTH + "3" + "]" * MAX_DEPTH, "test")
    with pytest.raises(UserError, match="more than 65,536 characters"):
        parse_yaml("x" * (MAX_CHARACTERS + 1), "test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 2\n  c: 3\n", "f.yaml, line 4: not valid YAML: the key 'c' occurs twice."),
        ("a: &x 1\nb: *x\n", "f.yaml, line 2: not valid YAML: aliases are not allowed."),
        ("a: !!str 1\n", "f.yaml, line 1: not valid YAML: tags are not allowed."),
        ("a: [1\n", "f.yaml, line 2: not valid YAML: "),
    ],
)
def test_a_mistake_names_the_file_and_the_line(text, message):
    with pytest.raises(UserError) as error:
        parse_yaml(text, "f.yaml")
    assert str(error.value).startswith(message)
