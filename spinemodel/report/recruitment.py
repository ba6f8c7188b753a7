"""Charts of recruitment: curves of roots or muscles, and their spread.

A panel is a level or a muscle. Classes of fibres differ by colour, sides by line: left solid, right dashed. Currents
are on a logarithmic axis, on which a threshold twice as high lies equally far everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic
from spinemodel.recruitment.bands import Band
from spinemodel.recruitment.curves import SHARES, RecruitmentCurve, current_at
from spinemodel.recruitment.thresholds import Outcome
from spinemodel.report.agreement_figures.chart import COLOURS
from spinemodel.report.panels import INK

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

DPI: Final = 150

WIDTH: Final = 10.0
"""Inches: where a page shows this on 1000 px, letters of 9 points are 12 px high."""

ACROSS: Final = 4
"""Panels side by side."""

LINES: Final[Mapping[str, Any]] = {"L": "-", "R": (0, (4, 1.5)), "": "-"}
"""Of the sides, and of what has none."""

SIDE_NAMES: Final = {"L": "left", "R": "right"}

CURRENT: Final = "current (mA)"


@contextmanager
def page(path: Path, height: float, title: str = "") -> Iterator[Figure]:
    """Give a figure as wide as a page and so many inches high, and write it as a PNG, whole or not at all.

    Raises
    ------
    BackendUnavailableError
        If matplotlib is missing.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing
    settings: Any = {"font.family": "DejaVu Sans", "font.size": 9, "axes.axisbelow": True, "text.color": INK}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        if title:
            figure.suptitle(title, fontsize=11)
        yield figure
        with atomic(path) as temporary:
            figure.savefig(temporary, metadata={"Software": None})


def parts(target: str) -> tuple[str, str]:
    """Return the level or muscle of a target, and its side, empty where it has none.

    Examples
    --------
    >>> parts("L3_R"), parts("L3_R_ventral"), parts("TA_L"), parts("L5")
    (('L3', 'R'), ('L3', 'R'), ('TA', 'L'), ('L5', ''))
    """
    name, side = (*target.split("_"), "")[:2]
    return name, side


def draw_curves(path: Path, of: Sequence[RecruitmentCurve], *, title: str = "") -> None:
    """Draw recruitment curves as a PNG, with marks where 10, 50 and 90 % are reached.

    Above each panel stands how many fibres there are, and how many of them could not be told or are left out.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    of
        Curves of one montage and pulse: of roots or muscles.
    title
        Written above.

    Raises
    ------
    InputError
        If no curve has a threshold.
    BackendUnavailableError
        If matplotlib is missing.
    """
    colours, panels = class_colours(of), _by_panel(of)
    with page(path, _height(panels), title) as figure:
        for axes, (name, own) in zip(_grid(figure, panels), panels.items(), strict=True):
            _frame(axes, name, _counted(own))
            for one in own:
                _draw_curve(axes, one, colours[one.fibre_class])
        _set_currents(axes, of)
        legend(figure, colours, of)


def draw_bands(path: Path, of: Sequence[Band], *, title: str = "") -> None:
    """Draw the spread of curves over repetitions as a PNG: the median as a line, the band as an area.

    Above each panel stands what the band holds: a share of the repetitions, or of few ones their range.

    Parameters and errors are those of :func:`draw_curves`, with bands of one source.
    """
    colours, panels = class_colours(of), _by_panel(of)
    with page(path, _height(panels), title) as figure:
        for axes, (name, own) in zip(_grid(figure, panels), panels.items(), strict=True):
            _frame(axes, name, own[0].holds)
            for one in own:
                _draw_band(axes, one, colours[one.fibre_class])
        _set_currents(axes, of)
        legend(figure, colours, of, f"spread over {of[0].source}")


def class_colours(of: Sequence[RecruitmentCurve] | Sequence[Band]) -> dict[str, str]:
    """Return a colour for each class of fibres."""
    return {kind: COLOURS[i % len(COLOURS)] for i, kind in enumerate(dict.fromkeys(one.fibre_class for one in of))}


def _by_panel(of: Sequence[Any]) -> dict[str, list[Any]]:
    """Return what each panel shows."""
    require_steps(of)
    panels: dict[str, list[Any]] = {}
    for one in of:
        panels.setdefault(parts(one.target)[0], []).append(one)
    return panels


def require_steps(of: Sequence[RecruitmentCurve] | Sequence[Band]) -> None:
    """Refuse curves of which none has a threshold."""
    if not any(len(one.amplitude_mA) for one in of):
        raise InputError("recruitment: no fibre is activated, so that there is no curve to draw")


def _height(panels: Mapping[str, object]) -> float:
    """Return the height of a figure of panels, inches."""
    return 1.1 + 1.9 * ceil(len(panels) / ACROSS)


