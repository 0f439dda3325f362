"""How pictures look, in light and in dark: one figure with styled axes, without pyplot's state."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.dates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

WIDTH = 9.0
DPI = 110


@dataclass(frozen=True)
class Theme:
    """Colours of one look; ``cycle`` follows Okabe and Ito (2008), told apart when colour-blind."""

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


def png(figure: Figure) -> bytes:
    """The figure as PNG of 256 colours: a third of the size, and no difference to see."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).quantize(256).save(buffer, "png")
    return buffer.getvalue()


def panels(theme: Theme, heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """A figure of panels one above another that share x; ``heights`` in inches."""
    figure = Figure((WIDTH, sum(heights)), DPI, facecolor=theme.paper, layout="constrained")
    grid = figure.subplots(
        len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": list(heights)}
    )
    axes = [row[0] for row in grid]
    for one in axes:
        style(one, theme)
    return figure, axes


def side_by_side(theme: Theme, count: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` panels in one row, ``height`` in inches."""
    figure = Figure((WIDTH, height), DPI, facecolor=theme.paper, layout="constrained")
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    for one in axes:
        style(one, theme)
    return figure, axes


def style(axes: Axes, theme: Theme) -> None:
    """Give axes the theme's colours: faint grid, no box, palette as colour cycle."""
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


def title(axes: Axes, text: str) -> None:
    """A title above the panel, at its left edge."""
    axes.set_title(text, loc="left", fontsize=11, color=axes.xaxis.label.get_color())


def legend(axes: Axes, theme: Theme, columns: int = 1) -> None:
    """A frameless legend in the theme's ink."""
    axes.legend(frameon=False, fontsize=8.5, labelcolor=theme.ink, ncols=columns)


def date_axis(axes: Axes) -> None:
    """Short dates on the x axis."""
    locator = matplotlib.dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
