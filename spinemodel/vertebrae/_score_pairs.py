"""Two masks side by side: what their regions share, where they lie, and which are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from scipy.ndimage import find_objects

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.volume.grid import Grid, require_same_grid, to_mm
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.measure import overlaps, voxel_counts
from spinemodel.volume.spans import to_spans

Box: TypeAlias = tuple[slice, ...]

IDENTIFIED_MM: Final = 20.0
"""Farthest that the centre of an identified vertebra lies from the reference's (VerSe)."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the masks: voxels and least box of each label that occurs, label and centre (mm) of each name."""

    mask: VertebralMask
    voxels: Mapping[int, int]
    boxes: Mapping[int, Box]
    labels: Mapping[str, int]
    centres: Mapping[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Pair:
    """Both masks, and how many voxels have label a in the reference and b in the prediction, by (a, b)."""

    reference: Side
    predicted: Side
    common: Mapping[tuple[int, int], int]


def compare(reference: VertebralMask, predicted: VertebralMask) -> Pair:
    """Return two masks of one grid with their counts.

    Centres are those that the datasets mark where both mark all their vertebrae, else the centres of mass: a marked
    centre is that of the body, and a vertebra's centre of mass lies behind it.
    """
    require_same_grid(reference.volume.grid, predicted.volume.grid)
    runs = to_spans(reference.volume), to_spans(predicted.volume)
    sides = [_side(mask, voxel_counts(spans)) for mask, spans in zip((reference, predicted), runs, strict=True)]
    if all(set(_vertebrae(side, whole=True)) <= set(side.mask.centroids) for side in sides):
        sides = [replace(side, centres={**side.centres, **side.mask.centroids}) for side in sides]
    return Pair(sides[0], sides[1], overlaps(*runs))


def _side(mask: VertebralMask, counts: Mapping[int, int]) -> Side:
    """Return a mask with what its regions hold; regions without a voxel are left out."""
    held = {label: counts[label] for label in mask.regions if counts.get(label)}
    boxes = find_objects(mask.volume.values)
    found = {label: boxes[label - 1] for label in held}
    names = {name: label for name, label in labels_of(mask).items() if label in held}
    middles = {name: _mass_centre(mask.volume, label, found[label]) for name, label in names.items()}
    return Side(mask, held, found, names, middles)


def by_name(pair: Pair) -> dict[int, int]:
    """Return the predicted label of each label of the reference that has one of its name."""
    mine, theirs = pair.reference.labels, pair.predicted.labels
    return {label: theirs[name] for name, label in mine.items() if name in theirs}


def by_overlap(pair: Pair) -> dict[int, int]:
    """Return the predicted label that each label of the reference shares most voxels with; of equal ones the least."""
    best: dict[int, int] = {}
    for (a, b), count in sorted(pair.common.items()):
        if a not in best or count > pair.common[a, best[a]]:
            best[a] = b
    return best


def cut_out(pair: Pair, label: int, other: int) -> tuple[BoolArray, BoolArray, Grid]:
    """Return two regions in the least box round both, with a voxel more on each side that the grid has."""
    boxes = pair.reference.boxes[label], pair.predicted.boxes[other]
    box = tuple(slice(max(min(a.start, b.start) - 1, 0), max(a.stop, b.stop) + 1) for a, b in zip(*boxes, strict=True))
    volume = pair.reference.mask.volume
    first, second = volume.values[box] == label, pair.predicted.mask.volume.values[box] == other
    affine = volume.grid.affine.copy()
    affine[:3, 3] = to_mm(volume.grid, np.array([[float(part.start) for part in box]]))[0]
    return first, second, Grid(first.shape, affine, volume.grid.space)


def identified(pair: Pair) -> dict[str, bool]:
    """Tell of each vertebra of the reference whether the one of its name lies within 20 mm, and nearest to it."""
    names = _vertebrae(pair.reference)
    own = np.array([pair.reference.centres[name] for name in names])
    told = dict.fromkeys(names, False)
    for n, name in enumerate(names):
        if name in pair.predicted.labels:
            apart = np.linalg.norm(own - pair.predicted.centres[name], axis=1)
            told[name] = bool(apart[n] <= IDENTIFIED_MM and apart.argmin() == n)
    return told


def _vertebrae(side: Side, *, whole: bool = False) -> list[str]:
    """Return the names of the vertebrae that occur; of those not partly visible, where asked for."""
    regions = [side.mask.regions[label] for label in side.labels.values()]
    return [region.name for region in regions if region.kind == "vertebra" and not (whole and region.partial)]


def _mass_centre(volume: LabelVolume, label: int, box: Box) -> FloatArray:
    """Return the mean of a region's voxels, mm."""
    mean = np.argwhere(volume.values[box] == label).mean(axis=0) + [part.start for part in box]
    return np.asarray(to_mm(volume.grid, mean[None])[0], dtype=np.float64)
