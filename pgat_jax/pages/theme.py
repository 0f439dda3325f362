"""Defines the look of pictures, light and dark: styled figures, without pyplot's global state."""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.dates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# Width of a figure that has a row of the page for itself, in inches.
WIDTH = 9.0
# Width of a figure beside another one; scaled to a telephone's screen it can still be read.
HALF_WIDTH = 5.4
DPI = 110
POINTS = 72  # in an inch
# Colours of a PNG file: a third of the size, and no difference to see.
COLOURS = 256
# Points: between a title and what is below it; the height of a line of a legend; the mean width of
# a letter of a title.
TITLE_GAP, LEGEND_LINE, LETTER = 6.0, 13.5, 5.7
# Inches above and below a panel that stands on another one.
PANEL_GAP = 0.09
# The share of a panel's width that its axes take; the rest is for the numbers and names.
AXES_SHARE = 0.84


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


def stack_panels(
    theme: Theme, heights: Sequence[float], width: float = WIDTH, is_shared: bool = True
) -> tuple[Figure, list[Axes]]:
    """Creates a figure of panels one above another.

    Args:
        theme: the colours.
        heights: the heights of the panels, in inches.
        width: the width of the figure, in inches.
        is_shared: whether the panels share the x axis.

    Returns:
        The figure and the axes of its panels, from the top.
    """
    figure = Figure((width, sum(heights)), DPI, facecolor=theme.paper, layout="constrained")
    figure.get_layout_engine().set(h_pad=PANEL_GAP)  # pyright: ignore
    ratios = {"height_ratios": list(heights)}
    grid = figure.subplots(len(heights), 1, sharex=is_shared, squeeze=False, gridspec_kw=ratios)
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
    """Sets a title above the panel, at its left edge, in as many lines as it needs.

    Args:
        axes: the panel; its legend, if any, is added afterwards.
        text: the title.
    """
    _write_title(axes, text, legend_lines=0)


def _write_title(axes: Axes, text: str, legend_lines: int) -> None:
    """Writes a title that leaves room for lines of a legend between it and the panel."""
    figure, spec = axes.get_figure(root=True), axes.get_subplotspec()
    assert figure is not None and spec is not None
    share = AXES_SHARE * len(spec.colspan) / spec.get_gridspec().ncols
    letters = int(share * figure.get_figwidth() * POINTS / LETTER)
    axes.set_title(
        "\n".join(textwrap.fill(line, letters) for line in text.splitlines()),
        loc="left",
        fontsize=11,
        color=axes.xaxis.label.get_color(),
        parse_math=False,
        pad=TITLE_GAP + LEGEND_LINE * legend_lines,
    )


def add_legend(axes: Axes, theme: Theme, columns: int = 1) -> None:
    """Adds a legend without a frame between the title and the panel, where no curve is.

    Args:
        axes: the panel, with its title.
        theme: the colours.
        columns: the number of columns of the legend.
    """
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderpad=0,
        borderaxespad=0.3,
        columnspacing=1.4,
        frameon=False,
        fontsize=8.5,
        labelcolor=theme.ink,
        ncols=columns,
    )
    lines = -(-len(legend.get_texts()) // columns)
    _write_title(axes, axes.get_title(loc="left"), lines)


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
