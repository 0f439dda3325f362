"""HTML templates."""

import jinja2
import pytest

from checks.render.template import fill_template


def fill(**content):
    return fill_template("base.html", {}, content)


def test_text_is_escaped():
    assert "<title>&lt;b&gt;</title>" in fill(title="<b>")


def test_a_missing_name_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="'title' is undefined"):
        fill()
