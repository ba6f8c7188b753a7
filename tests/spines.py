"""A short synthetic spine, made once for all tests that need one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from spinemodel.anatomy.build import build
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.io.label_table import write_label_table
from spinemodel.io.nifti import write_volume
from spinemodel.io.sidecar import beside
from spinemodel.vertebrae.mask import VertebralMask
from spinemodel.vertebrae.phantom import phantom_mask
from spinemodel.vertebrae.spine import Spine, examine
from spinemodel.volume.labels import LabelVolume

LUMBAR = ("T12", "L1", "L2", "L3")
KEPT = {*LUMBAR, "T12-L1", "L1-L2", "L2-L3", "Canal"}


@cache
def anatomy() -> Anatomy:
    return build(annotate(Phantom()))


@cache
def lumbar_mask() -> VertebralMask:
    """T12 to L3 with discs and canal, in voxels of 1.25 mm."""
    whole = phantom_mask(anatomy(), 1.25)
    regions = {label: region for label, region in whole.regions.items() if region.name in KEPT}
    values = np.where(np.isin(whole.volume.values, list(regions)), whole.volume.values, 0).astype(np.uint16)
    bones = [label for label, region in regions.items() if region.name != "Canal"]
    z = np.flatnonzero(np.isin(values, bones).any(axis=(0, 1)))
    values = np.ascontiguousarray(values[:, :, z[0] - 3 : z[-1] + 4])
    affine = whole.volume.grid.affine @ np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, z[0] - 3], [0, 0, 0, 1]])
    grid = replace(whole.volume.grid, shape=values.shape, affine=affine)
    names = {label: region.name for label, region in regions.items()}
    return replace(whole, volume=LabelVolume(grid, values, names), regions=regions)


def written_mask(folder: Path, name: str = "sub-toy_dseg.nii.gz") -> Path:
    """The short spine as a file, with the table of its labels beside it."""
    mask = lumbar_mask()
    path = folder / name
    write_volume(path, mask.volume)
    write_label_table(beside(path, ".tsv"), mask.volume.names)
    return path


@cache
def lumbar_spine() -> Spine:
    return examine(lumbar_mask())
