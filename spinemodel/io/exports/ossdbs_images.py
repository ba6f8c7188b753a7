"""What OSS-DBS knows of tissues, as images of the region around a lead.

OSS-DBS 0.5 has five materials by name and no more: its settings drop other names (``ossdbs/utils/settings.py``). A
spine has a dozen. What it has, too, is a tensor per voxel by which the conductivity of the material is multiplied,
everywhere if ``WMMasking`` is false (``fem/volume_conductor/conductivity.py``). So every tissue keeps its own
conductivity, along and across its fibres: grey and white matter are materials of their own, with tensors relative to
them; all others are ``Unknown`` with 1 S/m, and their tensor is the conductivity in S/m.

CSF is not its ``CSF``: OSS-DBS leaves out a fibre of which one point lies in that, and roots lie in the CSF.

OSS-DBS takes voxel i to fill [i, i + 1) of the header's coordinates (the floor of the index), not i - 1/2 to i + 1/2 as
NIfTI has it. The images that it reads have an affine half a voxel lower, which puts each value where it belongs there.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

from spinemodel.anatomy.axis import Axis, frame_at, locate
from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.conductivity import ROOT, Conductivity, material_of
from spinemodel.io.files import atomic
from spinemodel.io.nifti import COMPRESSION
from spinemodel.levels import DORSAL_COLUMNS, GREY, TISSUES, WHITE
from spinemodel.volume.grid import Grid, spacing, to_mm
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume

UNKNOWN: Final = "Unknown"
CLASSES: Final = {UNKNOWN: 0, "Gray matter": 1, "White matter": 2}
"""Materials of OSS-DBS that are used, and their numbers in the image, as its defaults have them."""

CLASS_OF: Final = {GREY.name: "Gray matter", WHITE.name: "White matter", DORSAL_COLUMNS.name: "White matter"}
"""Of our tissues; all others are ``Unknown``."""

COMPONENTS: Final = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""Of the tensor along the image's last axis: xx, xy, xz, yy, yz, zz."""


@dataclass(frozen=True, eq=False)
class Region:
    """The box that is solved in, RAS+ mm.

    Attributes
    ----------
    low, high
        (3,) mm, its corners.
    """

    low: FloatArray
    high: FloatArray


def region_grid(region: Region, spacing_mm: float, space: str) -> Grid:
    """Return the grid that covers a region, with two voxels to spare on every side.

    Raises
    ------
    InputError
        If the spacing is not positive, or gives too many voxels.
    """
    if not spacing_mm > 0:
        raise InputError(f"label volume: got a spacing of {spacing_mm:g} mm, expected more than 0")
    first = np.floor(region.low / spacing_mm) - 2
    shape = (np.ceil(region.high / spacing_mm) + 2 - first).astype(int)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = (first + 0.5) * spacing_mm
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine, space)


def label_region(partition: Partition, grid: Grid) -> LabelVolume:
    """Return which tissue fills each voxel; beyond the model's end, the tissue of the nearest voxel inside.

    Raises
    ------
    InputError
        If no voxel lies in the model.
    """
    parts = partition.parts
    labels = [TISSUES[name].id for name in parts]
    volume = to_volume(rasterise(list(parts.values()), grid, labels=labels, device="cpu"))
    outside = volume.values == 0
    if outside.all():
        raise InputError("lead: lies outside the model's tissues; place it in this model")
    if not outside.any():
        return volume
    nearest = distance_transform_edt(outside, return_distances=False, return_indices=True)
    return LabelVolume(grid, volume.values[tuple(nearest)], volume.names)


def classes(volume: LabelVolume) -> NDArray[np.uint8]:
    """Return the number of OSS-DBS's material in each voxel."""
    table = np.zeros(max(volume.names) + 1, dtype=np.uint8)
    for label, name in volume.names.items():
        table[label] = CLASSES[CLASS_OF.get(name, UNKNOWN)]
    return np.asarray(table[volume.values])


def class_conductivities(values: Mapping[str, Conductivity]) -> dict[str, float]:
    """Return the conductivity that OSS-DBS multiplies the tensors of each material with, S/m.

    White matter's is the one of the tissue White, by its geometric mean.
    """
    order = (DORSAL_COLUMNS.name, WHITE.name, GREY.name)
    own = {CLASS_OF[name]: values[name].isotropic for name in order if name in values}
    return {name: own.get(name, 1.0) for name in CLASSES}


def tensors(
    volume: LabelVolume, values: Mapping[str, Conductivity], axis: Axis, paths: tuple[FibrePath, ...]
) -> NDArray[np.float32]:
    """Return the tensor of each voxel over its material's conductivity, (x, y, z, 6) as ``COMPONENTS``.

    White matter conducts along the spine's axis, roots along the nearest fibre path; of other tissues no direction is
    known, and they conduct by the geometric mean in all.
    """
    base = class_conductivities(values)
    across, more = (np.zeros(max(volume.names) + 1) for _ in range(2))
    for label, name in volume.names.items():
        tissue, unit = values[name], base[CLASS_OF.get(name, UNKNOWN)]
        across[label] = (tissue.across if _directed(name) else tissue.isotropic) / unit
        more[label] = (tissue.along - tissue.across) / unit if _directed(name) else 0.0
    found = np.zeros((*volume.values.shape, 6), dtype=np.float32)
    for k, (i, j) in enumerate(COMPONENTS):
        if i == j:
            found[..., k] = across[volume.values]
    for label, name in volume.names.items():
        where = np.argwhere(volume.values == label) if more[label] else np.empty((0, 3), dtype=np.int64)
        if len(where):
            way = _directions(name, to_mm(volume.grid, where.astype(np.float64)), axis, paths)
            spread = np.stack([more[label] * way[:, i] * way[:, j] for i, j in COMPONENTS], axis=1)
            found[tuple(where.T)] += spread.astype(np.float32)
    return found


def _directed(name: str) -> bool:
    """Tell whether a tissue's fibres have a known direction."""
    return material_of(name) == ROOT or name in (WHITE.name, DORSAL_COLUMNS.name)


def _directions(name: str, points: FloatArray, axis: Axis, paths: tuple[FibrePath, ...]) -> FloatArray:
    """Return the unit directions (n, 3) of a tissue's fibres at points."""
    if material_of(name) != ROOT:
        return np.asarray(frame_at(axis, locate(axis, points)[0])[1][:, 2])
    root = name.removesuffix("_rootlets")
    own = [path for path in paths if path.root == root] or list(paths)
    ways = np.vstack([np.gradient(path.points, axis=0) for path in own])
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    tree = KDTree(np.vstack([path.points for path in own]))
    return np.asarray(ways[np.asarray(tree.query(points)[1])])


def write_image(path: Path, values: NDArray[Any], grid: Grid) -> None:
    """Write voxels for OSS-DBS, whose place is told as it reads it: half a voxel lower; the same bytes every time."""
    import nibabel

    affine = np.array(grid.affine)
    affine[:3, 3] -= spacing(grid) / 2
    image = nibabel.Nifti1Image(values, affine)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"for OSS-DBS: place of voxels half a voxel low"
    with (
        atomic(path) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed,
    ):
        image.to_stream(packed)
