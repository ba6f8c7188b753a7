"""Axial sections through all compartments, drawn as in an atlas, with the marks that a person drew on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.axis import Axis, frame_at
from spinemodel.anatomy.slices import section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, DURA, TISSUES
from spinemodel.report.panels import INK
from spinemodel.report.section_parts import Station, colour_of, draw_legend, draw_markers, fill, flat

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PX: Final = 1600
"""Width of the picture; two stations stand side by side."""

HEAD_PX: Final = 56
"""Height of the strip that holds the title."""

STATION_PX: Final = 446
"""Height of a station: its title, and two square views under it."""

VIEW_PX: Final = 384
"""Side of a view."""

WIDE_MM: Final = 90.0
"""Width of the view of the whole vertebra (a choice: transverse processes of L3 reach about 90 mm)."""

NARROW_MM: Final = 30.0
"""Width of the view of the canal."""

BARS_MM: Final = {WIDE_MM: 20.0, NARROW_MM: 5.0}
"""Length of the scale bar of each view."""

VENTRALLY_MM: Final = 6.0
"""How far the middle of the wide view lies in front of the axis, so that the vertebral body fits. A choice."""

ORDER: Final = {name: place for place, name in enumerate(reversed([*TISSUES, CORD.name, DURA.name]))}
"""What is drawn first; sac and cord, which hold others, come before all."""

HALO: Final[dict[str, Any]] = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.6}
"""The light ground of letters, so that they can be read on any tissue."""


def stations_along(axis: Axis, at: Mapping[float, str]) -> tuple[Station, ...]:
    """Return stations perpendicular to the axis at distances (mm) from its caudal end, given with their titles."""
    points, frame = frame_at(axis, np.array(list(at), dtype=float))
    return tuple(Station(*row) for row in zip(at.values(), points, frame[:, 2], strict=True))


def render_sections(
    path: Path, parts: Mapping[str, Surface], annotation: Annotation | None, stations: Sequence[Station], *, title: str
) -> None:
    """Draw sections through all compartments as a PNG: at each station the whole vertebra and the canal.

    Seen from below, as radiologists do: the subject's right is at the left, the front is above.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    parts
        Closed compartments; nested ones are drawn from the outside inwards.
    annotation
        Markers to draw on top: of contours and roots within half a slice of the plane, of ganglia within
        ``GANGLION_MM``; None for none.
    stations
        Planes to cut along, in the order of drawing.
    title
        Written above.

    Raises
    ------
    InputError
        If there is no station, or a station's plane meets no part.
    BackendUnavailableError
        If matplotlib is missing.
    """
    if not stations:
        raise InputError(f"{path}: no station to draw; expected one or more")
    figure, below = _open(len(stations), title)
    used: dict[str, None] = {}
    for index, station in enumerate(stations):
        outlines = _outlines(parts, station)
        if not outlines:
            raise InputError(f"{path}: the plane of '{station.title}' meets no part; choose one within the model")
        used |= dict.fromkeys(outlines)
        _draw_station(figure, index, below, station, outlines, annotation)
    draw_legend(figure, _after(len(stations), below), list(used), markers=annotation is not None)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _open(stations: int, title: str) -> tuple[Figure, int]:
    """Return an empty figure with its title, and the height of what lies below that, px."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    below = (stations // 2 + 1) * STATION_PX
    figure = Figure(figsize=(WIDTH_PX / 100, (below + HEAD_PX) / 100), dpi=100)
    FigureCanvasAgg(figure)
    middle = 1 - HEAD_PX / 2 / (below + HEAD_PX)
    figure.text(14 / WIDTH_PX, middle, title, fontsize=19, va="center", color=INK)
    side = "axial sections, seen from below (the subject's right is at the left)"
    figure.text(1 - 14 / WIDTH_PX, middle, side, fontsize=12, va="center", ha="right", color=INK)
    return figure, below


def _outlines(parts: Mapping[str, Surface], station: Station) -> dict[str, list[FloatArray]]:
    """Return the loops (k, 2) of every part that the plane meets, from the outermost tissue to the innermost."""
    found = {}
    for name in sorted(parts, key=lambda name: ORDER.get(name, -1)):
        loops = section(parts[name], station.point, station.normal)
        if loops:
            found[name] = [flat(loop, station) for loop in loops]
    return found


def _draw_station(
    figure: Figure,
    index: int,
    below: int,
    station: Station,
    outlines: Mapping[str, list[FloatArray]],
    annotation: Annotation | None,
) -> None:
    """Draw the two views of a station under its title."""
    left, top = (index % 2) * WIDTH_PX // 2, (index // 2) * STATION_PX
    height = below + HEAD_PX
    text = f"{station.title}   z {station.point[2]:.0f} mm".replace("-", "\u2212")
    figure.text((left + 16) / WIDTH_PX, (below - top - 18) / height, text, fontsize=13, va="center", color=INK)
    bottom = below - top - STATION_PX + 18
    for place, (width, ventrally) in enumerate(((WIDE_MM, VENTRALLY_MM), (NARROW_MM, 0.0))):
        box = (left + 12 + place * (VIEW_PX + 8)) / WIDTH_PX, bottom / height, VIEW_PX / WIDTH_PX, VIEW_PX / height
        axes = figure.add_axes(box)
        _frame(axes, width, ventrally)
        for name, loops in outlines.items():
            fill(axes, loops, colour_of(name), 0.5 if width == WIDE_MM else 0.8)
        if width == WIDE_MM:
            half = NARROW_MM / 2
            x, y = np.array([[-half, half, half, -half, -half], [-half, -half, half, half, -half]])
            axes.plot(x, y, color=INK, lw=0.8, ls=(0, (4, 3)))
        if annotation is not None:
            draw_markers(axes, annotation, station, ganglia_only=width == WIDE_MM)


def _frame(axes: Axes, width: float, ventrally: float) -> None:
    """Give a view its limits, the letters of its sides and a scale bar."""
    half = width / 2
    axes.set_xlim(half, -half)
    axes.set_ylim(ventrally - half, ventrally + half)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(color="0.6", linewidth=0.8)
    plain: dict[str, Any] = {"fontsize": 12, "color": INK, "zorder": 20, "transform": axes.transAxes, "bbox": HALO}
    for letter, x, y, ha, va in (
        ("R", 0.02, 0.5, "left", "center"), ("L", 0.98, 0.5, "right", "center"),
        ("A", 0.5, 0.98, "center", "top"), ("P", 0.5, 0.02, "center", "bottom"),
    ):  # fmt: skip
        axes.text(x, y, letter, ha=ha, va=va, **plain)
    bar = BARS_MM[width]
    axes.plot([0.97 - bar / width, 0.97], [0.035, 0.035], color=INK, lw=3, transform=axes.transAxes, zorder=20,
              solid_capstyle="butt")  # fmt: skip
    axes.text(0.97 - bar / width / 2, 0.05, f"{bar:g} mm", ha="center", va="bottom", **(plain | {"fontsize": 10}))


def _after(stations: int, below: int) -> tuple[float, float]:
    """Return the upper left corner of the place after the last station, as shares of the figure."""
    x = (stations % 2) * WIDTH_PX // 2 + 24
    y = below - (stations // 2) * STATION_PX - 34
    return x / WIDTH_PX, y / (below + HEAD_PX)
