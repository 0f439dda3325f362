"""The files of forecasts: a table for all and a picture for each, whole or not at all."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from PIL import Image

from pgat_jax.errors import UserError
from pgat_jax.pages.forecast_files import write_forecasts
from tests.pages.test_forecast_picture import make_forecast

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def write(tmp_path, *forecasts, output=None):
    said = []
    return write_forecasts(forecasts, NOW, output, tmp_path, said.append), said


def test_forecasts_of_one_day_do_not_overwrite_each_other(tmp_path):
    for name in ("forecast-2018-12-28", "forecast-2018-12-28-2"):
        files, said = write(tmp_path, make_forecast())
        assert files == [tmp_path / f"{name}.csv", tmp_path / f"{name}.png"]
        assert said == []
    with Image.open(files[1]) as image:
        assert image.width == 990


def test_a_file_that_the_user_names_is_replaced_and_that_is_said(tmp_path):
    path = tmp_path / "next.csv"
    assert write(tmp_path, make_forecast(), output=path)[1] == []
    assert write(tmp_path, make_forecast(), output=path)[1] == [
        f"{path}: an older forecast is replaced"
    ]


def test_several_forecasts_are_one_table_and_a_picture_each(tmp_path):
    pair = make_forecast(source="a/x.csv"), make_forecast(source="b/x.csv")
    files, _ = write(tmp_path, *pair, output=tmp_path / "n.csv")
    assert [path.name for path in files] == ["n.csv", "n-1-x.png", "n-2-x.png"]
    assert pd.read_csv(files[0])["source"].unique().tolist() == ["a/x.csv", "b/x.csv"]


def test_a_picture_that_cannot_be_written_leaves_no_table_either(tmp_path):
    (tmp_path / "next.png").mkdir()
    with pytest.raises(UserError, match=r"next.png: cannot be written"):
        write(tmp_path, make_forecast(), output=tmp_path / "next.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["next.png"]
