from types import SimpleNamespace

import jax
import numpy as np
import pytest

from pgat_jax.bench import peak_memory
from pgat_jax.bench.peak_memory import measure_peak_memory


def test_the_peak_of_this_process_contains_what_it_allocates():
    pytest.importorskip("resource")
    block = np.ones(30_000_000)
    assert block.nbytes < (measure_peak_memory() or 0) < 2**42


def test_the_accelerators_count_is_preferred(monkeypatch):
    device = SimpleNamespace(memory_stats=lambda: {"peak_bytes_in_use": 7})
    monkeypatch.setattr(jax, "devices", lambda: [device])
    assert measure_peak_memory() == 7


def test_without_any_count_the_peak_is_none(monkeypatch):
    monkeypatch.setattr(peak_memory, "resource", None)
    device = SimpleNamespace(memory_stats=lambda: None)
    monkeypatch.setattr(jax, "devices", lambda: [device])
    assert measure_peak_memory() is None
