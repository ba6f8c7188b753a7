"""A lead field on points of one's choice: which points a volume has, and the potential there.

Values are mV, of montages at their currents; NaN where nothing conducts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError
from spinemodel.field.boxes import Box
from spinemodel.field.crop import crop
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage, combined, currents, superpose
from spinemodel.field.sampling import Done, potential
from spinemodel.io.export_room import require_room
from spinemodel.spaces import require_same_space
from spinemodel.volume.grid import Grid, spacing, to_mm

SLAB: Final = 1 << 18
"""Points that are sampled at a time, so that little memory is needed."""

NEAR_MM: Final = 1e-6
"""Keeps the box of points in one plane from being flat. Points are farther apart."""


def lattice(
    field: LeadField,
    region: tuple[ArrayLike, ArrayLike] | None = None,
    spacing_mm: float | None = None,
    volumes: int = 1,
) -> Grid:
    """Return the points of an exported volume, or of several.

    Parameters
    ----------
    field
        To export.
    region
        Corners, (3,) mm each, of what to export; by default the box of the cells that the field was asked for, round
        the sac: a finer one round the lead holds hardly more than the lead.
    spacing_mm
        Of the points; that of these cells by default. Points lie on whole multiples of it.
    volumes
        How many are to be exported.

    Raises
    ------
    InputError
        If the region is empty or not all in the field, the spacing is not positive, or the numbers do not fit into one
        file or the memory.
    """
    asked = _asked_box(field)
    h = asked.spacing_mm if spacing_mm is None else float(spacing_mm)
    low, high = (np.asarray(end, dtype=np.float64) for end in region or (asked.low, asked.high))
    if not NEAR_MM < h < np.inf or low.shape != (3,) or high.shape != (3,) or not (low < high).all():
        raise InputError(f"export: got the box {low} to {high} at {h:g} mm, expected a box at a spacing above "
                         f"{NEAR_MM:g} mm")  # fmt: skip
    require_within(field, low, high)
    first, last = np.ceil(low / h - 1e-9), np.floor(high / h + 1e-9)
    nx, ny, nz = (int(n) for n in (last - first + 1).clip(1))
    require_room((nx, ny, nz), h, volumes)
    affine = np.diag([h, h, h, 1.0])
    affine[:3, 3] = first * h
    return Grid((nx, ny, nz), affine, field.space)


def _asked_box(field: LeadField) -> Box:
    """Return the box of the cells that a field was asked for, where it tells; else the finest."""
    wanted = dict(field.about.get("settings") or {}).get("spacing_mm", 0.0)
    return next((box for box in field.boxes if box.spacing_mm >= wanted - NEAR_MM), field.boxes[0])


def require_within(field: LeadField, low: ArrayLike, high: ArrayLike) -> None:
    """Refuse a box of which not all lies in the field: beyond it there is no potential.

    Raises
    ------
    InputError
        If some of the box ``low`` to ``high``, (3,) mm each, lies outside.
    """
    domain = field.boxes[-1]
    if (np.asarray(low) < domain.low - NEAR_MM).any() or (np.asarray(high) > domain.high + NEAR_MM).any():
        got, reach = (
            ", ".join(f"{a:g} to {b:g}" for a, b in zip(*ends, strict=True))
            for ends in ((np.asarray(low), np.asarray(high)), (domain.low, domain.high))
        )
        raise InputError(f"export: the box {got} mm is not all in the field, {reach} mm; give one in it")


def on_points(field: LeadField, points: FloatArray, several: Sequence[Montage]) -> FloatArray:
    """Return the potential of montages at points (n, 3) mm, (montages, n) mV; NaN where there is none.

    One montage is summed up before it is sampled, and only near the points.

    Raises
    ------
    InputError
        If the field has not the contacts.
    """
    for montage in several:
        currents(montage, field.contacts)
    low, high = points.min(axis=0) - NEAR_MM, points.max(axis=0) + NEAR_MM
    if not any((box.low < high).all() and (box.high > low).all() for box in field.boxes):
        return np.full((len(several), len(points)), np.nan)
    part = crop(field, low, high)
    if len(several) == 1:
        return potential(superpose(part, several[0]), points, missing="nan")
    each = potential(part, points, missing="nan")
    return np.stack([combined(each, montage, field.contacts) for montage in several])


def sampled(
    field: LeadField, grid: Grid, wanted: Mapping[str, Montage], progress: Done = lambda done, of: None
) -> NDArray[np.float32]:
    """Return the potential of each montage on the points of a grid, (montages, nx, ny, nz) mV.

    On nodes of a box they are the solver's own values, where no patch has others. ``progress`` is told the number of
    points done, now and then, and of all.

    Raises
    ------
    SpaceMismatchError
        If field and grid lie in different spaces.
    InputError
        If the field has not the contacts, or the numbers do not fit into one file or the memory.
    """
    require_same_space(field.space, grid.space)
    require_room(grid.shape, float(spacing(grid).max()), len(wanted))
    nodes, found = _nodes(field, grid), np.empty((len(wanted), *grid.shape), dtype=np.float32)
    if nodes is not None:
        rows = np.array([currents(montage, field.contacts) for montage in wanted.values()])
        for i, j in _slabs(grid):
            found[:, i:j] = np.tensordot(rows, nodes[:, i:j], axes=1)
        _by_patches(field, grid, list(wanted.values()), found, progress)
        return found
    for i, j in _slabs(grid):
        indices = np.moveaxis(np.indices((j - i, *grid.shape[1:]), dtype=np.float64), 0, -1).reshape(-1, 3)
        values = on_points(field, to_mm(grid, indices + np.array([i, 0, 0])), list(wanted.values()))
        found[:, i:j] = values.reshape(len(wanted), j - i, *grid.shape[1:])
        progress(j * found[0, 0].size, found[0].size)
    return found


def _nodes(field: LeadField, grid: Grid) -> NDArray[np.float32] | None:
    """Return the values of the contacts on a grid of nodes of one box; None where it is another grid."""
    several = zip(field.boxes, field.potential, strict=True)
    return next((found for one in several if (found := _nodes_of(*one, grid)) is not None), None)


def _nodes_of(box: Box, values: NDArray[np.float32], grid: Grid) -> NDArray[np.float32] | None:
    """Return the values on a grid of a box's nodes; None where it is another grid."""
    if not np.allclose(np.diag(grid.affine)[:3], box.spacing_mm, rtol=1e-9):
        return None
    first = np.rint((grid.affine[:3, 3] - box.low) / box.spacing_mm).astype(int)
    last = first + np.array(grid.shape)
    off = np.abs(box.low + first * box.spacing_mm - grid.affine[:3, 3]).max()
    if off > 1e-6 or (first < 0).any() or (last > box.nodes).any():
        return None
    x, y, z = (slice(a, b) for a, b in zip(first, last, strict=True))
    return np.asarray(values[:, x, y, z])


