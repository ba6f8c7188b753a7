"""Loose parts and cavities of the structures in a label mask: found, reported, and removed where asked for.

Two voxels of a label belong together where they share a face, and two of the background where they share a face or an
edge: what touches along an edge or in a corner has no area in common that could hold it. So does
:mod:`spinemodel.vertebrae.surfaces` part them, and a part or cavity found here is one of a surface there, except that
two parts may be joined there along an edge between two other labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass, find_objects, generate_binary_structure, label

from spinemodel.arrays import BoolArray, FloatArray, IntArray, freeze
from spinemodel.errors import InputError
from spinemodel.volume.grid import to_mm, voxel_mm3
from spinemodel.volume.labels import LabelArray, LabelVolume

FACES: Final = generate_binary_structure(3, 1)
"""Neighbours of a voxel of a label."""

FACES_AND_EDGES: Final = generate_binary_structure(3, 2)
"""Neighbours of a voxel of the background."""

LEAST_MM3: Final = 100.0
"""Size below which fragments are usually dropped: 4.6 mm wide, less than a process or an ossicle (a choice)."""

Box: TypeAlias = tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class Fragment:
    """A part of a structure that does not hang together with its largest part.

    Attributes
    ----------
    name, label
        Of the structure.
    mm3
        Volume of its voxels.
    centre_mm
        (3,) mean of its voxels' centres.
    dropped
        Whether it was made background.
    """

    name: str
    label: int
    mm3: float
    centre_mm: FloatArray
    dropped: bool


@dataclass(frozen=True, eq=False)
class Hole:
    """A cavity of background that a structure encloses.

    Attributes
    ----------
    name, label
        Of the structure.
    mm3
        Volume of its voxels.
    centre_mm
        (3,) mean of its voxels' centres.
    filled
        Whether it was given the structure's label.
    """

    name: str
    label: int
    mm3: float
    centre_mm: FloatArray
    filled: bool


class Cleaned(NamedTuple):
    """A mask without small fragments, what was found besides the largest parts, and the cavities that are left."""

    volume: LabelVolume
    fragments: tuple[Fragment, ...]
    holes: tuple[Hole, ...]


def clean(
    volume: LabelVolume,
    labels: Mapping[str, int] | None = None,
    *,
    least_mm3: float = LEAST_MM3,
    fill_holes: bool = False,
) -> Cleaned:
    """Return a mask without small fragments of its structures, and say what was found.

    Parameters
    ----------
    volume
        The mask; not changed.
    labels
        Label of each structure, by name; all in the volume where none are given. Labels without voxels are passed over.
    least_mm3
        Fragments smaller than this become background. The largest part of a structure stays, whatever its size.
    fill_holes
        Whether cavities are given the label of the structure round them. They are looked for after fragments were
        dropped; one that holds voxels of another label is none, nor is one that is open at the image's border.

    Raises
    ------
    InputError
        If the size is negative or not finite, or a label is 0.

    Examples
    --------
    >>> from spinemodel.volume.grid import Grid
    >>> values = np.zeros((9, 5, 5), dtype=np.uint16)
    >>> values[:5], values[2, 2, 2], values[7, 2, 2] = 20, 0, 20
    >>> found = clean(LabelVolume(Grid(values.shape, np.eye(4), "here"), values, {20: "L1"}), least_mm3=5)
    >>> [(f.name, f.mm3, f.dropped) for f in found.fragments], [(h.name, h.mm3, h.filled) for h in found.holes]
    ([('L1', 1.0, True)], [('L1', 1.0, False)])
    """
    if not (isfinite(least_mm3) and least_mm3 >= 0):
        raise InputError(f"fragments: got a least size of {least_mm3} mm3, expected 0 or more")
    boxes = find_objects(volume.values)
    wanted = _wanted(volume, labels, boxes)
    values = volume.values.copy()
    fragments = [row for name, k in wanted.items() for row in _drop(volume, values, boxes[k - 1], name, k, least_mm3)]
    holes = [row for name, k in wanted.items() for row in _holes(volume, values, boxes[k - 1], name, k, fill_holes)]
    return Cleaned(LabelVolume(volume.grid, values, volume.names), tuple(fragments), tuple(holes))


def _wanted(volume: LabelVolume, labels: Mapping[str, int] | None, boxes: list[Box]) -> dict[str, int]:
    """Return the labels that have voxels, by name."""
    present = [i + 1 for i, box in enumerate(boxes) if box is not None]
    if labels is None:
        return {volume.names.get(k, str(k)): k for k in present}
    if min(labels.values(), default=1) < 1:
        raise InputError(f"fragments: got labels {dict(labels)}, expected 1 or more; 0 is the background")
    return {name: k for name, k in labels.items() if k in present}


def _drop(
    volume: LabelVolume, values: LabelArray, box: Box, name: str, k: int, least_mm3: float
) -> list[Fragment]:
    """Return the fragments of a label within its box, the largest first; drop the small ones from ``values``."""
    parts, count = label(values[box] == k, FACES)
    size = np.bincount(parts.ravel(), minlength=count + 1) * voxel_mm3(volume.grid)
    order = np.argsort(-size[1:], kind="stable")[1:] + 1
    small = size < least_mm3
    small[0] = small[np.argmax(size[1:]) + 1] = False
    values[box][small[parts]] = 0
    centres = _centres(volume, parts, order, [part.start for part in box])
    return [
        Fragment(name, k, float(size[i]), freeze(at), bool(small[i])) for i, at in zip(order, centres, strict=True)
    ]


def _holes(volume: LabelVolume, values: LabelArray, box: Box, name: str, k: int, fill: bool) -> list[Hole]:
    """Return the cavities of a label within its box, the largest first; fill them in ``values`` where asked for."""
    own = values[box]
    # With a layer around, whatever is open to the outside is one part with it: number 1, which labelling meets first.
    spaces, count = label(np.pad(own != k, 1, constant_values=True), FACES_AND_EDGES)
    spaces = spaces[1:-1, 1:-1, 1:-1]
    enclosed = np.ones(count + 1, dtype=bool)
    enclosed[:2] = False
    enclosed[np.unique(spaces[(own != 0) & (own != k)])] = False
    size = np.bincount(spaces.ravel(), minlength=count + 1) * voxel_mm3(volume.grid)
    order = np.flatnonzero(enclosed)
    order = order[np.argsort(-size[order], kind="stable")]
    if fill:
        own[enclosed[spaces]] = k
    centres = _centres(volume, spaces, order, [part.start for part in box])
    return [Hole(name, k, float(size[i]), freeze(at), fill) for i, at in zip(order, centres, strict=True)]


def _centres(
    volume: LabelVolume, parts: NDArray[np.signedinteger[Any]], chosen: IntArray, first: list[int]
) -> FloatArray:
    """Return the mean of the voxels' centres of the chosen parts of a box that starts at ``first``, (k, 3) mm."""
    if not len(chosen):
        return np.empty((0, 3))
    among: BoolArray = parts > 0
    indices = np.array(center_of_mass(among, parts, chosen)) + first
    return to_mm(volume.grid, indices)
