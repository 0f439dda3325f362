"""Templates are escaped and complete."""

import jinja2
import pytest

from pgat_jax.pages.template import fill_template


def test_a_name_that_is_missing_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="'run' is undefined"):
        fill_template("run_report.html", {})
