import io
import re
import time

import pytest
from rich.console import Console

from pgat_jax import progress
from pgat_jax.progress import (
    LINE_SECONDS,
    STILL_SECONDS,
    Reporter,
    format_duration,
    open_progress,
    silence,
)


class Clock:
    """A clock that a test sets, or that advances whenever it is read."""

    def __init__(self, tick: float = 0.0):
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def reporter(terminal: bool, clock=time.monotonic, **options) -> tuple[Reporter, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120)
    return Reporter(console, clock=clock, **options), file


def step(report: Reporter, n: int) -> None:
    report.step(
        n, 100, left=65.0, epoch="1/2", step=f"{n}/100", loss="0.5000", samples_per_s="12.0"
    )


def test_elsewhere_steps_are_plain_lines_and_not_many():
    clock = Clock()
    report, file = reporter(terminal=False, clock=clock)
    for n in range(1, 51):
        step(report, n)
    clock.now = LINE_SECONDS - 0.1
    assert not report.is_due()
    clock.now = LINE_SECONDS
    assert report.is_due()
    step(report, 51)
    step(report, 52)
    assert file.getvalue().splitlines() == [
        f"epoch 1/2  step {n}/100  loss 0.5000  samples/s 12.0  0:01:05 left" for n in (1, 51)
    ]


def test_the_seconds_between_plain_lines_can_be_chosen():
    report, file = reporter(terminal=False, clock=Clock(), line_seconds=0.0)
    for n in (1, 2, 3):
        step(report, n)
    assert len(file.getvalue().splitlines()) == 3


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


def test_long_work_says_that_it_still_runs_and_how_long_it_took():
    report, file = reporter(terminal=False, clock=Clock(tick=STILL_SECONDS))
    assert report.wait("compiling", lambda: time.sleep(0.15), stop=lambda: False) is None
    lines = file.getvalue().splitlines()
    assert lines[0] == "compiling ..."
    assert re.fullmatch(r"compiling \.\.\. \d+ s", lines[1])
    assert lines[-1].startswith("compiling took ")


def test_long_work_is_abandoned_when_asked():
    report, _ = reporter(terminal=False)
    began = time.monotonic()
    assert report.wait("compiling", lambda: time.sleep(3), stop=lambda: True) is None
    assert time.monotonic() - began < 1


def test_durations_read_as_hours_minutes_seconds():
    assert tuple(map(format_duration, (7, 7500, -1))) == ("0:00:07", "2:05:00", "0:00:00")


def test_a_silent_context_shows_nothing_and_ends(capsys):
    with silence(True), silence(False):
        Reporter().say("hidden")
        open_progress().print("hidden")
    with silence(False):
        Reporter().say("shown")
    assert capsys.readouterr().err == "shown\n"


def test_in_a_notebook_steps_move_a_bar_below_the_cell(monkeypatch):
    moved = []
    bar = type("Bar", (), {"update": lambda self, *args: moved.append(args)})
    monkeypatch.setattr(progress, "is_notebook", lambda: True)
    monkeypatch.setattr(progress, "NotebookBar", bar)
    clock = Clock()
    report, file = reporter(terminal=False, clock=clock)
    step(report, 1)
    step(report, 2)  # too soon to be seen
    clock.now = 1.0
    step(report, 3)
    assert [args[:2] for args in moved] == [(1, 100), (3, 100)]
    assert "loss 0.5000" in moved[0][2]
    assert file.getvalue() == ""
