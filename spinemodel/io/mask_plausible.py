"""Whether a mask of vertebrae can be what its file says: levels from head to foot, bodies in front, marks inside.

A mirrored affine or a wrong label map leaves a file that reads well and is wrong. Three facts of every spine tell:

- levels descend: the mean of a lower vertebra lies further down;
- the body lies in front: of a vertebra's own mean (VerSe's body centres: 9 to 14 mm in sub-verse004), so do the
  discs, and the mean lies in front of the middle between front and back, since the spinous process is thin (1.5 to
  14.9 mm in the whole vertebrae of sub-verse004 and of the samples of TPTBox);
- a body centre lies in the box around its vertebra.

Left and right cannot be told from one another in a mask alone; body centres that state a direction tell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.ndimage import find_objects

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.io.centroids import Marks, axis_codes, to_voxels
from spinemodel.vertebrae.mask import Region
from spinemodel.vertebrae.names import rank
from spinemodel.volume.grid import spacing, to_indices, to_mm
from spinemodel.volume.labels import LabelVolume

MARGIN_MM: Final = 5.0
"""How far outside its vertebra's box a body centre may lie. A choice: in sub-verse004 all lie well inside."""

SWAPPED_MM: Final = 10.0
"""How far a vertebra may lie above the one that should be above it. A choice: means of neighbours are 23 to 34 mm apart
in the samples, a spine that lies level reaches 0, and only one that turns over reaches 10."""

BEHIND_MM: Final = 1.0
"""How far behind the bodies may seem to lie. A choice: in the samples all lie 1.5 mm or more in front, and a mirrored
mask changes the sign."""

CLOSER_VOXELS: Final = 1.0
"""By how much marks must fit better as stored, besides half the distance, to say that a direction is wrong. A choice:
in sub-verse004 the right side is off by 0.6 voxels from left to right, the mirrored one by 2.4."""

LEAST: Final = 3
"""Fewest marked vertebrae from which left and right are told. A choice."""

RING: Final = ("C1", "C2")
"""Vertebrae without the form of the others."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a structure lies.

    Attributes
    ----------
    name
        As in the regions.
    kind
        vertebra, disc or sacrum.
    mean
        (3,) mm.
    front
        How far its mean lies in front of the middle between its front and its back, mm.
    low, high
        (3,) first and last voxel along each axis.
    whole
        Whether it is said to be whole and does not touch the image's border, but for the borders left and right: a
        sagittal MRI cuts transverse processes, which says nothing of front and back.
    """

    name: str
    kind: str
    mean: FloatArray
    front: float
    low: IntArray
    high: IntArray
    whole: bool


def places(volume: LabelVolume, regions: Mapping[int, Region]) -> tuple[Place, ...]:
    """Return where vertebrae, discs and sacrum lie, from head to foot."""
    boxes = find_objects(volume.values)
    wanted = [(label, region) for label, region in regions.items() if region.kind in ("vertebra", "disc", "sacrum")]
    found = [_place(volume, label, region, boxes[label - 1]) for label, region in wanted]
    return tuple(sorted(found, key=lambda place: rank(place.name)))


def require_upright(file: Path, found: tuple[Place, ...]) -> None:
    """Raise unless levels descend and bodies lie in front, as far as the mask tells.

    Raises
    ------
    InputError
        If it is upside down, back to front, or two levels are swapped.
    """
    ladder = [place for place in found if place.kind == "vertebra"]
    ladder = ladder if len(ladder) > 1 else [place for place in found if rank(place.name) < rank("Coccyx")]
    heights = np.array([place.mean[2] for place in ladder])
    rising = np.diff(heights)
    if len(rising) and 2 * (rising > 0).sum() > len(rising):
        ends = " and ".join(f"{place.name} at z {place.mean[2]:.0f} mm" for place in (ladder[0], ladder[-1]))
        raise InputError(
            f"{file}: upside down: {ends}; the affine is mirrored, or the label map is another: mend the header, or "
            "state the map"
        )
    if (rising > SWAPPED_MM).any():
        i = int(rising.argmax())
        raise InputError(
            f"{file}: {ladder[i + 1].name} lies {rising[i]:.0f} mm above {ladder[i].name}; labels are swapped, or the "
            "label map is another"
        )
    _require_front(file, _front_by_discs(found) or [place.front for place in _whole(found)])


