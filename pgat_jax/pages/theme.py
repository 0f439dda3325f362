"""Defines the look of pictures, light and dark: styled figures, without pyplot's global state."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.dates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# Width of every figure, in inches.
WIDTH = 9.0
DPI = 110
# Colours of a PNG file: a third of the size, and no difference to see.
COLOURS = 256


@dataclass(frozen=True)
class Theme:
    """The colours of one look, each as `#rrggbb`.

    Attributes:
        name: `light` or `dark`.
        paper: the background.
        ink: text and the most important lines.
        faint: the grid.
        cycle: the colours of curves, after Okabe and Ito (2008): colour-blind readers can
            distinguish them.
    """

    name: str
    paper: str
    ink: str
    faint: str
    cycle: tuple[str, ...]


LIGHT = Theme(
    "light",
    "#ffffff",
    "#1b1f24",
    "#d0d7de",
    ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
)
DARK = Theme(
    "dark",
    "#15191e",
    "#e6e9ec",
    "#3a424b",
    ("#56b4e9", "#ff8a4c", "#2fc49a", "#e39cc4", "#f0c04a", "#9db7ff"),
)
THEMES = (LIGHT, DARK)


def encode_png(figure: Figure) -> bytes:
    """Returns a figure as PNG.

    Args:
        figure: the figure.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    buffer = io.BytesIO()
    image.quantize(COLOURS).save(buffer, "png")
    return buffer.getvalue()


def stack_panels(theme: Theme, heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """Creates a figure of panels one above another that share the x axis.

    Args:
        theme: the colours.
        heights: the heights of the panels, in inches.

    Returns:
        The figure and the axes of its panels, from the top.
    """
    figure = Figure((WIDTH, sum(heights)), DPI, facecolor=theme.paper, layout="constrained")
    grid = figure.subplots(
        len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": list(heights)}
    )
    axes = [row[0] for row in grid]
    for one in axes:
        apply_theme(one, theme)
    return figure, axes


def align_panels(theme: Theme, count: int, height: float) -> tuple[Figure, list[Axes]]:
    """Creates a figure of panels in one row.

    Args:
        theme: the colours.
        count: the number of panels.
        height: the height of the row, in inches.

    Returns:
        The figure and the axes of its panels, from the left.
    """
    figure = Figure((WIDTH, height), DPI, facecolor=theme.paper, layout="constrained")
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    for one in axes:
        apply_theme(one, theme)
    return figure, axes


def apply_theme(axes: Axes, theme: Theme) -> None:
    """Gives axes the theme's colours, a faint grid and no box.

    Args:
        axes: the panel.
        theme: the colours.
    """
    axes.set_facecolor(theme.paper)
    axes.set_prop_cycle(color=theme.cycle)
    axes.grid(color=theme.faint, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(theme.faint)
    axes.tick_params(colors=theme.ink, labelsize=9, which="both")
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(theme.ink)


def set_title(axes: Axes, text: str) -> None:
    """Sets a title above the panel, at its left edge.

    Args:
        axes: the panel.
        text: the title.
    """
    colour = axes.xaxis.label.get_color()
    axes.set_title(text, loc="left", fontsize=11, color=colour, parse_math=False)


def add_legend(axes: Axes, theme: Theme, columns: int = 1) -> None:
    """Adds a legend without a frame.

    Args:
        axes: the panel.
        theme: the colours.
        columns: the number of columns of the legend.
    """
    axes.legend(frameon=False, fontsize=8.5, labelcolor=theme.ink, ncols=columns)


def add_legend_below(figure: Figure, axes: Axes, theme: Theme, columns: int) -> None:
    """Adds a legend without a frame below all panels of a figure.

    Args:
        figure: the figure.
        axes: the panel whose curves the legend names.
        theme: the colours.
        columns: the number of columns of the legend.
    """
    curves, names = axes.get_legend_handles_labels()
    figure.legend(
        curves,
        names,
        loc="outside lower left",
        frameon=False,
        fontsize=8.5,
        labelcolor=theme.ink,
        ncols=columns,
    )


def add_signature(figure: Figure, theme: Theme, text: str) -> None:
    """Writes a small line below all panels, at the right edge.

    Args:
        figure: the figure.
        theme: the colours.
        text: what the picture is of.
    """
    figure.supxlabel(
        text, x=0.99, ha="right", fontsize=8, color=theme.ink, alpha=0.7, parse_math=False
    )


def set_date_axis(axes: Axes) -> None:
    """Shows short dates on the x axis.

    Args:
        axes: the panel.
    """
    locator = matplotlib.dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
