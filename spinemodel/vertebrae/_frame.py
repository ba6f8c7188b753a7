"""A first frame of a vertebra: along its foramen, from the arch to the body."""

from __future__ import annotations

from itertools import product
from typing import Final, NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import GeometryError
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import column_of

STEP_MM: Final = 1.5
"""Spacing of the lattice on which the foramen is looked for: a choice, a tenth of its width."""

TILTS_DEG: Final = np.arange(-40.0, 41.0, 10.0)
"""By how much the foramen may lean from the cranial direction given, forwards and sideways (a choice: no lumbar or
thoracic vertebra of a lying person leans more)."""

LEAST_FORAMEN_MM2: Final = 60.0
"""A smaller hole of the silhouette is no vertebral foramen: a choice, a third of the least thoracic one (diameters of
about 15 mm), and more than holes that masks and meshes have in thin bone."""


NEAR_MM: Final = 5.0
"""What lies this near to the midline stands for it: a choice, less than half the width of a foramen."""


class Start(NamedTuple):
    """A first frame.

    Attributes
    ----------
    axes
        (3, 3) rows right, anterior, cranial; orthonormal.
    centre
        (3,) mm, in the middle of the body.
    canal
        (3,) mm, a point of the foramen's axis; not a number where there is no foramen.
    """

    axes: FloatArray
    centre: FloatArray
    canal: FloatArray


def orthonormal(cranial: FloatArray, anterior: FloatArray) -> FloatArray:
    """Return axes (3, 3) right, anterior, cranial: ``cranial`` as given, the others nearest to ``anterior``."""
    up = cranial / np.linalg.norm(cranial)
    right = np.cross(anterior, up)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(up, right), up])


def lattice(
    axes: FloatArray, centre: FloatArray, low: FloatArray, high: FloatArray, step: FloatArray, space: str
) -> Grid:
    """Return a grid along ``axes`` that reaches from ``low`` to ``high`` (3,) mm about ``centre``.

    One voxel's centre lies at ``centre``, so that a body and its copy elsewhere are sampled at the same places.
    """
    first, last = np.floor(low / step), np.ceil(high / step)
    affine = np.eye(4)
    affine[:3, :3] = axes.T * step
    affine[:3, 3] = centre + affine[:3, :3] @ first
    nx, ny, nz = (int(n) for n in last - first + 1)
    return Grid((nx, ny, nz), affine, space)


