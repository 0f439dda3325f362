"""Progress messages."""

import io

import pytest

import checks.progress
from checks.progress import progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the test sets."""
    now = [100.0]
    monkeypatch.setattr(checks.progress.time, "perf_counter", lambda: now[0])
    return now


def test_a_short_call_is_silent_and_a_long_one_prints_its_stages(clock):
    out = io.StringIO()
    say = progress(out)
    for at, stage in ((101.9, "one"), (102.1, "two"), (103.0, "three"), (112.4, "four")):
        clock[0] = at
        say(stage)
    assert out.getvalue() == "checks: two (2 s)\nchecks: four (12 s)\n"


def test_lines_go_to_standard_error(clock, capsys):
    say = progress()
    clock[0] += 3
    say("tracing")
    assert capsys.readouterr() == ("", "checks: tracing (3 s)\n")
