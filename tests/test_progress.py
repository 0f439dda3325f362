import io
import time

import pytest
from rich.console import Console

from pgat_jax.progress import LINE_SECONDS, Reporter, duration


def reporter(terminal: bool) -> tuple[Reporter, io.StringIO]:
    file = io.StringIO()
    return Reporter(Console(file=file, force_terminal=terminal, width=120)), file


def step(report: Reporter, n: int) -> None:
    report.step(
        n, 100, left=65.0, epoch="1/2", step=f"{n}/100", loss="0.5000", samples_per_s="12.0"
    )


def test_elsewhere_steps_are_plain_lines_and_not_many():
    report, file = reporter(terminal=False)
    for n in range(1, 51):
        step(report, n)
    report._last -= LINE_SECONDS
    step(report, 51)
    assert file.getvalue().splitlines() == [
        f"epoch 1/2  step {n}/100  loss 0.5000  samples/s 12.0  0:01:05 left" for n in (1, 51)
    ]


def test_on_a_terminal_there_is_a_bar_and_lines_stay_above_it():
    report, file = reporter(terminal=True)
    step(report, 1)
    report.say("epoch 1: validation loss 0.4")
    step(report, 100)
    report.close()
    shown = file.getvalue()
    assert "step 100/100" in shown
    assert "\x1b[" in shown
    assert "epoch 1: validation loss 0.4" in shown


def test_long_work_gives_its_result_and_its_error():
    report, file = reporter(terminal=False)
    assert report.wait("compiling", lambda: 42, stop=lambda: False) == 42
    assert file.getvalue() == "compiling ...\n"

    def fail():
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        report.wait("compiling", fail, stop=lambda: False)


def test_long_work_is_abandoned_when_asked():
    report, _ = reporter(terminal=False)
    began = time.monotonic()
    assert report.wait("compiling", lambda: time.sleep(3), stop=lambda: True) is None
    assert time.monotonic() - began < 1


def test_durations_read_as_hours_minutes_seconds():
    assert (duration(7), duration(7500), duration(-1)) == ("0:00:07", "2:05:00", "0:00:00")
