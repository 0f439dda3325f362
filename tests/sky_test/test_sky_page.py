"""The page of a test of the sky: one file, the answer first, its limits said."""

import re

import pytest

from pgat_jax.sky_test.sky_page import render_page
from tests.sky_test.reports import make_result, make_simulated_report


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(make_simulated_report(), "python run.py sky --config laptop --quick", "")


def test_the_claim_comes_first(page):
    assert page.index("No gain from the sky was seen") < page.index("<nav>") < page.index("<h2")


def test_the_page_needs_no_other_file_and_no_script(page):
    sources = re.findall(r'(?:src|srcset|href)="([^"]{0,30})', page)
    assert sources and all(s.startswith(("data:image/png;base64,", "#")) for s in sources)
    assert "<script" not in page


def test_it_says_what_could_not_be_seen_and_that_the_forecaster_is_a_cheap_one(page):
    assert "What could not be seen" in page and "Saturn" in page
    assert "The linear forecaster is a cheap one" in page
    assert "python run.py sky --config laptop --quick" in page
    assert page.count("<figure>") == 2 and page.count("<table") == 3


def test_a_network_has_its_picture_and_configuration():
    report = make_simulated_report(network=make_result(0.1, -0.1, 0.4))
    page = render_page(report, "python run.py sky --config laptop", "seed: 0")
    assert page.count("<figure>") == 3 and "Configuration of the network" in page