def extent(surface: Surface, axes: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least and greatest coordinates (3,) mm along ``axes`` about ``centre``."""
    local = (surface.vertices - centre) @ axes.T
    return local.min(axis=0), local.max(axis=0)


def cloud(surface: Surface, axes: FloatArray) -> FloatArray:
    """Return points spread evenly through the bone, (n, 3) mm."""
    centre = surface.vertices.mean(axis=0)
    low, high = extent(surface, axes, centre)
    runs = rasterise(surface, lattice(axes, centre, low, high, np.full(3, STEP_MM), surface.space), device="cpu")
    i, j, start, stop = column_of(runs)
    lengths = stop - start
    k = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - start, lengths)
    if not len(k):
        raise GeometryError(f"surface {surface.name}: encloses nothing; is it in millimetres?")
    return to_mm(runs.grid, np.stack([np.repeat(i, lengths), np.repeat(j, lengths), k], axis=1).astype(float))


class Silhouette(NamedTuple):
    """What points cover, seen along the cranial axis.

    Attributes
    ----------
    mask
        (nx, ny) pixels of :data:`STEP_MM`; those at the border are empty.
    low
        (2,) mm right and anterior, place of the first pixel.
    """

    mask: BoolArray
    low: FloatArray

    def place(self, pixels: FloatArray) -> FloatArray:
        """Return the places of pixels (..., 2), mm right and anterior."""
        return np.asarray(self.low + pixels * STEP_MM)


def silhouette(local: FloatArray) -> Silhouette:
    """Return what points (n, 3) mm in a frame cover, seen along its third axis."""
    flat = np.ascontiguousarray(local[:, :2].T)
    low = flat.min(axis=1) - STEP_MM
    i, j = np.round((flat - low[:, None]) / STEP_MM).astype(np.int64)
    mask = np.zeros((i.max() + 2, j.max() + 2), dtype=bool)
    mask[i, j] = True
    return Silhouette(mask, low)


def foramen(mask: BoolArray) -> BoolArray | None:
    """Return the largest region of background that the mask encloses; none where there is none large enough."""
    regions, _ = label(~mask)
    sizes = np.bincount(regions.reshape(-1))
    sizes[[0, regions[0, 0]]] = 0  # the bone, and what lies round it: the border is empty
    if not sizes.max() * STEP_MM**2 >= LEAST_FORAMEN_MM2:
        return None
    return np.asarray(regions == sizes.argmax())


def start(surface: Surface, cranial: FloatArray, anterior: FloatArray) -> tuple[Start, FloatArray]:
    """Return the frame along which the foramen shows best, or as given where none shows, and the cloud of points."""
    axes = orthonormal(cranial, anterior)
    points = cloud(surface, axes)
    leans = [lean for lean in product(TILTS_DEG, TILTS_DEG) if np.hypot(*lean) <= TILTS_DEG[-1] + 1]
    best = _clearest(points, axes, leans)
    best = _clearest(points, axes, [(best[0] + f, best[1] + s) for f, s in product((-5.0, 0.0, 5.0), repeat=2)])
    seen = _foramen_mm2(points, tilted(axes, *best)) > 0
    return _place(points, tilted(axes, *best) if seen else axes), points


def tilted(axes: FloatArray, forwards_deg: float, sideways_deg: float) -> FloatArray:
    """Return axes whose cranial one leans forwards and to the right."""
    up = axes[2] + np.tan(np.radians(forwards_deg)) * axes[1] + np.tan(np.radians(sideways_deg)) * axes[0]
    return orthonormal(up, axes[1])


def _clearest(points: FloatArray, axes: FloatArray, leans: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the lean along which the foramen is widest; of equals the least."""
    return max(leans, key=lambda lean: (_foramen_mm2(points, tilted(axes, *lean)), -np.hypot(*lean)))


def _foramen_mm2(points: FloatArray, axes: FloatArray) -> float:
    """Return the area of the foramen seen along the third of ``axes``; 0 where there is none."""
    hole = foramen(silhouette(points @ axes.T).mask)
    return 0.0 if hole is None else float(hole.sum()) * STEP_MM**2


def _place(points: FloatArray, axes: FloatArray) -> Start:
    """Return the frame turned from the foramen to the body: where the widest circle fits into the silhouette."""
    local = points @ axes.T
    seen = silhouette(local)
    room = np.asarray(distance_transform_edt(seen.mask))
    middle = seen.place(np.argwhere(room >= 0.95 * room.max()).mean(axis=0))
    near = np.linalg.norm(local[:, :2] - middle, axis=1) < NEAR_MM
    centre = np.append(middle, local[near, 2].mean()) @ axes
    hole = foramen(seen.mask)
    if hole is None:
        return Start(axes, centre, np.full(3, np.nan))
    canal = seen.place(np.argwhere(hole).mean(axis=0))
    return Start(orthonormal(axes[2], (middle - canal) @ axes[:2]), centre, np.append(canal, centre @ axes[2]) @ axes)


def back_of_body(points: FloatArray, axes: FloatArray, centre: FloatArray) -> tuple[float, FloatArray]:
    """Return how far the body reaches back, mm, and the foramen's centre (3,) mm at the height of ``centre``.

    It ends where the foramen begins, in the middle third of that. Where the arch is open, it ends at the first gap
    behind the centre, and the gap is the foramen if there is bone behind it; else the foramen is not a number.
    """
    seen = silhouette((points - centre) @ axes.T)
    hole = foramen(seen.mask)
    if hole is None:
        return _back_of_open(seen, axes, centre)
    at = seen.place(np.argwhere(hole).astype(float))
    middle = at.mean(axis=0)
    within = np.abs(at[:, 0] - middle[0]) <= max(np.ptp(at[:, 0]) / 6, STEP_MM)
    return float(-at[within, 1].max()), np.asarray(centre + middle @ axes[:2])


def _back_of_open(seen: Silhouette, axes: FloatArray, centre: FloatArray) -> tuple[float, FloatArray]:
    """Return the same of a vertebra whose arch is open, or that has none."""
    x, y = (low + STEP_MM * np.arange(n) for low, n in zip(seen.low, seen.mask.shape, strict=True))
    bone = seen.mask[np.abs(x) < NEAR_MM].mean(axis=0) > 0.5
    empty = np.flatnonzero(~bone & (y < 0))
    if not len(empty):
        return 0.0, np.full(3, np.nan)
    beyond = np.flatnonzero(bone & (y < y[empty[-1]]))
    canal = centre + axes[1] * (y[empty[-1]] + y[beyond[-1]]) / 2 if len(beyond) else np.full(3, np.nan)
    return float(-y[empty[-1]]), np.asarray(canal)
