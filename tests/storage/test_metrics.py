import json
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pgat_jax.errors import UserError
from pgat_jax.storage.metrics import FILE, Metrics, read_metrics


def record(step: int, **values) -> dict:
    return {"event": "train", "time": float(step), "epoch": 1, "step": step, "loss": 0.5} | values


def test_each_record_is_on_disk_before_the_next(tmp_path):
    metrics = Metrics(tmp_path)
    for step in (1, 2):
        metrics.write(record(step))
        assert [r["step"] for r in read_metrics(tmp_path)] == list(range(1, step + 1))
    metrics.close()


def test_nan_and_inf_are_null_and_named_and_the_line_is_strict_json(tmp_path):
    metrics = Metrics(tmp_path)
    metrics.write(record(1, loss=float("nan"), rate=float("inf"), fine=1.0))
    metrics.close()

    def refuse(constant):
        raise AssertionError(constant)

    line = json.loads((tmp_path / FILE).read_text(), parse_constant=refuse)
    assert (line["loss"], line["rate"], line["fine"]) == (None, None, 1.0)
    assert line["nonfinite"] == ["loss", "rate"]


def test_a_resumed_record_holds_no_step_twice(tmp_path):
    metrics = Metrics(tmp_path)
    for step in (1, 2, 3):
        metrics.write(record(step))
    metrics.close()
    with (tmp_path / FILE).open("a") as file:
        file.write('{"event": "train", "ste')  # a kill in the middle of a line
    metrics = Metrics(tmp_path, step=2)
    assert metrics.elapsed == 2.0
    metrics.write(record(3, loss=0.25))
    metrics.close()
    assert [(r["step"], r["loss"]) for r in read_metrics(tmp_path)] == [
        (1, 0.5),
        (2, 0.5),
        (3, 0.25),
    ]


def test_a_record_that_stands_is_not_written_again(tmp_path):
    metrics = Metrics(tmp_path)
    metrics.write(record(1))
    metrics.close()
    metrics = Metrics(tmp_path, step=1)
    metrics.write(record(1, loss=0.25))
    metrics.close()
    assert [r["loss"] for r in read_metrics(tmp_path)] == [0.5]


@pytest.mark.parametrize("line", ["", "{", "3", "[]", '{"step": 1}', '{"step": "1"}', "\ufffe"])
def test_a_damaged_line_is_named_and_nothing_is_dropped(tmp_path, line):
    good = '{"event": "train", "time": 1.0, "step": 1}\n'
    path = tmp_path / FILE
    path.write_text(f"{good}{line}\n{good}", encoding="utf-16" if line == "\ufffe" else "utf-8")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"metrics\.jsonl, line [12]: not a record"):
        Metrics(tmp_path, step=5)
    assert path.read_bytes() == before


def test_a_disk_that_is_full_is_an_error_of_the_next_record_and_no_hang(tmp_path):
    """Events too are written by the thread that trains: nobody waits for a writer that died."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from pgat_jax.storage.metrics import Metrics\n"
        "metrics = Metrics(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "try:\n"
        "    for step in range(1000):\n"
        "        metrics.write({'event': 'train', 'time': 1.0, 'step': step, 'loss': 0.5})\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    words = [sys.executable, "-c", code, tmp_path]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "File too large\n"


def test_tensorboard_reads_the_same_numbers(tmp_path):
    metrics = Metrics(tmp_path)
    for step in (10, 20):
        metrics.write(record(step, loss=1.0 / step))
    metrics.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    scalars = [(e.step, round(e.value, 6)) for e in events.Scalars("train/loss")]
    assert scalars == [(10, 0.1), (20, 0.05)]
