"""Differences of two raters' numbers over their means."""

from __future__ import annotations

from pathlib import Path

from spinemodel.agreement.bland_altman import BlandAltman
from spinemodel.report.agreement_figures.chart import COLOURS, chart
from spinemodel.report.panels import INK


def draw_bland_altman(path: Path, found: BlandAltman, name: str) -> None:
    """Draw differences over means, with bias, limits of agreement and their intervals as bands."""
    with chart(path, (5.6, 3.8)) as (_, (axes,)):
        axes.axhline(0, color="0.6", linewidth=0.7)
        for line, colour, label in (
            (found.bias, COLOURS[0], "bias"),
            (found.lower, COLOURS[1], "95 % limit"),
            (found.upper, COLOURS[1], "95 % limit"),
        ):
            if line.defined:
                axes.axhline(line.value, color=colour, linewidth=1.2, linestyle="-" if label == "bias" else "--")
                axes.annotate(f"{label} {line.value:.3g}", (1, line.value), xycoords=("axes fraction", "data"),
                              xytext=(-2, 3), textcoords="offset points", ha="right", fontsize=8, color=colour)
            if line.bounded:
                axes.axhspan(line.low, line.high, color=colour, alpha=0.12, linewidth=0)
        axes.plot(found.means, found.differences, "o", color=INK, markersize=4, alpha=0.7)
        axes.set_xlabel(f"mean of {found.first} and {found.second}")
        axes.set_ylabel(f"{found.first} less {found.second}")
        axes.set_title(name)
