"""The picture of two shapes laid onto each other: both outlines in three planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.alignment.shapes import Mask, Shape
from spinemodel.anatomy.slices import section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.report.planes import Plane, draw_legend, open_views, sample
from spinemodel.spaces import Transform, apply, require_same_space
from spinemodel.volume.grid import Grid, spacing, to_mm
from spinemodel.volume.labels import LabelVolume

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIXED: Final = (0.16, 0.40, 0.75)
MOVED: Final = (0.90, 0.40, 0.05)
"""Colours of the shapes: blue and orange, which also the colour-blind tell apart."""

LEGEND_PX: Final = 90
"""Height of the legend, of two lines."""

MARGIN_MM: Final = 3.0
"""Space round what is drawn."""


def moved(shape: Shape, transform: Transform) -> Shape:
    """Return a shape in the target space of a transform; a mask keeps its voxels, which may come to lie oblique.

    Examples
    --------
    >>> shift = Transform(np.eye(4) + 2 * np.eye(4, k=3), "a", "b")
    >>> corner = Surface("corner", "a", [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 2, 1]])
    >>> moved(corner, shift).vertices[0].tolist()
    [2.0, 0.0, 0.0]
    """
    if isinstance(shape, Surface):
        return Surface(shape.name, transform.target, apply(transform, shape.vertices, space=shape.space), shape.faces)
    require_same_space(transform.source, shape.space)
    grid = Grid(shape.volume.grid.shape, transform.matrix @ shape.volume.grid.affine, transform.target)
    return Mask(LabelVolume(grid, shape.volume.values, shape.volume.names), shape.label)


def render_overlay(
    path: Path, fixed: Mapping[str, Shape], moving: Mapping[str, Shape], *, title: str, names: tuple[str, str]
) -> None:
    """Draw shapes of one space over each other as a PNG: coronal, sagittal and axial planes.

    The planes go through the middle of the fixed shape's box.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    fixed, moving
        By name; the moving ones as :func:`moved` brings them.
    title
        Written above.
    names
        What the legend calls the fixed and the moving shape.

    Raises
    ------
    InputError
        If a side is empty.
    SpaceMismatchError
        If they lie in different spaces.
    BackendUnavailableError
        If matplotlib is missing.
    """
    require_same_space(*(shape.space for shape in (*fixed.values(), *moving.values())))
    sides = [_places(list(shapes.values())) for shapes in (fixed, moving)]
    if not all(len(side) for side in sides):
        raise InputError(f"{path}: a shape without surface or voxel; nothing to draw")
    places = np.vstack(sides)
    low, high = places.min(axis=0) - MARGIN_MM, places.max(axis=0) + MARGIN_MM
    at = (sides[0].min(axis=0) + sides[0].max(axis=0)) / 2
    figure, views = open_views(low, high, at, title, LEGEND_PX)
    for plane, axes in views.items():
        for shapes, colour, share in ((fixed, FIXED, 0.25), (moving, MOVED, 0.0)):
            for shape in shapes.values():
                _draw(axes, shape, plane, (low, high, at), colour, share)
    draw_legend(figure, axes, {names[0]: FIXED, names[1]: MOVED}, columns=1)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _places(shapes: Sequence[Shape]) -> FloatArray:
    """Return points (n, 3) mm whose box holds the shapes."""
    found = [np.empty((0, 3))]
    for shape in shapes:
        if isinstance(shape, Surface):
            found.append(shape.vertices)
        else:
            inside = shape.volume.values == shape.label
            ends = [np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {a}))) for a in range(3)]
            corners = np.stack(np.meshgrid(*([end.min(), end.max()] for end in ends if len(end))), axis=-1)
            found.append(to_mm(shape.volume.grid, corners.reshape(-1, 3).astype(np.float64)))
    return np.vstack(found)


def _draw(
    axes: Axes,
    shape: Shape,
    plane: Plane,
    view: tuple[FloatArray, FloatArray, FloatArray],
    colour: tuple[float, float, float],
    share: float,
) -> None:
    """Draw a shape's outline on a plane, filled with a share of its colour."""
    if isinstance(shape, Surface):
        _draw_surface(axes, shape, plane, view[2], colour, share)
    else:
        _draw_mask(axes, shape, plane, view, colour, share)


def _draw_surface(
    axes: Axes, shape: Surface, plane: Plane, at: FloatArray, colour: tuple[float, float, float], share: float
) -> None:
    """Draw where a plane cuts a closed surface."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    loops = [loop[:, [plane.side, plane.up]] for loop in section(shape, at, np.eye(3)[plane.across])]
    if loops:
        outline = Outline.make_compound_path(*(Outline(np.vstack([loop, loop[:1]]), closed=True) for loop in loops))
        axes.add_patch(PathPatch(outline, facecolor=(*colour, share), edgecolor=colour, linewidth=1.4))


def _draw_mask(
    axes: Axes,
    shape: Mask,
    plane: Plane,
    view: tuple[FloatArray, FloatArray, FloatArray],
    colour: tuple[float, float, float],
    share: float,
) -> None:
    """Draw the voxels of a mask that a plane cuts, with their steps."""
    low, high, at = view
    inside = sample(shape.volume, plane, low, high, at, float(spacing(shape.volume.grid).min()) / 4) == shape.label
    if not inside.any():
        return
    ticks = [
        low[axis] + (np.arange(n) + 0.5) * (high[axis] - low[axis]) / n
        for axis, n in zip((plane.side, plane.up), inside.shape[::-1], strict=True)
    ]
    if share:
        axes.contourf(*ticks, inside.astype(float), levels=[0.5, 1.5], colors=[(*colour, share)])
    axes.contour(*ticks, inside.astype(float), levels=[0.5], colors=[colour], linewidths=1.2)
