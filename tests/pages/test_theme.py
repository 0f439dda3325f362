"""How pictures look."""

import dataclasses
import io

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from pgat_jax.pages import theme
from pgat_jax.pages.theme import DARK, LIGHT


def test_themes_differ_in_every_colour():
    light, dark = (dataclasses.astuple(one)[1:4] for one in (LIGHT, DARK))
    assert not set(light) & set(dark)


def test_stacked_panels_share_the_x_axis_and_have_their_heights():
    figure, axes = theme.stack_panels(DARK, (3.0, 1.0))
    axes[0].plot([0, 7], [0, 1])
    assert figure.get_size_inches().tolist() == [theme.WIDTH, 4.0]
    assert axes[0].get_xlim() == axes[1].get_xlim()


def test_panels_in_a_row_have_the_colours_of_the_theme():
    figure, axes = theme.align_panels(DARK, 3, 2.0)
    assert len(axes) == 3
    assert figure.get_facecolor()[:3] == axes[2].get_facecolor()[:3]
    (line,) = axes[0].plot([0, 1])
    assert line.get_color() == DARK.cycle[0]
    assert axes[0].xaxis.label.get_color() == DARK.ink


def test_a_png_has_the_colours_of_the_figure():
    figure, _ = theme.stack_panels(DARK, (1.0,))
    image = Image.open(io.BytesIO(theme.encode_png(figure)))
    paper = tuple(int(DARK.paper[i : i + 2], 16) for i in (1, 3, 5))
    assert np.abs(np.subtract(image.convert("RGB").getpixel((2, 2)), paper)).max() <= 2
    assert image.mode == "P"
    assert image.width == theme.WIDTH * theme.DPI


def test_panels_may_have_x_axes_of_their_own_and_half_the_width():
    figure, axes = theme.stack_panels(LIGHT, (1.0, 1.0), theme.HALF_WIDTH, is_shared=False)
    axes[0].set_xlim(0, 7)
    assert axes[1].get_xlim() == (0, 1)
    assert figure.get_figwidth() == theme.HALF_WIDTH


def test_a_long_title_takes_lines_and_a_legend_stands_between_it_and_the_panel():
    _, (axes,) = theme.stack_panels(LIGHT, (3.0,), theme.HALF_WIDTH)
    axes.plot([0, 1], label="a")
    theme.set_title(axes, "word " * 20)
    alone = axes.get_title(loc="left")
    assert alone.count("\n") == 1 and max(map(len, alone.splitlines())) < 65
    theme.add_legend(axes, LIGHT)
    assert axes.get_title(loc="left") == alone


def test_titles_stand_at_the_left_in_ink():
    _, (axes,) = theme.stack_panels(DARK, (1.0,))
    theme.set_title(axes, "words")
    assert axes.get_title(loc="left") == "words"
    assert axes.get_title() == ""


def test_legends_have_no_frame():
    _, (axes,) = theme.stack_panels(LIGHT, (1.0,))
    axes.plot([0, 1], label="line")
    theme.add_legend(axes, LIGHT)
    assert not axes.get_legend().get_frame_on()
    assert to_hex(axes.get_legend().get_texts()[0].get_color()) == LIGHT.ink
