"""Fibre paths as OSS-DBS reads them (HDF5): a group per root, in it ``axon0``, ``axon1``, ... of points in mm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath, inside_box, resampled
from spinemodel.errors import InputError
from spinemodel.io.exports.fibres import roots_of
from spinemodel.io.exports.ossdbs_images import Region
from spinemodel.io.files import atomic

POINTS: Final = 201
"""Of every path. OSS-DBS counts points as if all axons had as many as the first. A choice: 0.5 mm apart on 100 mm."""

SHORTEST_MM: Final = 5.0
"""A stretch in the region that is shorter is left out. A choice: no longer than a few nodes of a thick fibre."""

INSIDE_MM: Final = 0.5
"""Distance that paths keep from the region's border: OSS-DBS drops an axon of which one point is not in its mesh."""


def in_region(paths: Sequence[FibrePath], region: Region) -> tuple[FibrePath, ...]:
    """Return the stretch of every path that lies in the region, each of ``POINTS`` points.

    Raises
    ------
    InputError
        If no path passes through the region.
    """
    cut = [inside_box(path, region.low + INSIDE_MM, region.high - INSIDE_MM) for path in paths]
    kept = [resampled(path, POINTS) for path in cut if path is not None and path.arc_mm[-1] >= SHORTEST_MM]
    if not kept:
        raise InputError("fibre paths: none passes near the lead; place the lead beside the cord or the roots")
    return tuple(kept)


def write_pathways(path: Path, paths: Sequence[FibrePath]) -> None:
    """Write paths as HDF5; the attribute ``inx`` of an axon counts all paths, ``name`` is ours; the same bytes anew."""
    import h5py  # type: ignore[import-untyped,unused-ignore]

    count = 0
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        for root, own in roots_of(paths).items():
            group = file.create_group(root)
            for k, fibre in enumerate(own):
                axon = group.create_dataset(f"axon{k}", data=np.array(fibre.points), track_times=False)
                axon.attrs["inx"], axon.attrs["name"] = count, fibre.name
                count += 1


def mesh_sizes(paths: Sequence[FibrePath], size_mm: float) -> str:
    """Return Netgen's file of mesh sizes that asks for elements of ``size_mm`` along the paths.

    Format: number of points, a line ``x y z h`` each, and the number of lines, none (Netgen, ``LocalH`` from file).
    """
    step = max(1, int(size_mm / 0.5))
    points = np.vstack([path.points[::step] for path in paths])
    rows = [f"{x:.3f} {y:.3f} {z:.3f} {size_mm:g}" for x, y, z in points]
    return "\n".join([str(len(rows)), "", *rows, "", "0", ""])
