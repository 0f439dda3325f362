"""JUnit documents: one case for each leaf and problem."""

from xml.etree import ElementTree

from checks.render.printable import PrintableReport
from checks.render.report_junit import junit_document
from tests.checks.render.helpers import EVIL, make_leaf

LEAVES = (
    make_leaf("encoder/head/w", "stuck", where=["optimizer stage 0", "pkg/m.py:7 mul in Head"]),
    make_leaf("fine"),
    make_leaf("meant", "blocked", allowed="a target"),
    make_leaf(EVIL, "disconnected"),
)


def test_leaves_and_problems_are_cases(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = PrintableReport(LEAVES, problems=("the loss is NaN",))
    root = ElementTree.fromstring(junit_document(report, root=tmp_path))
    (suite,) = root
    assert root.tag == "testsuites" and suite.tag == "testsuite"
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "3",
        "errors": "0",
        "skipped": "1",
    }
    problem, head, fine, meant, evil = suite
    assert problem.find("failure").get("message") == "the loss is NaN"
    assert (head.get("classname"), head.get("name")) == ("checks.encoder.head", "encoder/head/w")
    assert (head.get("file"), head.get("line")) == ("pkg/m.py", "7")
    assert head.find("failure").get("type") == "stuck"
    assert "at pkg/m.py:7 mul in Head" in head.find("failure").text
    assert len(fine) == 0
    assert meant.find("skipped").get("message") == "blocked: allowed: a target"
    assert evil.get("name") == EVIL.replace("\x00", "?")


def test_it_is_written_as_utf8(tmp_path):
    PrintableReport(LEAVES).to_junit(tmp_path / "r.xml")
    assert len(ElementTree.parse(tmp_path / "r.xml").getroot()[0]) == len(LEAVES)
