"""A chart: its frame, colours, marks and legend.

Charts are SVG, so that they are sharp on paper; the same numbers give the same bytes. Raters, or pairs of them, are
told apart by colour and by mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""The colours of Okabe & Ito (2008), which the colour-blind tell apart."""

MARKS: Final = "osD^vPX"

SPREAD: Final = 0.6
"""Part of the space of a level that its marks lie in."""

ENTRY_INCHES: Final = 1.9
"""Width kept for an entry of a legend."""


@contextmanager
def chart(
    path: Path, size: tuple[float, float], across: int = 1, **shared: Any
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure (inches) with panels side by side, and write it as an SVG."""
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing
    settings: Any = {"svg.hashsalt": "spinemodel", "font.family": "DejaVu Sans", "font.size": 9, "axes.axisbelow": True}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        panels = list(np.atleast_1d(figure.subplots(1, across, **shared)))
        for axes in panels:
            axes.grid(axis="y", color="0.9", linewidth=0.7)
            axes.spines[["top", "right"]].set_visible(False)
        yield figure, panels
        with atomic(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


def pair_name(raters: tuple[str, str]) -> str:
    """Return what a legend calls two raters, or all pairs of them; one with the consensus by the rater alone."""
    if raters == (ALL, ALL):
        return "all pairs"
    return raters[0] if raters[1] == CONSENSUS else " – ".join(raters)


def style(place: int) -> dict[str, Any]:
    """Return colour and mark of a series."""
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKS[place % len(MARKS)], "markersize": 5}


def offset(place: int, of: int) -> float:
    """Return how far beside its tick one of several series lies."""
    return SPREAD * ((place + 0.5) / of - 0.5)


def legend(figure: Figure, axes: Axes, entries: int) -> None:
    """Draw the legend below the panels, where there are several entries."""
    handles, labels = axes.get_legend_handles_labels()
    if entries > 1 and handles:
        across = min(entries, int(figure.get_figwidth() / ENTRY_INCHES))
        figure.legend(handles, labels, loc="outside lower center", ncols=across, frameon=False)