def require_inside(
    file: Path, volume: LabelVolume, found: tuple[Place, ...], centroids: Mapping[str, FloatArray]
) -> None:
    """Raise unless body centres lie in their vertebrae and in front of their means.

    Parameters
    ----------
    file
        Of the centroids.
    volume
        The mask.
    found
        Its structures.
    centroids
        Body centres by name, (3,) mm.

    Raises
    ------
    InputError
        If one lies elsewhere, none is of a vertebra in the mask, or most lie behind.
    """
    margin = MARGIN_MM / spacing(volume.grid)
    marked = [place for place in found if place.name in centroids]
    if centroids and not marked:
        shown = ", ".join(place.name for place in found)
        raise InputError(f"{file}: marks {', '.join(centroids)}, the mask shows {shown}; they are of different scans")
    outside = []
    for place in marked:
        voxel = to_indices(volume.grid, centroids[place.name][None])[0]
        if ((voxel < place.low - margin) | (voxel > place.high + margin)).any():
            outside.append(place.name)
    if outside:
        raise InputError(
            f"{file}: {', '.join(outside)} of {len(marked)} lie more than {MARGIN_MM:g} mm outside their vertebrae; "
            "mask and centroids are of different scans, or the direction is wrong"
        )
    _require_front(file, [float(centroids[place.name][1] - place.mean[1]) for place in _whole(marked)])


def require_direction(marks: Marks, volume: LabelVolume, found: tuple[Place, ...], names: Mapping[int, str]) -> None:
    """Raise where the direction of marks says left and right otherwise than the mask's affine, and wrongly so.

    Files may well be stored along other axes than the mask. Where only left and right differ from the mask and the
    points fit it clearly better without being turned, the mask was mirrored after the points were marked.

    Raises
    ------
    InputError
        If so.
    """
    codes = axis_codes(volume.grid)
    side = next(i for i, code in enumerate(codes) if code in "LR")
    if marks.direction[side] != {"L": "R", "R": "L"}[codes[side]] or marks.isotropic:
        return
    middle = {place.name: to_indices(volume.grid, place.mean[None])[0] for place in found if place.kind == "vertebra"}
    shared = [label for label in marks.points if names.get(label) in middle]
    if len(shared) < LEAST:
        return
    means = np.array([middle[names[label]][side] for label in shared])
    stated, stored = (to_voxels(marks, volume.grid, as_stored=way) for way in (False, True))
    turned, plain = (abs(np.median([way[i][side] for i in shared] - means)) for way in (stated, stored))
    if plain < turned / 2 and plain < turned - CLOSER_VOXELS:
        both = f"direction {''.join(marks.direction)} contradicts the mask's affine ({''.join(codes)})"
        raise InputError(
            f"{marks.path}: {both}: from left to right the points lie {turned:.1f} voxels off, and {plain:.1f} where "
            "they are not turned; the affine is mirrored or the direction is wrong"
        )


def _place(volume: LabelVolume, label: int, region: Region, box: tuple[slice, ...]) -> Place:
    """Return where one label lies."""
    low = np.array([side.start for side in box])
    voxels = np.argwhere(volume.values[box] == label) + low
    points = to_mm(volume.grid, voxels.astype(np.float64))
    high, y = voxels.max(axis=0), points[:, 1]
    at_border = (low == 0) | (high == np.array(volume.grid.shape) - 1)
    cut = any(there and code not in "LR" for there, code in zip(at_border, axis_codes(volume.grid), strict=True))
    front = float(y.mean() - (y.min() + y.max()) / 2)
    return Place(region.name, region.kind, points.mean(axis=0), front, low, high, not (cut or region.partial))


def _whole(found: Iterable[Place]) -> list[Place]:
    """Return whole vertebrae of the usual form."""
    return [place for place in found if place.whole and place.kind == "vertebra" and place.name not in RING]


def _front_by_discs(found: tuple[Place, ...]) -> list[float]:
    """Return how far discs lie in front of the two vertebrae around them, mm; with one alone lordosis would count."""
    vertebrae = {place.name: place for place in found if place.kind == "vertebra" and place.whole}
    gaps = []
    for disc in (place for place in found if place.kind == "disc"):
        above, below = (vertebrae.get(name) for name in disc.name.split("-"))
        if above and below:
            gaps.append(float(disc.mean[1] - (above.mean[1] + below.mean[1]) / 2))
    return gaps


def _require_front(file: Path, evidence: list[float]) -> None:
    """Raise where bodies lie behind."""
    if evidence and np.median(evidence) < -BEHIND_MM:
        raise InputError(
            f"{file}: back to front: the vertebral bodies lie {-np.median(evidence):.0f} mm behind, expected in front "
            "of the arches; the affine is mirrored: mend the header"
        )
