"""The page of a back-test: one file, the answer first, every picture and table in it."""

import re

import numpy as np
import pytest

from pgat_jax.backtest.page import list_sections, render_page
from pgat_jax.backtest.report import make_report
from tests.backtest.conftest import simulate
from tests.backtest.reports import CRPS, HORIZON, ORIGINS, simulate_scores

HISTORY = simulate(700)
ROWS = np.arange(150, 150 + ORIGINS)
SCORED = simulate_scores({"model": 0.96, **CRPS})


@pytest.fixture(scope="module")
def report() -> dict:
    return make_report(SCORED, "tiny", "nasdaq", HORIZON, "never", 1)


@pytest.fixture(scope="module")
def page(report) -> str:
    return render_page(report, SCORED, HISTORY, ROWS, "python run.py backtest", "seed: 0")


def test_the_answer_comes_first(page):
    assert page.index("The model removes") < page.index("<nav>") < page.index("<h2")


def test_the_page_needs_no_other_file_and_no_script(page):
    sources = re.findall(r'(?:src|srcset|href)="([^"]{0,30})', page)
    assert sources and all(s.startswith(("data:image/png;base64,", "#")) for s in sources)
    assert "<script" not in page


def test_sections_follow_the_order_of_the_questions(page, report):
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert headings[:5] == list(list_sections(report, SCORED, HISTORY, ROWS))
    assert headings[:2] == ["Skill by year", "Skill by target"]
    assert page.count("<figure>") == 5 and page.count("<table") == 9


def test_the_command_and_the_configuration_are_shown(page):
    assert "<pre>python run.py backtest</pre>" in page and "seed: 0" in page


def test_a_leak_stands_above_the_answer(report):
    leaking = report | {"leaks": ["LEAK: planted"]}
    page = render_page(leaking, SCORED, HISTORY, ROWS, "command", "")
    assert page.index("LEAK: planted") < page.index("The model removes")
    assert "Configuration of the model" not in page
