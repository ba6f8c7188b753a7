"""Axial sections through all compartments, drawn as in an atlas, with the marks that a person drew on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.axis import Axis, frame_at
from spinemodel.anatomy.slices import in_plane, section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES, ROOTLET_TISSUES, ROOTS, STRUCTURES, TISSUES, RootName
from spinemodel.report.panels import INK, OTHER, Colour

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

GANGLION_MM: Final = 3.0
"""Farthest from the plane that a ganglion's marker is drawn; ganglia are longer than the slices are thick. A choice."""

LABELS: Final[Mapping[str, str]] = {
    "Grey": "grey matter", "DorsalColumns": "dorsal columns", "White": "white matter", "Cord": "cord",
    "CSF": "cerebrospinal fluid", "DuraShell": "dura", "Dura": "sac", "Fat": "epidural fat", "Bone": "bone",
    "Disc": "disc", "Muscle": "muscle", "Bulk": "other tissue",
}  # fmt: skip
"""What the legend calls the tissues, in its order."""

ROWS: Final = {**STRUCTURES, **TISSUES}
"""Every structure and compartment by its name."""

ORDER: Final = {name: place for place, name in enumerate(reversed([*TISSUES, CORD.name, DURA.name]))}
"""What is drawn first; sac and cord, which hold others, come before all."""

HALO: Final[dict[str, Any]] = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.6}
"""The light ground of letters, so that they can be read on any tissue."""


@dataclass(frozen=True, eq=False)
class Station:
    """A plane to draw.

    Attributes
    ----------
    title
        Written above it, such as ``segment L4, vertebra T12``.
    point
        (3,) mm, the middle of the canal.
    normal
        (3,) towards the head.
    """

    title: str
    point: FloatArray
    normal: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "point", freeze(self.point))
        object.__setattr__(self, "normal", freeze(self.normal))


def stations_along(axis: Axis, at: Mapping[float, str]) -> tuple[Station, ...]:
    """Return stations perpendicular to the axis at distances (mm) from its caudal end, given with their titles."""
    points, frame = frame_at(axis, np.array(list(at), dtype=float))
    return tuple(Station(*row) for row in zip(at.values(), points, frame[:, 2], strict=True))


def stations_at(axis: Axis, heights: Mapping[float, str]) -> tuple[Station, ...]:
    """Return horizontal stations at heights z (mm), given with their titles, each in the middle of the axis there."""
    up = np.array([0.0, 0.0, 1.0])
    places = [[np.interp(z, axis.points[:, 2], column) for column in axis.points.T[:2]] + [z] for z in heights]
    return tuple(Station(title, np.array(place), up) for title, place in zip(heights.values(), places, strict=True))


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
    _draw_legend(figure, len(stations), below, list(used), annotation is not None)
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
            found[name] = [_flat(loop, station) for loop in loops]
    return found


def _colour(name: str) -> Colour:
    """Return the colour of a part."""
    return ROWS[name].colour if name in ROWS else OTHER


def _flat(points: FloatArray, station: Station) -> FloatArray:
    """Return points (n, 2) mm to the right and ventrally of the station's middle."""
    return np.asarray((points - station.point) @ in_plane(station.normal).T)


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
            _fill(axes, loops, _colour(name), 0.5 if width == WIDE_MM else 0.8)
        if width == WIDE_MM:
            half = NARROW_MM / 2
            x, y = np.array([[-half, half, half, -half, -half], [-half, -half, half, half, -half]])
            axes.plot(x, y, color=INK, lw=0.8, ls=(0, (4, 3)))
        if annotation is not None:
            _draw_markers(axes, annotation, station, ganglia_only=width == WIDE_MM)


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


