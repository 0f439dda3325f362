"""Templates are escaped and complete."""

import jinja2
import pytest

from pgat_jax.pages.template import fill_template, mark_code


def test_a_name_that_is_missing_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="'run' is undefined"):
        fill_template("run_report.html", {})


def test_words_in_backticks_are_code_and_all_else_is_escaped():
    assert mark_code("run `a <b>` & c") == "run <code>a &lt;b&gt;</code> &amp; c"
