"""Reports, flows and profiles that print and write themselves."""

import json
from dataclasses import replace

import pytest

from checks import Profile, Report
from checks.render.flow_text import flow_text
from checks.render.printable import (
    PrintableProfile,
    PrintableReport,
    make_printable,
    write_page,
)
from checks.render.profile_page import profile_page
from checks.render.profile_text import profile_text
from checks.render.report_json import report_document
from checks.render.report_page import report_page
from checks.render.report_text import report_text
from tests.checks.render.helpers import make_flow, make_leaf, make_passage

PROFILE = Profile("w", (make_passage(1, 1.0, 0.1), make_passage(2, 0.1, float("nan"))), 0.1)


@pytest.fixture
def report():
    leaves = (make_leaf("w", "stuck", gradient=float("nan")), make_leaf("v"))
    return PrintableReport(
        leaves, find_flow=make_flow, find_profiles=lambda names: dict.fromkeys(names, PROFILE)
    )


def test_a_report_is_still_the_data(report):
    assert isinstance(report, Report) and report["v"].verdict == "alive"
    changed = replace(report, problems=("p",))
    assert isinstance(changed, PrintableReport) and not changed.passes


def test_a_report_has_its_three_forms(report, tmp_path):
    assert report.table() == report_text(report)
    report.to_json(tmp_path / "r.json")
    read = json.loads((tmp_path / "r.json").read_text(), parse_constant=pytest.fail)
    assert read == json.loads(json.dumps(report_document(report)))
    report.to_html(tmp_path / "r.html")
    page = report_page(report).encode("utf-8", errors="replace").decode()
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == page


def test_its_flow_is_computed_once_and_prints_itself(report):
    assert report.flow is report.flow and report.flow.text() == flow_text(make_flow())


def test_its_profiles_print_and_write_themselves(report, tmp_path):
    profile = report.profiles(["w"])["w"]
    assert isinstance(profile, PrintableProfile) and profile == make_printable(PROFILE)
    assert profile.text() == profile_text(PROFILE)
    profile.to_html(tmp_path / "p.html")
    assert (tmp_path / "p.html").read_text(encoding="utf-8") == profile_page(PROFILE)
    profile.to_json(tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text())["passages"][1]["leaving"] is None


def test_a_page_with_half_a_character_is_written(tmp_path):
    write_page("a\ud800", tmp_path / "p.html")
    assert (tmp_path / "p.html").read_text(encoding="utf-8") == "a?"


def test_text_of_a_report_in_ipython_is_its_table(report):
    class Printer:
        def text(self, text):
            self.shown = text

    printer = Printer()
    report._repr_pretty_(printer, False)
    assert printer.shown == report.table()
