"""The potential on a plane: the plane and its frame, colours and iso-lines, and the outlines of tissues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.slices import in_plane, section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, freeze
from spinemodel.report.field_scale import Scale, bands, text_of
from spinemodel.report.panels import INK
from spinemodel.report.sections import HALO

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet

SAMPLES_PER_MM: Final = 5.0
"""Of a section. A choice: finer than the solver's cells."""

LINE: Final = (0.1, 0.1, 0.1)
"""Colour of outlines."""

NOTHING: Final = (0.86, 0.86, 0.86)
"""Colour where there is no potential: outside the field, and where nothing conducts."""

TICKS_MM: Final = 10.0
"""Between the numbers along a section."""

BORDER: Final = 0.08
"""Share of the view along its border where no name points to."""

MOST_CORNERS: Final = 400
"""Of an outline, when it is asked what lies within."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A plane with a frame.

    Attributes
    ----------
    name
        Such as ``across the spine``.
    middle
        (3,) mm, the middle of the view.
    right, up
        (3,) of length 1: what runs to the right and upwards in the picture.
    half
        Half the width and height of the view, mm.
    letters
        What lies at the left, right, bottom and top.
    place
        (3,) mm, in the plane: from where the numbers along its sides count.
    """

    name: str
    middle: FloatArray
    right: FloatArray
    up: FloatArray
    half: tuple[float, float]
    letters: str
    place: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("middle", "right", "up", "place"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def normal(self) -> FloatArray:
        """(3,) of the plane, towards the one who looks."""
        return np.cross(self.right, self.up)


def axial(place: FloatArray, along: FloatArray, half: tuple[float, float], ventrally_mm: float = 0.0) -> Cut:
    """Return the plane across a direction towards the head, seen from below: the subject's right is at the left.

    The middle of the view lies ``ventrally_mm`` in front of the place.
    """
    right, ventral = in_plane(along)
    return Cut("across the spine", place + ventrally_mm * ventral, -right, ventral, half, "RLPA", place)


def sagittal(place: FloatArray, along: FloatArray, half: tuple[float, float], ventrally_mm: float = 0.0) -> Cut:
    """Return the plane from back to front along a direction, seen from the left: the front is at the left.

    Examples
    --------
    >>> cut = sagittal(np.zeros(3), np.array([0.0, 0, 1]), (10, 20), 5.0)
    >>> cut.middle.tolist(), cut.right.tolist(), cut.up.tolist(), cut.normal.tolist()
    ([0.0, 5.0, 0.0], [-0.0, -1.0, -0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0])
    """
    _, ventral = in_plane(along)
    up = along / np.linalg.norm(along)
    return Cut("along the spine", place + ventrally_mm * ventral, -ventral, up, half, "APFH", place)


def points_of(cut: Cut, per_mm: float = SAMPLES_PER_MM) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return places to the right (n,) and upwards (m,) of a cut's middle, mm, and their points (m, n, 3)."""
    x, y = (np.linspace(-half, half, 1 + 2 * int(np.ceil(half * per_mm))) for half in cut.half)
    return x, y, cut.middle + x[None, :, None] * cut.right + y[:, None, None] * cut.up


def draw_potential(axes: Axes, cut: Cut, values: FloatArray, scale: Scale) -> QuadContourSet:
    """Fill a view with colours, and draw iso-lines, which are returned.

    Parameters
    ----------
    axes
        Of the view.
    cut
        The plane.
    values
        (m, n) mV on :func:`points_of`; not finite where there is none.
    scale
        Levels.
    """
    x, y, _ = points_of(cut)
    axes.set_facecolor(NOTHING)
    shown = np.ma.masked_invalid(values)
    axes.contourf(x, y, shown, levels=[-np.inf, *scale.levels, np.inf], colors=bands(scale))
    colour = "0.45" if scale.signed else "white"  # the middle of the colours of both signs is white
    lines = axes.contour(x, y, shown, levels=scale.levels, colors=colour, linewidths=0.7, linestyles="solid")
    _frame(axes, cut)
    return lines


def _frame(axes: Axes, cut: Cut) -> None:
    """Give a view its limits, letters, and numbers in mm along its sides, at one scale both ways."""
    (width, height) = cut.half
    axes.set_xlim(-width, width)
    axes.set_ylim(-height, height)
    axes.set_aspect("equal")
    axes.set_xticks(*_ticks(float((cut.place - cut.middle) @ cut.right), width))
    axes.set_yticks(*_ticks(float((cut.place - cut.middle) @ cut.up), height))
    axes.tick_params(axis="x", direction="in", labelsize=9, labelcolor=INK)
    axes.tick_params(axis="y", direction="in", labelsize=9, labelcolor=INK, pad=-7)
    for text in axes.get_yticklabels():  # inside: names of tissues stand outside
        text.set(ha="left", bbox=HALO, zorder=20)
    plain: dict[str, Any] = {"fontsize": 13, "color": INK, "zorder": 20, "transform": axes.transAxes, "bbox": HALO}
    sides = ((0.075, 0.5, "left", "center"), (0.98, 0.5, "right", "center"), (0.5, 0.015, "center", "bottom"),
             (0.5, 0.985, "center", "top"))  # fmt: skip
    for letter, (x, y, ha, va) in zip(cut.letters, sides, strict=True):
        axes.text(x, y, letter, ha=ha, va=va, **plain)


def _ticks(zero: float, half: float) -> tuple[FloatArray, list[str]]:
    """Return the ticks of a side from ``-half`` to ``half`` mm, of which ``zero`` is 0, and their numbers.

    Examples
    --------
    >>> _ticks(-8.0, 20.0)
    (array([-18.,  -8.,   2.,  12.]), ['−10', '0', '10', '20'])
    """
    room = (1 - BORDER / 2) * half
    steps = np.arange(np.ceil((-room - zero) / TICKS_MM), np.floor((room - zero) / TICKS_MM) + 1)
    return zero + TICKS_MM * steps, [text_of(TICKS_MM * step + 0.0) for step in steps]


def outlines(parts: Mapping[str, Surface], cut: Cut) -> dict[str, list[FloatArray]]:
    """Return the loops (k, 2) mm in which a cut's plane meets each part, right and up of its middle."""
    found = {name: section(part, cut.middle, cut.normal) for name, part in parts.items()}
    basis = np.stack([cut.right, cut.up], axis=1)
    return {name: [(loop - cut.middle) @ basis for loop in loops] for name, loops in found.items() if loops}


def inside(loops: Sequence[FloatArray], cut: Cut, per_mm: float = SAMPLES_PER_MM) -> BoolArray:
    """Return which of :func:`points_of` lie in a part, (m, n): an odd number of its loops encloses them."""
    from matplotlib.path import Path as Outline

    x, y, _ = points_of(cut, per_mm)
    flat = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = np.zeros(len(flat), dtype=bool)
    for loop in loops:
        low, high = loop.min(axis=0), loop.max(axis=0)
        near = np.flatnonzero(((flat >= low) & (flat <= high)).all(axis=1))
        coarse = loop[:: 1 + len(loop) // MOST_CORNERS]
        inside[near] ^= Outline(coarse).contains_points(flat[near])
    return inside.reshape(len(y), len(x))


def draw_outlines(axes: Axes, parts: Mapping[str, list[FloatArray]]) -> None:
    """Draw the outlines of tissues as thin lines."""
    for loops in parts.values():
        for loop in loops:
            axes.plot(*np.vstack([loop, loop[:1]]).T, color=LINE, lw=0.6)
