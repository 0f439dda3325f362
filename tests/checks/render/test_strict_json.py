"""JSON without NaN."""

import json
import math

import pytest

from checks.render.strict_json import nullify_non_finite, write_json


def test_numbers_that_are_not_finite_become_none_at_any_depth():
    value = {"a": [1.0, math.inf, (math.nan, 2)], "b": {"c": -math.inf}, "d": "nan", "e": True}
    assert nullify_non_finite(value) == {
        "a": [1.0, None, [None, 2]],
        "b": {"c": None},
        "d": "nan",
        "e": True,
    }


def test_the_file_is_strict_json_in_utf_8(tmp_path):
    write_json({"κ": math.nan}, tmp_path / "x.json")
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail) == {"κ": None} and text.endswith("\n")
