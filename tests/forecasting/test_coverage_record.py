"""The record of a back-test's coverage: found by what forecasts depend on, never an obstacle."""

import pytest

from pgat_jax.config_file import load_config
from pgat_jax.forecasting.coverage_record import (
    BandCoverage,
    find_record,
    read_record,
    write_record,
)

MEASURED = BandCoverage(0.906, 2506, "back-test days (2009-01-02 to 2018-12-14)")


def test_a_run_finds_the_record_of_its_configuration(tmp_path):
    write_record(load_config("forecaster"), MEASURED, tmp_path)
    own = load_config("forecaster", "name=mine", "seed=3", "data.test_days=70", "mesh.data=1")
    assert read_record(own, tmp_path) == MEASURED


@pytest.mark.parametrize("change", ["data.source=ibm", "train.epochs=5", "data.seq_len=61"])
def test_another_configuration_has_no_record(tmp_path, change):
    write_record(load_config("forecaster"), MEASURED, tmp_path)
    assert read_record(load_config("forecaster", change), tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"share": 1}', b'{"other": 1}', b"\xff"])
def test_a_damaged_record_is_no_record(tmp_path, content):
    config = load_config("forecaster")
    write_record(config, MEASURED, tmp_path)
    find_record(config, tmp_path).write_bytes(content)
    assert read_record(config, tmp_path) is None