def _fill(axes: Axes, loops: list[FloatArray], colour: Colour, line: float) -> None:
    """Fill a part: where an odd number of loops encloses a point, it lies inside."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    # Loops around the inside and around holes run in opposite ways, so the default winding rule gives the same as
    # the even-odd rule, but for loops of one part that overlap.
    path = Outline.make_compound_path(*(Outline(np.vstack([loop, loop[:1]]), closed=True) for loop in loops))
    edge = tuple(0.55 * channel for channel in colour)
    axes.add_patch(PathPatch(path, facecolor=colour, edgecolor=edge, linewidth=line, joinstyle="round"))


def _draw_markers(axes: Axes, annotation: Annotation, station: Station, *, ganglia_only: bool) -> None:
    """Draw the markers near the plane: contours as dots, roots as dots in a ring, ganglia as diamonds."""
    half = half_slice(annotation)
    ring: dict[str, Any] = {"color": "white", "linewidths": 1.4}
    for root, markers in annotation.ganglia.items():
        _dots(axes, _near(markers, station, GANGLION_MM), marker="D", s=36, edgecolors=_dark(root), **ring)
    if ganglia_only:
        return
    for markers in (*annotation.cord, *annotation.dura):
        _dots(axes, _near(markers, station, half), marker="o", s=9, color=INK, linewidths=0.4, edgecolors="white")
    for root, markers in annotation.roots.items():
        _dots(axes, _near(markers, station, half), marker="o", s=26, edgecolors=_dark(root), **ring)


def _dark(root: RootName) -> Colour:
    """Return a darker tone of a root's colour, which shows on the root itself."""
    red, green, blue = ROOT_STRUCTURES[root].colour
    return (0.6 * red, 0.6 * green, 0.6 * blue)


def half_slice(annotation: Annotation) -> float:
    """Return half the distance between the slices that were drawn on, mm."""
    heights = np.unique([markers.points[:, 2].mean().round(2) for markers in annotation.dura or annotation.cord])
    return float(np.median(np.diff(heights)) / 2) if len(heights) > 1 else 0.5


def _near(markers: Markers, station: Station, most: float) -> FloatArray:
    """Return those markers (n, 2) that lie no farther than ``most`` mm from the plane."""
    off = (markers.points - station.point) @ station.normal / np.linalg.norm(station.normal)
    return _flat(markers.points[np.abs(off) <= most], station)


def _dots(axes: Axes, points: FloatArray, **style: Any) -> None:
    """Draw points over everything else."""
    if len(points):
        axes.scatter(points[:, 0], points[:, 1], zorder=10, **style)


def _draw_legend(figure: Figure, stations: int, below: int, parts: list[str], markers: bool) -> None:
    """Explain the colours and markers in the place after the last station."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = {name: label for name, label in LABELS.items() if name in parts}
    names |= {f"{root}": f"{root.level} root" for root in ROOTS if root.side == "L" and _shown(root, parts)}
    rootlets = next((name for name in ROOTLET_TISSUES if name in parts), None)
    names |= {rootlets: "rootlets, lighter"} if rootlets else {}
    entries: list[Patch | Line2D] = [
        Patch(facecolor=_colour(name), edgecolor="0.5", label=label) for name, label in names.items()
    ]
    ring: dict[str, Any] = {"ls": "none", "mfc": "white", "mec": "0.3", "mew": 1.4, "markersize": 6}
    if markers:
        entries += [
            Line2D([], [], marker="o", markersize=4, color=INK, linestyle="none", label="marker of a contour"),
            Line2D([], [], marker="o", label="marker of a root", **ring),
            Line2D([], [], marker="D", label=f"ganglion, within {GANGLION_MM:g} mm", **ring),
        ]
    x = (stations % 2) * WIDTH_PX // 2 + 24
    y = below - (stations // 2) * STATION_PX - 34
    place = (x / WIDTH_PX, y / (below + HEAD_PX))
    figure.legend(handles=entries, loc="upper left", bbox_to_anchor=place, ncols=2, fontsize=13, frameon=False)


def _shown(root: RootName, parts: Iterable[str]) -> bool:
    """Return whether a root of that level is among the parts, on either side."""
    return any(part.startswith(f"{root.level}_") for part in parts)
