"""The pictures of a run: each in light and in dark, and those without data left out."""

import shutil

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from pgat_jax.pages import plots
from pgat_jax.pages.theme import DARK, LIGHT, THEMES
from pgat_jax.storage.metrics import Metrics
from pgat_jax.storage.records import read_records

PICTURES = (plots.NEXT_DAYS, plots.NEXT_DAYS_NARROW, *plots.PICTURES)
NAMES = [picture.name for picture in PICTURES]


@pytest.fixture(scope="module")
def records(drawn_run):
    return read_records(drawn_run)


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_is_drawn_in_light_and_in_dark(drawn_run, name):
    for theme in THEMES:
        image = Image.open(plots.picture_path(drawn_run, name, theme)).convert("RGB")
        paper = tuple(int(theme.paper[i : i + 2], 16) for i in (1, 3, 5))
        assert np.abs(np.subtract(image.getpixel((2, 2)), paper)).max() <= 2
        assert image.width == {"next_days": 990, "next_days_narrow": 396}.get(name, 594)
        assert np.asarray(image).std() > 5


@pytest.mark.parametrize("picture", PICTURES, ids=NAMES)
def test_each_axis_is_named_and_each_caption_says_what_to_look_for(records, picture):
    figure = picture.draw(records, LIGHT)
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert any(axes.get_title(loc="left") for axes in figure.axes)
    assert picture.caption.count(".") >= 2


@pytest.mark.parametrize("name", ["loss", "next_days"])
def test_a_picture_names_instrument_and_run(records, monkeypatch, tmp_path, name):
    drawn = []
    monkeypatch.setattr(plots, "encode_png", lambda figure: drawn.append(figure) or b"")
    monkeypatch.setattr(plots, "read_records", lambda run: records)
    plots.draw_run(tmp_path)
    figure = drawn[2 * NAMES.index(name)]
    texts = [figure.get_supxlabel(), figure.axes[0].get_title(loc="left")]
    for word in ("nasdaq", f"run {records.scores['run']}"):
        assert any(word in text for text in texts)


@pytest.mark.parametrize("picture", plots.PICTURES, ids=[p.name for p in plots.PICTURES])
def test_no_legend_or_title_lies_on_a_panel_and_nothing_leaves_the_picture(records, picture):
    figure = picture.draw(records, LIGHT)
    FigureCanvasAgg(figure).draw()
    renderer = figure.canvas.get_renderer()
    panels = [axes.get_window_extent(renderer) for axes in figure.axes]
    for axes in figure.axes:
        parts = [axes.get_legend(), *(a for a in (axes.title, axes._left_title) if a.get_text())]
        for part in [one for one in parts if one is not None]:
            box = part.get_window_extent(renderer)
            assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
            assert not any(box.overlaps(panel) for panel in panels), part


def test_the_dark_picture_has_a_folder_to_itself(tmp_path):
    light, dark = (plots.picture_path(tmp_path, "loss", theme) for theme in (LIGHT, DARK))
    assert light == tmp_path / "pictures" / "loss.png"
    assert dark == tmp_path / "pictures" / "dark" / "loss.png"


def test_without_a_forecast_of_the_next_days_there_is_no_picture_of_them(records):
    none = records._replace(next_days={"problem": "the sky of these days is unknown"})
    assert plots.NEXT_DAYS.draw(none, LIGHT) is None


def test_what_was_not_finite_is_a_gap(drawn_run, tmp_path):
    run = shutil.copytree(drawn_run, tmp_path / "run", ignore=shutil.ignore_patterns("check*"))
    metrics = Metrics(run, step=20)
    nan = float("nan")
    metrics.write({"event": "train", "time": 1.0, "epoch": 1, "step": 30, "loss": nan, "a": nan})
    metrics.close()
    records = read_records(run)
    assert np.isnan(records.train["loss"].to_numpy()).tolist() == [False, False, True]
    for picture in plots.PICTURES:
        picture.draw(records, LIGHT)
