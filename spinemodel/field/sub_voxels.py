"""What fills each cell, in parts of a cell: labels of samples in S x S x S sub-voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.errors import InputError
from spinemodel.field._samples import stagger
from spinemodel.field.boxes import Box
from spinemodel.field.problem import Medium
from spinemodel.jit import compiled
from spinemodel.volume._crossings import REACH
from spinemodel.volume.grid import Grid
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.samples import Samples

MAX_PARTS = 255
"""Labels of sub-voxels are bytes, and 0 is what does not conduct."""


def margin_of(subsamples: int) -> int:
    """Return the sub-voxels round a box on each side.

    The ball in which a cell's normal is looked for reaches 1.2 cells from its centre.
    """
    return int(np.ceil(0.7 * subsamples)) + 1


def in_reach(medium: Medium, box: Box, wanted: int) -> int:
    """Return how many sub-voxels along an edge of a cell still reach over all parts, of as many as are wanted.

    Of fewer, an even number: samples of odd ones are not staggered.
    """
    if not medium.parts:
        return wanted
    ends = np.array(medium.corners)
    reach = max(np.abs(ends - box.low).max(), np.abs(ends - box.high).max()) + box.spacing_mm * wanted
    most = int((REACH - 1) * box.spacing_mm / reach)
    return wanted if most >= wanted else max(1, most - most % 2)


def numbers_of(medium: Medium) -> dict[str, int]:
    """Return the label of each part: 1, 2, 3 ... in their order; 0 of those that are taken out.

    Raises
    ------
    InputError
        If there are more than 255 parts, or ``beyond`` is not one that conducts.
    """
    if len(medium.parts) > MAX_PARTS:
        raise InputError(f"medium: got {len(medium.parts)} parts, expected at most {MAX_PARTS}; unite some")
    if medium.beyond is not None and medium.beyond not in medium.conductivity:
        raise InputError(f"medium: beyond is {medium.beyond}, which does not conduct; name a part that does, or None")
    names = list(medium.parts)
    if medium.beyond is not None and medium.beyond not in medium.parts:
        names.append(medium.beyond)
    return {name: n + 1 if name in medium.conductivity else 0 for n, name in enumerate(names)}


def sub_voxels(medium: Medium, box: Box, subsamples: int) -> NDArray[np.uint8]:
    """Return the label of each sub-voxel of a box and of a margin round it.

    Parameters
    ----------
    medium
        What fills space.
    box
        Whose cells are divided.
    subsamples
        Sub-voxels along an edge of a cell, S.

    Returns
    -------
    array
        (S cx + 2 m, S cy + 2 m, S cz + 2 m) with m of :func:`margin_of`; 0 where nothing conducts.
    """
    margin, step = margin_of(subsamples), box.spacing_mm / subsamples
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = box.low + (0.5 - margin) * step
    nx, ny, nz = (subsamples * n + 2 * margin for n in box.cells)
    grid = Grid((nx, ny, nz), affine, medium.space)
    samples = Samples(stagger(subsamples), -margin % subsamples)
    spans = rasterise(list(medium.parts.values()), grid, samples=samples, device="cpu")
    numbers = numbers_of(medium)
    beyond = 0 if medium.beyond is None else numbers[medium.beyond]
    of_surface = np.array([0, *(numbers[name] for name in medium.parts)], dtype=np.uint8)
    labels = np.full(nx * ny * nz, beyond, dtype=np.uint8)
    _fill(spans.start, spans.stop, of_surface[spans.label], labels)
    return labels.reshape(nx, ny, nz)


@compiled
def _fill(start: IntArray, stop: IntArray, label: NDArray[np.uint8], values: NDArray[np.uint8]) -> None:
    """Write each run's label into the sub-voxels."""
    for n in range(len(start)):
        values[start[n] : stop[n]] = label[n]
