"""Records: what they summarise, how fast training was, and the warnings."""

import io
import math

import jax.numpy as jnp
import pytest
from rich.console import Console

from pgat_jax.config import TrainConfig
from pgat_jax.progress import Reporter
from pgat_jax.training.recorder import SILENT_STEPS, Recorder
from tests.training.session import METRICS, NEVER, Clock

CONFIG = TrainConfig(batch_size=4, epochs=3, warmup_epochs=1)


class Metrics:
    """Keeps the records of a run that has already trained for 100 seconds."""

    def __init__(self):
        self.records, self.elapsed, self.is_closed = [], 100.0, False

    def write(self, record):
        self.records.append(record)

    def close(self):
        self.is_closed = True


@pytest.fixture
def parts():
    """A recorder of epochs of ten steps, its records, its output and its clock."""
    metrics, output, clock = Metrics(), io.StringIO(), Clock(tick=0.0)
    reporter = Reporter(Console(file=output, width=1000), line_seconds=0.0)
    return Recorder(CONFIG, 10, metrics, reporter, NEVER, clock), metrics, output, clock


def step(**changes):
    return METRICS | changes


def test_a_record_has_the_newest_metrics_and_the_mean_loss_of_good_steps(parts):
    recorder, metrics, _, clock = parts
    recorder.add(step(loss=jnp.float32(1.0), update=0))
    recorder.add(step(loss=jnp.float32(9.0), skipped=1, skipped_in_row=1, update=0))
    recorder.add(step(loss=jnp.float32(2.0), skipped=1, update=jnp.int32(1), gate_mean=0.25))
    clock.now = 6.0
    recorder.record(13)
    (record,) = metrics.records
    assert record == {
        "event": "train",
        "time": 106.0,
        "epoch": 2,
        "step": 13,
        "loss": 1.5,
        "learning_rate": 1e-3,
        "update": 1,
        "skipped": 1,
        "gate_mean": 0.25,
        "samples_per_second": 2.0,
    }


def test_update_norms_are_those_of_the_last_update(parts):
    recorder, metrics, _, clock = parts
    recorder.add({**step(updated=True), "update_norm/head": 0.5})
    recorder.add({**step(updated=False), "update_norm/head": 0.0})
    clock.now = 1.0
    recorder.record(2)
    recorder.add({**step(updated=False), "update_norm/head": 0.0})
    clock.now = 2.0
    recorder.record(3)
    assert [record["update_norm/head"] for record in metrics.records] == [0.5, 0.5]


def test_a_record_of_skipped_steps_alone_has_no_loss(parts):
    recorder, metrics, _, clock = parts
    recorder.add(step(loss=jnp.nan, skipped=1, skipped_in_row=1))
    clock.now = 1.0
    recorder.record(1)
    assert math.isnan(metrics.records[0]["loss"])


def test_without_steps_there_is_no_record(parts):
    recorder, metrics, output, _ = parts
    recorder.record(1)
    recorder.show(1)
    assert (metrics.records, output.getvalue()) == ([], "")


def test_time_between_records_counts_but_that_of_validation_does_not(parts):
    recorder, metrics, _, clock = parts
    clock.now = 1000.0
    recorder.add_validation(10, 0.5, is_best=True)
    recorder.add(step())
    clock.now = 1002.0
    recorder.record(11)
    assert metrics.records[0] == {
        "event": "validation",
        "time": 1100.0,
        "epoch": 1,
        "step": 10,
        "loss": 0.5,
    }
    assert metrics.records[1]["samples_per_second"] == 2.0


def test_a_step_is_shown_with_its_epoch_speed_and_time_left(parts):
    recorder, metrics, output, clock = parts
    recorder.add(step(loss=0.123456))
    clock.now = 2.0
    recorder.show(21)
    assert output.getvalue() == (
        "epoch 3/3  step 21/30  loss 0.1235  rate 1.00e-03  samples/s 2.0  0:00:18 left\n"
    )
    assert metrics.records == []


def test_the_time_left_ends_where_training_will_be_stopped():
    output, clock = io.StringIO(), Clock(tick=0.0)
    reporter = Reporter(Console(file=output, width=1000), line_seconds=0.0)
    recorder = Recorder(CONFIG, 10, Metrics(), reporter, 7.0, clock)
    recorder.add(step())
    clock.now = 2.0
    recorder.show(1)
    assert output.getvalue().endswith("0:00:05 left\n")


def test_a_validation_loss_is_said_and_the_best_is_named(parts):
    recorder, _, output, _ = parts
    recorder.add_validation(10, 0.5, is_best=True)
    recorder.add_validation(20, 0.625, is_best=False)
    assert output.getvalue().splitlines() == [
        "epoch 1: validation loss 0.50000, the best so far",
        "epoch 2: validation loss 0.62500",
    ]


def test_a_validation_within_an_epoch_names_the_steps_taken(parts):
    recorder, _, output, _ = parts
    recorder.add_validation(11, 0.5, is_best=False)
    assert output.getvalue() == "epoch 2, 1 of its 10 steps: validation loss 0.50000\n"


def record_all(parts, *metrics) -> list[str]:
    """What is said besides the steps themselves when each of the metrics is recorded."""
    recorder, _, output, clock = parts
    for n, values in enumerate(metrics, 1):
        recorder.add(values)
        clock.now += 1.0
        recorder.record(n)
    return [line for line in output.getvalue().splitlines() if "samples/s" not in line]


def test_new_skipped_steps_are_reported_with_their_sum(parts):
    skips = [step(skipped=n) for n in (3, 3, 5)]  # a resumed run may begin with some
    assert record_all(parts, *skips) == [
        "step 3: 2 steps with NaN or Inf in the loss or a gradient were skipped; 5 in all"
    ]


def test_a_group_is_reported_once_while_its_gradient_is_zero_and_again_later(parts):
    counts = [SILENT_STEPS - 1, SILENT_STEPS, SILENT_STEPS + 1, 0, SILENT_STEPS]
    steps = [step(silence={"petri": jnp.int32(n), "head": jnp.int32(0)}) for n in counts]
    sentence = f"parameter group petri: the gradient has been exactly zero for {SILENT_STEPS} steps"
    assert record_all(parts, *steps) == [f"step 2: {sentence}", f"step 5: {sentence}"]


def test_groups_are_reported_in_the_order_of_their_names(parts):
    lines = record_all(parts, step(silence=dict.fromkeys(("petri", "gate"), SILENT_STEPS)))
    assert [line.split()[4] for line in lines] == ["gate:", "petri:"]


def test_closing_closes_the_records(parts):
    recorder, metrics, _, _ = parts
    recorder.close()
    assert metrics.is_closed
