import json

import numpy as np

from pgat_jax.storage.metrics import Metrics
from pgat_jax.storage.records import read_records

CSV = "origin,last_close,day,date,Close\n2018-06-01,10.0,1,2018-06-04,11.0\n"


def test_the_files_of_a_run_become_tables(tmp_path):
    metrics = Metrics(tmp_path)
    for step, loss in ((10, 0.5), (20, float("nan"))):
        metrics.write({"event": "train", "time": 1.0, "step": step, "loss": loss})
    metrics.write({"event": "validation", "time": 2.0, "step": 20, "loss": 0.25})
    metrics.close()
    (tmp_path / "scores.json").write_text(json.dumps({"criterion": "mse"}))
    (tmp_path / "forecasts.csv").write_text(CSV)
    (tmp_path / "next_days.json").write_text('{"problem": "none"}')
    records = read_records(tmp_path)
    np.testing.assert_array_equal(records.train["loss"], [0.5, np.nan])
    assert list(records.train) == ["time", "step", "loss"]
    assert records.validation["loss"].tolist() == [0.25]
    assert records.scores == {"criterion": "mse"}
    assert str(records.forecasts["date"].dtype).startswith("datetime64")
    assert records.forecasts["Close"].tolist() == [11.0]
    assert records.next_days == {"problem": "none"}


def test_a_run_without_records_has_empty_tables(tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    (tmp_path / "forecasts.csv").write_text(CSV)
    (tmp_path / "next_days.json").write_text('{"problem": "none"}')
    assert read_records(tmp_path).train.empty
