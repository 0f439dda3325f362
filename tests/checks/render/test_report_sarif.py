"""SARIF documents: what the standard requires, places, rules and fingerprints."""

import json

import pytest

from checks.render.printable import PrintableReport
from checks.render.report_sarif import sarif_document
from tests.checks.render.helpers import EVIL, make_leaf

LEAVES = (
    make_leaf("head", "stuck", where=["pkg/a b.py:7 mul in Head", "pkg/m.py:9 add"]),
    make_leaf("lost", "disconnected"),
    make_leaf("far", "blocked", where=["no source line mul", "/elsewhere/x.py:3 stop_gradient"]),
    make_leaf("fine"),
    make_leaf("meant", "blocked", allowed="a target"),
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = PrintableReport(LEAVES, problems=("the loss is NaN",))
    document = sarif_document(report, f"{tmp_path}/train.py:4", root=tmp_path)
    require_sarif(document)
    return document["runs"][0]


def require_sarif(document):
    """Asserts the required properties and the types of the published schema that are used here."""
    assert document["version"] == "2.1.0" and document["$schema"].endswith(
        "sarif-schema-2.1.0.json"
    )
    assert set(document) == {"$schema", "version", "runs"}
    for run in document["runs"]:
        driver = run["tool"]["driver"]  # `tool`, `driver` and `name` are required
        assert driver["name"] and all(rule["id"] for rule in driver["rules"])
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        for result in run["results"]:
            assert result["message"]["text"] and result["ruleId"] in ids  # `message` is required
            assert result["level"] in {"none", "note", "warning", "error"}
            assert all(isinstance(x, str) for x in result["partialFingerprints"].values())
            for place in result["locations"] + result.get("relatedLocations", []):
                physical = place["physicalLocation"]
                assert physical["region"]["startLine"] >= 1
                assert " " not in physical["artifactLocation"]["uri"]
                assert set(physical["artifactLocation"]) <= {"uri", "uriBaseId"}


def find(run, name):
    (result,) = [r for r in run["results"] if r["message"]["text"].startswith(name)]
    return result


def test_each_failing_leaf_and_each_problem_is_a_result_and_the_verdict_its_rule(run):
    assert [r["ruleId"] for r in run["results"]] == ["problem", "disconnected", "blocked", "stuck"]
    assert "why of head" in find(run, "head")["message"]["text"]


def test_paths_are_relative_to_the_root_and_encoded(run):
    head = find(run, "head")
    place = head["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "pkg/a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 7}
    assert head["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 9}


def test_a_path_outside_of_the_root_is_a_file_uri(run):
    place = find(run, "far")["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///elsewhere/x.py"}


def test_a_result_without_a_line_is_at_the_loss(run):
    for name in ("lost", "the loss is NaN"):
        place = find(run, name)["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "train.py" and place["region"] == {
            "startLine": 4
        }
    assert sarif_document(PrintableReport(LEAVES[1:2]))["runs"][0]["results"][0]["locations"] == []


def test_fingerprints_differ_by_leaf_and_do_not_change_with_the_line(run, tmp_path):
    prints = [str(result["partialFingerprints"]) for result in run["results"]]
    assert len(set(prints)) == 4
    moved = PrintableReport((make_leaf("head", "stuck", where=["pkg/a b.py:99 mul in Head"]),))
    (result,) = sarif_document(moved, root=tmp_path)["runs"][0]["results"]
    assert result["partialFingerprints"] == find(run, "head")["partialFingerprints"]


def test_a_passing_report_has_no_results_and_any_name_is_written(tmp_path):
    assert sarif_document(PrintableReport(LEAVES[3:]))["runs"][0]["results"] == []
    report = PrintableReport((make_leaf(EVIL, "stuck"),))
    report.to_sarif(tmp_path / "r.sarif", "train.py:1")
    require_sarif(json.loads((tmp_path / "r.sarif").read_text()))
