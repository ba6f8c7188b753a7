"""Masks of a made-up spine: blocks for bodies in front, thin processes behind, a disc under each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spinemodel.volume.grid import Grid
from vertebrae import DATA

STEP = 12
"""Voxels from one vertebra to the next."""


def real(name: str) -> Path:
    """A file of the real data, or skip."""
    if not (DATA / name).exists():
        pytest.skip(f"no {name} in the data folder; set SPINEMODEL_DATA to the folder that holds it")
    return DATA / name


def spine(labels: Sequence[int], discs: Sequence[int] = ()) -> NDArray[np.uint16]:
    """Vertebrae from head to foot in an array of axes right, front and head, with discs below them where given."""
    values = np.zeros((25, 40, STEP * len(labels) + 6), dtype=np.uint16)
    for i, label in enumerate(labels):
        top = values.shape[2] - 3 - STEP * i
        values[6:17, 20:34, top - 8 : top] = label
        values[10:13, 6:20, top - 5 : top - 2] = label
        if i < len(discs):
            values[7:16, 21:33, top - 11 : top - 8] = discs[i]
    return values


def body_centres(labels: Sequence[int], values: NDArray[np.uint16]) -> dict[int, tuple[float, float, float]]:
    """Voxels of the bodies' centres by label."""
    return {label: (11.0, 26.5, values.shape[2] - 7.5 - STEP * i) for i, label in enumerate(labels)}


def grid_of(values: NDArray[np.uint16], spacing: tuple[float, float, float] = (2.0, 1.5, 3.0)) -> Grid:
    """A RAS grid away from the origin."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-30.0, 100.0, -900.0)
    return Grid(values.shape, affine, "made-up/scanner")


def write_nifti(path: Path, values: NDArray[np.generic], affine: NDArray[np.float64] | None = None) -> Path:
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, grid_of(values).affine if affine is None else affine), path)
    return path


def write_metaimage(path: Path, values: NDArray[np.generic], grid: Grid | None = None, packed: bool = True) -> Path:
    """As SPIDER's files are: compressed, one element per voxel, LPS."""
    import SimpleITK

    grid = grid or grid_of(values)
    lps = np.diag([-1.0, -1.0, 1.0]) @ grid.affine[:3]
    sides = np.linalg.norm(lps[:, :3], axis=0)
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values.transpose()))
    image.SetOrigin(lps[:, 3].tolist())
    image.SetSpacing(sides.tolist())
    image.SetDirection((lps[:, :3] / sides).ravel().tolist())
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(path), packed)
    return path
