"""Three planes through a place, drawn beside each other at one scale: coronal, sagittal and axial.

As radiologists look: from the front, from the subject's left, and from below, so that the subject's right and front
are at the picture's left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES, ROOTS
from spinemodel.report.panels import INK, Colour
from spinemodel.report.section_parts import LABELS, ROWS
from spinemodel.volume.grid import to_indices
from spinemodel.volume.labels import LabelArray, LabelVolume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Plane:
    """A plane along two axes of space.

    Attributes
    ----------
    name
        What it is called.
    across, side, up
        Axis (0 x, 1 y, 2 z) that it cuts, that runs from the picture's right to its left, and from below upwards.
    ends
        What lies at the picture's left, right, bottom and top.
    """

    name: str
    across: int
    side: int
    up: int
    ends: str


PLANES: Final = (Plane("coronal", 1, 0, 2, "RLFH"), Plane("sagittal", 0, 1, 2, "APFH"), Plane("axial", 2, 0, 1, "RLPA"))

WIDTH_PX: Final = 1600
TALLEST_PX: Final = 1100
"""Height of a view at most."""

GAP_PX: Final = 48
"""Space round every view, for letters."""

HEAD_PX: Final = 60
"""Height of the strip that holds the title."""

LEGEND_PX: Final = 330
"""Height kept for the legend below the axial view; it has two columns."""

SIDES: Final = ((0.0, 0.5, -6, 0), (1.0, 0.5, 6, 0), (0.5, 0.0, 0, -6), (0.5, 1.0, 0, 6))
"""Where a view's letters stand: shares of its width and height, and points to the right and up from there."""

FINEST: Final = 1200
"""Most samples along a side of a view: more than its pixels."""


def open_views(
    low: FloatArray, high: FloatArray, at: FloatArray, title: str, legend_px: int = LEGEND_PX
) -> tuple[Figure, dict[Plane, Axes]]:
    """Return a figure with a titled, empty view of each plane.

    Parameters
    ----------
    low, high
        (3,) mm, what is to be seen.
    at
        (3,) mm, where the planes cut; written below each.
    title
        Written above.
    legend_px
        Height to keep for the legend below the axial view.

    Raises
    ------
    BackendUnavailableError
        If matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    size = np.maximum(high - low, 1e-3)
    room = WIDTH_PX - (len(PLANES) + 1) * GAP_PX
    scale = min(room / sum(size[plane.side] for plane in PLANES), TALLEST_PX / size[1:].max())
    height = max(size[2] * scale, size[1] * scale + legend_px) + HEAD_PX + 2 * GAP_PX
    figure = Figure(figsize=(WIDTH_PX / 100, height / 100), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(GAP_PX / WIDTH_PX, 1 - HEAD_PX / 2 / height, title, fontsize=19, va="center", color=INK)
    left, views = (WIDTH_PX - sum(size[plane.side] for plane in PLANES) * scale - 2 * GAP_PX) / 2, {}
    for plane in PLANES:
        wide, tall = size[plane.side] * scale, size[plane.up] * scale
        box = (left / WIDTH_PX, 1 - (HEAD_PX + GAP_PX + tall) / height, wide / WIDTH_PX, tall / height)
        views[plane] = figure.add_axes(box)
        _frame(views[plane], plane, low, high, at)
        left += wide + GAP_PX
    return figure, views


def _frame(axes: Axes, plane: Plane, low: FloatArray, high: FloatArray, at: FloatArray) -> None:
    """Set the limits of a view and write its name and its directions round it."""
    axes.set_xlim(high[plane.side], low[plane.side])
    axes.set_ylim(low[plane.up], high[plane.up])
    axes.set_xticks([])
    axes.set_yticks([])
    name = f"{plane.name}, {'xyz'[plane.across]} {at[plane.across]:.1f} mm".replace("-", "\u2212")
    for text, (x, y, right, up) in zip((*plane.ends, name), (*SIDES, (0.5, 0, 0, -20)), strict=True):
        axes.annotate(
            text,
            (x, y),
            xytext=(right, up),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=("right", "center", "left")[int(np.sign(right)) + 1],
            va=("top", "center", "bottom")[int(np.sign(up)) + 1],
            color=INK,
        )


def sample(
    volume: LabelVolume, plane: Plane, low: FloatArray, high: FloatArray, at: FloatArray, step_mm: float
) -> LabelArray:
    """Return the labels on a plane, (up, side), each of the voxel that it lies in; 0 outside the volume."""
    ticks = [_ticks(low[axis], high[axis], step_mm) for axis in (plane.up, plane.side)]
    points = np.empty((len(ticks[0]), len(ticks[1]), 3))
    points[..., plane.across] = at[plane.across]
    points[..., plane.up], points[..., plane.side] = ticks[0][:, None], ticks[1]
    indices = np.rint(to_indices(volume.grid, points.reshape(-1, 3))).astype(np.int64)
    within = ((indices >= 0) & (indices < volume.grid.shape)).all(axis=1)
    found = np.zeros(len(indices), dtype=np.uint16)
    found[within] = volume.values[tuple(indices[within].T)]
    return found.reshape(points.shape[:2])


def _ticks(low: float, high: float, step_mm: float) -> FloatArray:
    """Return the middles of equal steps from low to high, no more than a picture shows."""
    count = int(np.clip(np.ceil((high - low) / step_mm), 1, FINEST))
    return np.asarray(low + (np.arange(count) + 0.5) * (high - low) / count)


def show(axes: Axes, picture: FloatArray, plane: Plane, low: FloatArray, high: FloatArray) -> None:
    """Draw samples (up, side, rgb or rgba) into their view."""
    sides = (low[plane.side], high[plane.side], low[plane.up], high[plane.up])
    axes.imshow(picture, extent=sides, origin="lower", interpolation="nearest", aspect="auto")
    axes.set_xlim(high[plane.side], low[plane.side])


def colours(names: Sequence[str]) -> dict[str, Colour]:
    """Return a colour for every name: that of the table of levels, or the next of a circle of twenty."""
    from matplotlib import colormaps

    others = [name for name in names if name not in ROWS]
    circle = {name: colormaps["tab20"](number % 20)[:3] for number, name in enumerate(others)}
    return {name: ROWS[name].colour if name in ROWS else circle[name] for name in names}


def draw_legend(figure: Figure, axes: Axes, entries: Mapping[str, Colour], columns: int = 2) -> None:
    """Explain colours below a view."""
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, edgecolor="0.5", label=text) for text, colour in entries.items()]
    box = axes.get_position()
    place = (max(box.x0 - GAP_PX / WIDTH_PX / 2, 0), box.y0 - 50 / figure.bbox.height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=columns, fontsize=11, frameon=False)


def entries(chosen: Mapping[str, Colour]) -> dict[str, Colour]:
    """Return what a legend says of parts: both sides of a root as one, and all rootlets as one."""
    texts = {name: text for name, text in LABELS.items() if name in chosen}
    texts |= {str(root): f"{root.level} root" for root in ROOTS if str(root) in chosen}
    rootlets = next((name for name in ROOTLET_TISSUES if name in chosen), None)
    texts |= {rootlets: "rootlets, lighter"} if rootlets else {}
    grouped = {*ROOT_TISSUES, *ROOTLET_TISSUES, *LABELS}
    texts |= {name: name for name in chosen if name not in grouped}
    return {text: chosen[name] for name, text in texts.items()}
