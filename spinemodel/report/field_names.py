"""Names of tissues beside a section, each with a line to where the tissue is widest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES
from spinemodel.report.field_sections import BORDER, LINE, Cut, inside, points_of
from spinemodel.report.panels import INK
from spinemodel.report.section_parts import LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_MM: Final = 0.1
"""A part is named where a circle of this radius fits into it. A choice: less than half of the dura."""

NAMING_PER_MM: Final = 5.0
"""Samples when the place of a name is looked for: fine enough for the dura."""


def draw_names(axes: Axes, parts: Mapping[str, list[FloatArray]], cut: Cut) -> None:
    """Write the names of tissues beside the view, each with a line to where it is widest; roots as one."""
    rows = [(label, *_widest(loops, cut)) for label, loops in _named(parts).items()]
    shown = [(label, place) for label, place, radius in rows if radius >= LEAST_MM]
    for side in (-1, 1):
        column = sorted((row for row in shown if (row[1][0] >= 0) == (side > 0)), key=lambda row: row[1][1])
        for (label, place), y in zip(column, _spread([place[1] for _, place in column], cut.half[1]), strict=True):
            axes.annotate(
                label, place, xytext=(side * cut.half[0] * 1.03, y), fontsize=11, color=INK, va="center",
                ha="left" if side > 0 else "right", annotation_clip=False, zorder=18,
                arrowprops={"arrowstyle": "-", "lw": 0.7, "color": LINE, "shrinkA": 1, "shrinkB": 0},
            )  # fmt: skip
            axes.plot(*place, marker="o", markersize=2.6, color=LINE, zorder=18)


def _named(parts: Mapping[str, list[FloatArray]]) -> dict[str, list[FloatArray]]:
    """Return the loops by what they are called: all roots, and all rootlets, as one."""
    named: dict[str, list[FloatArray]] = {}
    for name, loops in parts.items():
        label = "roots" if name in ROOT_TISSUES else "rootlets" if name in ROOTLET_TISSUES else LABELS.get(name, name)
        named.setdefault(label, []).extend(loops)
    return named


def _widest(loops: Sequence[FloatArray], cut: Cut) -> tuple[tuple[float, float], float]:
    """Return a place where nearly the widest circle fits into a part in view, and its radius, mm.

    Of all such places it is the one nearest to the middle of the upper half of the view: the contact is below.
    """
    from scipy.ndimage import distance_transform_edt

    x, y, _ = points_of(cut, NAMING_PER_MM)
    depth = distance_transform_edt(inside(loops, cut, NAMING_PER_MM)) / NAMING_PER_MM
    depth *= (np.abs(y) < (1 - BORDER) * cut.half[1])[:, None] & (np.abs(x) < (1 - BORDER) * cut.half[0])
    far = np.hypot(x[None], y[:, None] - cut.half[1] / 2)
    row, column = np.unravel_index(int(np.argmin(np.where(depth >= 0.9 * depth.max(), far, np.inf))), depth.shape)
    return (float(x[column]), float(y[row])), float(depth[row, column])


def _spread(places: Sequence[float], half: float) -> FloatArray:
    """Return heights, rising, near the given ones but far enough apart to be read, within the view.

    Examples
    --------
    >>> _spread([0.0, 0.1, 5.0], 20.0).round(2).tolist()
    [-0.55, 0.65, 5.0]
    """
    gap = 0.06 * half
    found = np.array(places, dtype=float)
    for _ in range(200):
        close = gap - np.diff(found)
        push = np.where(close > 1e-6, close / 2, 0.0)
        found[1:] += push
        found[:-1] -= push
        found = found.clip(-0.97 * half, 0.97 * half)
    return found
