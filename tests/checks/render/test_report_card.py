"""The card of a report in a notebook."""

import re
from xml.etree import ElementTree

from checks import Report
from checks.render.printable import PrintableReport
from checks.render.report_card import report_card
from tests.checks.render.helpers import EVIL, make_leaf

LEAVES = (make_leaf("head/w", "stuck", where=["m.py:7 mul"]), make_leaf("head/b"))


def fail(*names):
    raise AssertionError("the card measures something")


def test_the_card_shows_what_fails_and_measures_nothing():
    report = Report(LEAVES, problems=("NaN",), find_flow=fail, find_profiles=fail)
    card = report_card(report)
    for words in ("Diagnosis fails", "2 leaves", "head/w", "why of head/w", "m.py:7 mul", "NaN"):
        assert words in card
    ElementTree.fromstring("<svg" + card.split("<svg")[1].split("</svg>")[0] + "</svg>")


def test_its_style_acts_on_the_card_alone_and_knows_the_themes():
    style = report_card(Report(LEAVES)).split("<style>")[1].split("</style>")[0]
    selectors = [s for rule in re.findall(r"([^{};]+)\{", style) for s in rule.split(",")]
    assert all(".checks-report" in s or s.strip().startswith("@media") for s in selectors)
    assert 'data-jp-theme-light="false"' in style and "vscode-dark" in style
    assert style.count("--paper: #16191d") == 2


def test_names_are_never_markup():
    card = report_card(Report((make_leaf(EVIL, "stuck"),), {EVIL: EVIL}, (EVIL,), (EVIL,)))
    assert "<script" not in card and "&lt;script&gt;" in card
    assert not any(word in card for word in ("http", "src=", "url(", "@import"))


def test_a_report_shows_itself():
    report = PrintableReport(LEAVES)
    assert report._repr_html_() == report_card(report)