def _by_patches(
    field: LeadField, grid: Grid, several: Sequence[Montage], found: NDArray[np.float32], progress: Done
) -> None:
    """Write the potential (montages, nx, ny, nz) of the points that lie in patches over that of the boxes."""
    flat, places = found.reshape(len(found), -1), np.flatnonzero(_in_patches(field, grid))
    done = flat.shape[1] - len(places)
    for part in np.split(places, range(SLAB, len(places), SLAB)) if len(places) else ():
        indices = np.stack(np.unravel_index(part, grid.shape), axis=1).astype(np.float64)
        flat[:, part] = on_points(field, to_mm(grid, indices), several)
        done += len(part)
        progress(done, flat.shape[1])


def _in_patches(field: LeadField, grid: Grid) -> BoolArray:
    """Return which points of a grid lie in a patch, (nx, ny, nz)."""
    inside = np.zeros(grid.shape, dtype=bool)
    spacing, first = np.diag(grid.affine)[:3], grid.affine[:3, 3]
    for patch in field.patches:
        low = np.ceil((patch.box.low - first) / spacing).clip(0).astype(int)
        high = np.floor((patch.box.high - first) / spacing).clip(-1).astype(int)
        inside[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = True
    return inside


def _slabs(grid: Grid) -> Iterator[tuple[int, int]]:
    """Yield the first and the last but one plane of slabs that hold few points."""
    nx, ny, nz = grid.shape
    step = max(1, SLAB // (ny * nz))
    yield from ((i, min(i + step, nx)) for i in range(0, nx, step))