def _grid(figure: Figure, panels: Mapping[str, object]) -> list[Axes]:
    """Return axes for the panels, as many as there are."""
    rows = ceil(len(panels) / ACROSS)
    cells = figure.subplots(rows, ACROSS, sharex=True, sharey=True, squeeze=False).ravel()
    for spare in cells[len(panels) :]:
        spare.set_visible(False)
    for lowest in cells[: len(panels)][-ACROSS:]:
        lowest.tick_params(labelbottom=True)
        lowest.set_xlabel(CURRENT)
    figure.supylabel("fibres recruited (%)", fontsize=9)
    return list(cells[: len(panels)])


def _frame(axes: Axes, name: str, note: str) -> None:
    """Write a panel's name and what is said of it, and draw the lines of 10, 50 and 90 %."""
    axes.set_title(name, loc="left", fontsize=10, fontweight="bold")
    axes.set_title(note, loc="right", fontsize=7, color="0.35")
    for share in SHARES:
        axes.axhline(100 * share, color="0.88", linewidth=0.7)
    axes.set_ylim(-3, 103)
    axes.set_yticks([0, *(100 * share for share in SHARES), 100])
    axes.spines[["top", "right"]].set_visible(False)


def _counted(own: Sequence[RecruitmentCurve]) -> str:
    """Return how many fibres the curves are of, and of which of them something is to be said."""
    counts = sum((Counter(one.counts) for one in own), Counter())
    said = {Outcome.AT_END: "at end", Outcome.BLOCKED: "blocked", Outcome.LEFT_OUT: "left out"}
    notes = [f"{counts[outcome]} {word}" for outcome, word in said.items() if counts[outcome]]
    return ", ".join([f"{sum(counts.values())} fibres", *notes])


def _draw_curve(axes: Axes, one: RecruitmentCurve, colour: str) -> None:
    """Draw a curve from no current to the largest that was tried, and mark its currents."""
    if not one.in_play:
        return
    share = np.concatenate([[0.0], one.share, one.share[-1:]]) if len(one.share) else np.zeros(2)
    amplitude = np.array([1e-6, *one.amplitude_mA, one.up_to_mA])
    axes.step(amplitude, 100 * share, where="post", color=colour, linestyle=LINES[parts(one.target)[1]], linewidth=1.3)
    currents = [current_at(one, level) for level in SHARES]
    face = "white" if parts(one.target)[1] == "R" else colour
    axes.plot(currents, [100 * level for level in SHARES], "o", markersize=3.2, color=colour, markerfacecolor=face)


def _draw_band(axes: Axes, one: Band, colour: str) -> None:
    """Draw a band and its median."""
    line: Any = {"color": colour, "linestyle": LINES[parts(one.target)[1]], "linewidth": 1.3}
    axes.step(one.amplitude_mA, 100 * one.middle, where="post", **line)
    edges = 100 * one.low, 100 * one.high
    axes.fill_between(one.amplitude_mA, *edges, step="post", color=colour, alpha=0.22, linewidth=0)


def _set_currents(axes: Axes, of: Sequence[RecruitmentCurve] | Sequence[Band]) -> None:
    """Set the axis of currents: from below the lowest threshold to the highest, or to the largest that was tried."""
    steps = np.concatenate([one.amplitude_mA for one in of])
    axes.set_xscale("log")
    axes.set_xlim(0.85 * steps.min(), 1.15 * steps.max())
    plain_ticks(axes.xaxis)


def currents_norm(mA: FloatArray) -> LogNorm:
    """Return matplotlib's scale from currents to 0-1, on which equal ratios are equally long; infinite ones are none.

    Raises
    ------
    InputError
        If no current is known.
    """
    from matplotlib.colors import LogNorm

    known = mA[np.isfinite(mA)]
    if not len(known):
        raise InputError("thresholds: no fibre is activated, so that there is nothing to colour")
    return LogNorm(known.min() * 0.999, known.max() * 1.001)


def plain_ticks(axis: Axis) -> None:
    """Write currents on a logarithmic axis as plain numbers: 1, 2 and 5 in a decade, more where it is less than one."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high > 10 * low else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def legend(
    figure: Figure, colours: Mapping[str, str], of: Sequence[RecruitmentCurve] | Sequence[Band], area: str = ""
) -> None:
    """Write below the panels which colour is which class, which line which side, and what an area is."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    sides = [side for side in SIDE_NAMES if any(parts(one.target)[1] == side for one in of)]
    handles: list[Artist] = [Line2D([], [], color=colour, label=kind or "all") for kind, colour in colours.items()]
    handles += [Line2D([], [], color="0.3", linestyle=LINES[side], label=SIDE_NAMES[side]) for side in sides]
    handles += [Patch(color="0.3", alpha=0.22, label=area)] if area else []
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, handlelength=2.6)
