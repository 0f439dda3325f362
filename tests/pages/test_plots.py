"""Pictures: every one in light and dark, and those without data left out."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pgat_jax.pages import plots
from pgat_jax.pages.theme import DARK, LIGHT, THEMES
from pgat_jax.runs.metrics import Metrics

NAMES = [picture.name for picture in plots.PICTURES]


@pytest.fixture(scope="module")
def records(drawn_run):
    return plots.read_records(drawn_run)


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_is_drawn_in_light_and_in_dark(drawn_run, name):
    for theme in THEMES:
        image = Image.open(plots.picture_path(drawn_run, name, theme)).convert("RGB")
        paper = tuple(int(theme.paper[i : i + 2], 16) for i in (1, 3, 5))
        assert np.abs(np.subtract(image.getpixel((2, 2)), paper)).max() <= 2
        assert image.width == 990
        assert np.asarray(image).std() > 5


@pytest.mark.parametrize("picture", plots.PICTURES, ids=NAMES)
def test_each_axis_is_named_and_each_picture_says_what_to_see(records, picture):
    figure = picture.draw(records, LIGHT)
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert any(axes.get_title(loc="left") for axes in figure.axes)
    assert picture.caption.count(".") >= 2


@pytest.mark.parametrize("name", ["loss", "gate", "norms"])
def test_a_run_without_training_records_leaves_their_pictures_out(records, name):
    empty = records._replace(train=pd.DataFrame(), validation=pd.DataFrame())
    picture = next(p for p in plots.PICTURES if p.name == name)
    assert picture.draw(empty, DARK) is None


def test_what_was_not_finite_is_a_gap(drawn_run, tmp_path):
    run = shutil.copytree(drawn_run, tmp_path / "run", ignore=shutil.ignore_patterns("check*"))
    metrics = Metrics(run, step=20)
    nan = float("nan")
    metrics.write({"event": "train", "time": 1.0, "epoch": 1, "step": 30, "loss": nan, "a": nan})
    metrics.close()
    records = plots.read_records(run)
    assert np.isnan(records.train["loss"].to_numpy()).tolist() == [False, False, True]
    assert all(line.get_marker() == "." for line in plots.norms(records, LIGHT).axes[0].lines)
    for picture in plots.PICTURES:
        picture.draw(records, LIGHT)


def test_the_fan_starts_at_the_last_known_close(records):
    axes = plots.fan(records, LIGHT).axes[0]
    first = records.forecasts.iloc[0]
    medians = [line for line in axes.lines if line.get_label() == "median forecast"]
    assert medians[0].get_ydata()[0] == first["last_close"]


def test_coverage_of_a_point_model_without_distribution_is_left_out(records):
    scores = json.loads(json.dumps(records.scores))
    del scores["splits"]["test"]["forecasters"]["model"]["pit"]
    assert plots.calibration(records._replace(scores=scores), LIGHT) is None


def test_themes_differ_in_every_colour():
    light, dark = (dataclasses.astuple(theme)[1:4] for theme in (LIGHT, DARK))
    assert not set(light) & set(dark)
