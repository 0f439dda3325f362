import jax.numpy as jnp
import pytest

from pgat_jax.bench import roofline
from pgat_jax.bench.roofline import (
    ASSUMED_START,
    Bounds,
    Peaks,
    compute_bounds,
    find_peaks,
    look_up_peaks,
    time_call,
)

PEAKS = Peaks(flops=1e12, bytes=1e11, kernel=1e-6, source="invented")


@pytest.mark.parametrize(
    ("flops", "moved", "kernels", "limit"),
    [
        (1e12, 1e9, 1000, "compute"),
        (1e9, 1e11, 1000, "memory"),
        (1e9, 1e9, 100_000, "launch"),
    ],
)
def test_the_longest_of_three_times_is_the_limit(flops, moved, kernels, limit):
    bounds = compute_bounds(flops, moved, kernels, PEAKS)
    assert bounds == Bounds(flops / 1e12, moved / 1e11, kernels * 1e-6)
    assert bounds.limit == limit


@pytest.mark.parametrize(
    ("kind", "precision", "flops"),
    [
        ("NVIDIA H100 80GB HBM3", "bfloat16", 989.4e12),
        ("NVIDIA H100 80GB HBM3", "float32", 494.7e12),
        ("TPU v5 lite", "float32", 197e12),
    ],
)
def test_a_known_chip_has_the_peaks_of_its_data_sheet(monkeypatch, kind, precision, flops):
    monkeypatch.setattr(roofline, "measure_kernel_start", lambda: 1e-6)
    peaks = find_peaks(kind, precision, measured=1.0)
    assert peaks.flops == pytest.approx(flops) and peaks.source.startswith("data sheet of")


def test_the_peaks_of_another_device_are_measured(monkeypatch):
    monkeypatch.setattr(roofline, "measure_kernel_start", lambda: 1e-6)
    monkeypatch.setattr(roofline, "COPIED", 1 << 16)
    peaks = find_peaks("cpu", "float32", measured=1e9)
    assert (peaks.flops, peaks.kernel, peaks.source) == (1e9, 1e-6, "measured")
    assert peaks.bytes > 0


def test_the_start_of_a_kernel_is_a_part_of_the_time_of_the_chain(monkeypatch):
    monkeypatch.setattr(roofline, "CHAIN", 20)
    assert 0 < roofline.measure_kernel_start() < 0.1


def test_a_product_is_of_the_asked_type(monkeypatch):
    monkeypatch.setattr(roofline, "SIDE", 8)
    multiply, *matrices = roofline.make_product("bfloat16")
    assert multiply(*matrices).tolist() == [[8.0] * 8] * 8
    assert multiply(*matrices).dtype == jnp.bfloat16


def test_the_first_call_is_not_timed(monkeypatch):
    clock, calls = iter(range(100)), []
    monkeypatch.setattr(roofline.time, "perf_counter", lambda: next(clock))
    assert time_call(lambda: calls.append(1), count=3) == 1
    assert len(calls) == 4


def test_a_chip_that_is_not_there_has_the_assumed_start_of_a_kernel_and_a_tpu_none():
    assert look_up_peaks("B200", "bfloat16") == Peaks(
        2250e12, 8000e9, ASSUMED_START, "data sheet of B200"
    )
    assert look_up_peaks("TPU v5", "float32").kernel == 0
