"""What is drawn into a section: the tissues, the marks on top of them, and the legend that explains both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.slices import in_plane
from spinemodel.arrays import FloatArray, freeze
from spinemodel.levels import ROOT_STRUCTURES, ROOTLET_TISSUES, ROOTS, STRUCTURES, TISSUES, RootName
from spinemodel.report.panels import INK, OTHER, Colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


def flat(points: FloatArray, station: Station) -> FloatArray:
    """Return points (n, 2) mm to the right and ventrally of the station's middle."""
    return np.asarray((points - station.point) @ in_plane(station.normal).T)


def colour_of(name: str) -> Colour:
    """Return the colour of a part."""
    return ROWS[name].colour if name in ROWS else OTHER


def fill(axes: Axes, loops: list[FloatArray], colour: Colour, line: float) -> None:
    """Fill a part: where an odd number of loops encloses a point, it lies inside."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    # Loops around the inside and around holes run in opposite ways, so the default winding rule gives the same as
    # the even-odd rule, but for loops of one part that overlap.
    path = Outline.make_compound_path(*(Outline(np.vstack([loop, loop[:1]]), closed=True) for loop in loops))
    edge = tuple(0.55 * channel for channel in colour)
    axes.add_patch(PathPatch(path, facecolor=colour, edgecolor=edge, linewidth=line, joinstyle="round"))


def draw_markers(axes: Axes, annotation: Annotation, station: Station, *, ganglia_only: bool) -> None:
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
    return flat(markers.points[np.abs(off) <= most], station)


def _dots(axes: Axes, points: FloatArray, **style: Any) -> None:
    """Draw points over everything else."""
    if len(points):
        axes.scatter(points[:, 0], points[:, 1], zorder=10, **style)


def draw_legend(figure: Figure, place: tuple[float, float], parts: Sequence[str], *, markers: bool) -> None:
    """Explain the colours of the parts, and the markers, below and right of a place in shares of the figure."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = {name: label for name, label in LABELS.items() if name in parts}
    names |= {f"{root}": f"{root.level} root" for root in ROOTS if root.side == "L" and _shown(root, parts)}
    rootlets = next((name for name in ROOTLET_TISSUES if name in parts), None)
    names |= {rootlets: "rootlets, lighter"} if rootlets else {}
    entries: list[Patch | Line2D] = [
        Patch(facecolor=colour_of(name), edgecolor="0.5", label=label) for name, label in names.items()
    ]
    ring: dict[str, Any] = {"ls": "none", "mfc": "white", "mec": "0.3", "mew": 1.4, "markersize": 6}
    if markers:
        entries += [
            Line2D([], [], marker="o", markersize=4, color=INK, linestyle="none", label="marker of a contour"),
            Line2D([], [], marker="o", label="marker of a root", **ring),
            Line2D([], [], marker="D", label=f"ganglion, within {GANGLION_MM:g} mm", **ring),
        ]
    figure.legend(handles=entries, loc="upper left", bbox_to_anchor=place, ncols=2, fontsize=13, frameon=False)


def _shown(root: RootName, parts: Iterable[str]) -> bool:
    """Return whether a root of that level is among the parts, on either side."""
    return any(part.startswith(f"{root.level}_") for part in parts)
