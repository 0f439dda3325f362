"""A report as JSON."""

import json

from checks import Cure, Leaf, Report, Slice
from checks.render.report_json import flow_document, report_document
from checks.terms.term import Term
from checks.verdicts import Finding
from tests.checks.render.helpers import make_flow


def test_the_document_contains_every_field_of_the_schema():
    part = Slice(0, (1,), "stuck", "why")
    cure = Cure("leaf", "set s", "gradient", float("inf"), 1.0, ("w",))
    leaf = Leaf("w", (2,), "float32", "alive", "e", slices=[part], gradient=float("nan"))
    other = Leaf("v", (2,), "float32", "stuck", "e", also=[Finding("waking", "f")], cures=[cure])
    report = Report((leaf, other), {"n": "an int"}, ("problem",), ("note",), find_flow=make_flow)
    document = report_document(report)
    assert document["schema"] == "checks.report/2"
    assert document["passes"] is False and document["static"] is False
    assert document["counts"] == {"stuck": 1, "alive": 1}
    assert document["skipped"] == {"n": "an int"}
    assert (document["problems"], document["notes"]) == (["problem"], ["note"])
    first, second = document["leaves"]
    assert first["gradient"] is None and first["passes"] is False
    assert first["slices"] == [{"axis": 0, "index": [1], "verdict": "stuck", "evidence": "why"}]
    assert second["also"] == [{"verdict": "waking", "evidence": "f", "where": []}]
    assert second["cures"][0]["before"] is None and second["cures"][0]["leaves"] == ["w"]
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_a_flow_has_the_sizes_of_its_nodes():
    document = flow_document(make_flow())
    far = document["nodes"][2]
    assert far["name"] == "far" and far["kind"] == "module" and far["factor"] == 0.0
    assert far["arriving"] == (10.0**2 + 1e-3**2) ** 0.5
    assert document["edges"][0]["state"] == "flows" and document["edges"][0]["size"] == 1.0


def test_terms_are_plain_data():
    term = Term("kl", ("m.py:3",), "x", 1, "dead", "why", float("nan"), 0.0, 0.0, {"a": 0.0})
    (found,) = report_document(Report((), terms=(term,)))["terms"]
    assert found["name"] == "kl" and found["state"] == "dead" and found["passes"] is False
    assert found["value"] is None and found["subtrees"] == {"a": 0.0} and found["partners"] == []
