"""The chart of the currents that roots or muscles need."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemodel.levels import STRUCTURES
from spinemodel.recruitment.curves import SHARES, RecruitmentCurve, current_at, lowest_threshold
from spinemodel.report.recruitment import CURRENT, class_colours, legend, page, parts, plain_ticks, require_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW: Final = 0.34
"""Height of a root, inches."""

BEYOND: Final = "0.92"
"""Grey where no current was tried."""


def draw_currents(path: Path, of: Sequence[RecruitmentCurve], *, title: str = "") -> None:
    """Draw the currents that recruit 10 to 90 % of each root or muscle as a PNG: a bar, with a mark at 50 %.

    A bar with an arrow goes on beyond the largest current that was tried. Parameters and errors are those of
    :func:`~spinemodel.report.recruitment.draw_curves`.
    """
    colours, targets = class_colours(of), list(dict.fromkeys(one.target for one in of))
    require_steps(of)
    with page(path, 1.1 + ROW * len(targets), title) as figure:
        axes = figure.subplots()
        for one in of:
            place = list(colours).index(one.fibre_class) - (len(colours) - 1) / 2
            _draw_range(axes, one, targets.index(one.target) + 0.6 * place / len(colours), colours[one.fibre_class])
        axes.set_yticks(range(len(targets)), targets)
        axes.set_ylim(len(targets) - 0.4, -0.6)
        _chips(axes, targets)
        axes.set_xscale("log")
        most, tried = max(current_at(one, SHARES[-1]) for one in of if one.in_play), max(one.up_to_mA for one in of)
        axes.set_xlim(0.85 * lowest_threshold(of), 1.15 * min(most, tried))
        axes.axvspan(tried, 2 * tried, color=BEYOND, linewidth=0)
        plain_ticks(axes.xaxis)
        axes.grid(axis="x", color="0.9", linewidth=0.7)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.set_xlabel(f"{CURRENT}: bars from 10 to 90 % of the fibres, dots at 50 %; grey: not tried")
        legend(figure, colours, [])


def _draw_range(axes: Axes, one: RecruitmentCurve, y: float, colour: str) -> None:
    """Draw the bar of one curve."""
    low, middle, high = (current_at(one, share) for share in SHARES)
    if not isfinite(low):
        said = f"not up to {one.up_to_mA:g} mA" if one.in_play else "not known: no fibre in play"
        x, across = (one.up_to_mA, "data") if one.in_play else (1.0, "axes fraction")
        axes.annotate(said, (x, y), xycoords=(across, "data"), xytext=(-6, 0), textcoords="offset points", fontsize=7,
                      color=colour, va="center", ha="right")  # fmt: skip
        return
    axes.plot([low, min(high, one.up_to_mA)], [y, y], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt")
    axes.plot(middle, y, "o", color=colour, markersize=5)
    if not isfinite(high):
        axes.plot(one.up_to_mA, y, ">", color=colour, markersize=5)


def _chips(axes: Axes, targets: Sequence[str]) -> None:
    """Draw the colour of each root's level beside its name."""
    for y, target in enumerate(targets):
        row = STRUCTURES.get("_".join(parts(target)))
        if row:
            axes.plot(0, y, "s", transform=axes.get_yaxis_transform(), color=row.colour, markersize=7, clip_on=False)
