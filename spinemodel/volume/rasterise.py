"""Closed surfaces into the runs of voxels whose centres lie inside.

Each triangle is cut by the rows of the grid, and each cut marks the columns that it crosses, in whole numbers
(:mod:`spinemodel.volume._crossings`); sorted, a column's crossings are its runs (:mod:`spinemodel.volume._columns`). A
sample is inside where the surface winds round it, so that parts of one surface that overlap are united.

A sample is judged as the exact mesh would judge it, unless it lies within 2^-16 voxel of the surface: vertices are
snapped to that lattice. Both processors do the same arithmetic and give the same runs, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.spaces import require_same_space
from spinemodel.volume._closed import require_closed
from spinemodel.volume._device import Device, choose
from spinemodel.volume._rasterise_cpu import Runs, runs
from spinemodel.volume._snap import Mesh, snap
from spinemodel.volume.grid import Grid, Shape
from spinemodel.volume.samples import Samples
from spinemodel.volume.spans import Spans

MAX_TRIANGLES: Final = 1 << 30
"""Most triangles of all surfaces of one call, and most vertices."""


def rasterise(
    surfaces: Surface | Sequence[Surface],
    grid: Grid,
    *,
    labels: Sequence[int] | None = None,
    priorities: Sequence[float] | None = None,
    samples: Samples | None = None,
    device: Device = "auto",
) -> Spans:
    """Return the runs of voxels whose centres lie inside closed surfaces.

    Parameters
    ----------
    surfaces
        One or many, of the grid's space; at most 2^30 triangles and as many vertices, none of them 16384 voxels or more
        away from the grid's first voxel along any axis. What lies outside the grid is cut off. A surface's faces are
        kept, 12 bytes each, for as long as it lives: the next call then need not read them anew.
    grid
        Where the voxels lie.
    labels
        Of the surfaces, 1 to 65535, each once; 1, 2, 3 ... where none are given.
    priorities
        Where surfaces overlap, the highest takes the voxel; of equals, the first. All equal where none are given.
    samples
        Where in its voxel each one's sample lies, in place of the centre; if not there, on the CPU alone.
    device
        ``cpu``; ``cuda``, which needs the extra ``gpu`` and a device; or ``auto``, which takes what there is and can
        do it.

    Raises
    ------
    GeometryError
        If a surface is open or its faces do not agree on what is outside; the message says where.
    InputError
        If a bound is passed, or labels or priorities do not fit.
    SpaceMismatchError
        If a surface does not live in the grid's space.
    BackendUnavailableError
        If ``cuda`` is asked for and cannot be had, or is asked for samples that are not in the middle of voxels.

    Examples
    --------
    >>> from spinemodel.volume.measure import volumes
    >>> faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    >>> corner = Surface("corner", "here", [[0, 0, 0], [8, 0, 0], [0, 8, 0], [0, 0, 8]], faces)
    >>> volumes(rasterise(corner, Grid((8, 8, 8), np.eye(4), "here")))
    {'corner': 120.0}
    """
    group = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    given = list(range(1, len(group) + 1)) if labels is None else list(labels)
    ranks = [0.0] * len(group) if priorities is None else list(priorities)
    _require(group, grid, given, ranks)
    aside = None if samples is None or samples.is_middle else samples
    processor = _processor(device, aside)
    order = sorted(range(len(group)), key=lambda n: (ranks[n], -n))
    ranked = [group[n] for n in order]
    meshes = snap(ranked, grid)
    for surface, mesh in zip(ranked, meshes, strict=True):
        require_closed(surface, mesh, grid)
    found = _runs(meshes, grid.shape, aside, processor)
    names = {label: surface.name for label, surface in zip(given, group, strict=True)}
    of_rank = np.array([given[n] for n in order], dtype=np.uint16)
    return Spans(grid, found.start, found.stop, of_rank[found.rank], names)


def _processor(device: Device, samples: Samples | None) -> str:
    """Return the processor to use; samples that do not lie in the middle are not looked for on a GPU."""
    if samples is not None and device == "cuda":
        raise BackendUnavailableError(
            "rasterise: got device cuda and samples beside the middle of their voxels, which only the CPU can do; "
            "choose device auto or cpu"
        )
    return choose("cpu" if samples is not None and device == "auto" else device)


def _runs(meshes: list[Mesh], shape: Shape, samples: Samples | None, device: str) -> Runs:
    """Return the runs of meshes; what is needed for the GPU is loaded only where it works."""
    if device == "cpu" or not meshes:
        return runs(meshes, shape, samples)
    from spinemodel.volume import _rasterise_cuda

    return _rasterise_cuda.runs(meshes, shape)


def _require(group: list[Surface], grid: Grid, labels: list[int], priorities: list[float]) -> None:
    """Raise unless the surfaces share the grid's space and each has a label and a priority."""
    require_same_space(grid.space, *(surface.space for surface in group))
    if not len(group) == len(labels) == len(priorities):
        raise InputError(
            f"rasterise: got {len(group)} surfaces, {len(labels)} labels and {len(priorities)} priorities; "
            "expected one of each per surface"
        )
    if len(set(labels)) < len(labels) or not all(1 <= label <= 65535 and label == int(label) for label in labels):
        told = ", ".join(map(str, labels))
        raise InputError(f"rasterise: got labels {told}, expected whole numbers from 1 to 65535, each once")
    if not all(isfinite(priority) for priority in priorities):
        raise InputError(f"rasterise: got priorities {', '.join(map(str, priorities))}, expected finite numbers")
    triangles, vertices = (sum(map(len, parts)) for parts in ([s.faces for s in group], [s.vertices for s in group]))
    if max(triangles, vertices) > MAX_TRIANGLES:
        raise InputError(
            f"rasterise: got {triangles} triangles and {vertices} vertices, expected at most {MAX_TRIANGLES} of each; "
            "rasterise in parts"
        )
