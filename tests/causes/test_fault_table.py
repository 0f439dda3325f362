"""The table of faults, from a report on disk."""

import pytest

from checks import Leaf, PrintableReport, Slice
from pgat_jax.causes.fault_table import format_fault_table
from pgat_jax.causes.intervention import WiringFault

CUT = WiringFault("cut", "a module is not called", __name__, takes=(("a/*", "disconnected"),))
TABLE = WiringFault("table", "rows are not read", __name__, takes=(("table", "unvisited"),))
QUIET = WiringFault("quiet", "columns are swapped", __name__)


@pytest.fixture
def report(tmp_path):
    rows = [Slice(0, (0, 2), "unvisited", "no row"), Slice(1, (0,), "stuck", "zero")]
    leaves = (
        Leaf("a/kernel", (2, 3), "float32", "disconnected", "e", ["model.py:7 dot_general"]),
        Leaf("a/bias", (3,), "float32", "disconnected", "e", ["model.py:7 dot_general"]),
        Leaf("table", (4, 5), "float32", "alive", "e", slices=rows),
        Leaf("other", (1,), "float32", "stuck", "e"),
    )
    PrintableReport(leaves).to_json(tmp_path / "report.json")
    return tmp_path / "report.json"


def test_a_row_tells_verdict_leaves_parameters_and_line(report):
    lines = format_fault_table(report, [CUT, TABLE, QUIET]).splitlines()
    cells = {line.split()[0]: line.split() for line in lines if line.split()}
    assert cells["cut"][1:4] == ["disconnected", "2", "9"]
    assert cells["table"][1:4] == ["unvisited", "1", "10"]
    assert cells["quiet"][1:4] == ["alive", "0", "0"]
    assert any("at model.py:7 dot_general" in line for line in lines)
    assert max(map(len, lines)) <= 100


def test_the_sums_and_what_no_fault_predicts_stand_below(report):
    text = format_fault_table(report, [CUT, TABLE])
    assert "disconnected: 2 of 4 leaves, 9 of 30 parameters (30.0%)" in text
    assert text.endswith("predicted by no fault: other (stuck)")
    assert format_fault_table(report, [CUT]).count("disconnected") == 2
