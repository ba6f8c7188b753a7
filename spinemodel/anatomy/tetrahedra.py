"""A partition filled with tetrahedra: which compartment each belongs to, how good they are, and their skin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.compartments import Partition, volumes
from spinemodel.arrays import FloatArray, IntArray, freeze, freeze_int

FACES_OF: Final = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
"""Corners of the face across from each corner, anticlockwise seen from outside a tetrahedron of positive volume."""

CELLS_AT_ONCE: Final = 1 << 18
"""Bounds the memory of a pass to about 300 MB."""


@dataclass(frozen=True, eq=False)
class Tetrahedra:
    """A domain filled with tetrahedra that share their nodes.

    Attributes
    ----------
    space
        Name of the coordinate space.
    vertices
        (n, 3) mm, RAS+.
    cells
        (m, 4) indices of vertices; the first three are anticlockwise seen from the fourth, so that the volume
        (b - a) x (c - a) . (d - a) / 6 is positive.
    label
        (m,) label number of every cell, from 1.
    labels
        Names; number k is ``labels[k - 1]``.
    """

    space: str
    vertices: FloatArray
    cells: IntArray
    label: IntArray
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "vertices", freeze(self.vertices))
        object.__setattr__(self, "cells", freeze_int(self.cells))
        object.__setattr__(self, "label", freeze_int(self.label))


@dataclass(frozen=True)
class TetrahedraQuality:
    """How good tetrahedra are.

    Attributes
    ----------
    cells, nodes
        How many.
    least_gamma, mean_gamma
        Radius of the inscribed sphere over that of the circumscribed one, times 3: 1 of a regular tetrahedron.
    poor_share
        Share of cells with gamma below 0.1.
    least_dihedral_deg, greatest_dihedral_deg
        Worst angles between faces.
    volume_error
        Greatest difference of a compartment's volume from that of the partition it was made from, as a share.
    """

    cells: int
    nodes: int
    least_gamma: float
    mean_gamma: float
    poor_share: float
    least_dihedral_deg: float
    greatest_dihedral_deg: float
    volume_error: float


def cell_volumes(mesh: Tetrahedra) -> FloatArray:
    """Return the volume of every cell (m,), mm3."""
    return np.concatenate([np.empty(0), *(shape_of(mesh.vertices[cells])[1] for cells in _blocks(mesh.cells))])


def tetrahedra_volumes(mesh: Tetrahedra) -> Mapping[str, float]:
    """Return the volume of every compartment, mm3."""
    size = np.bincount(mesh.label, cell_volumes(mesh), minlength=len(mesh.labels) + 1)
    return MappingProxyType({name: float(v) for name, v in zip(mesh.labels, size[1:], strict=True)})


def quality(mesh: Tetrahedra, of: Partition) -> TetrahedraQuality:
    """Return how good the tetrahedra of a partition are.

    Examples
    --------
    >>> corners = np.array([[1.0, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    >>> faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])[:, ::-1]
    >>> whole = Partition("lab", corners, faces, np.tile([1, 0], (4, 1)), ("T",))
    >>> found = quality(Tetrahedra("lab", corners, np.array([[0, 2, 1, 3]]), np.array([1]), ("T",)), whole)
    >>> round(found.mean_gamma, 6), round(found.least_dihedral_deg, 2)
    (1.0, 70.53)
    """
    gamma = gammas(mesh)
    angles = [dihedrals(replace(mesh, cells=cells)) for cells in _blocks(mesh.cells)]
    size, expected = tetrahedra_volumes(mesh), volumes(of)
    return TetrahedraQuality(
        len(mesh.cells),
        len(mesh.vertices),
        float(gamma.min()),
        float(gamma.mean()),
        float((gamma < 0.1).mean()),
        float(min(angle.min() for angle in angles)),
        float(max(angle.max() for angle in angles)),
        max(abs(size.get(name, 0.0) / mm3 - 1) for name, mm3 in expected.items()),
    )


def gammas(mesh: Tetrahedra) -> FloatArray:
    """Return three times the inscribed over the circumscribed radius of every cell, (m,)."""
    return np.concatenate([np.empty(0), *(shape_of(mesh.vertices[cells])[0] for cells in _blocks(mesh.cells))])


def shape_of(corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gamma and volume of cells by their corners (m, 4, 3).

    With the areas S of the faces, r = 3 V / sum S; and R = sqrt(p (p - x)(p - y)(p - z)) / (6 V) over the products of
    opposite edges x, y, z and half their sum p (Crelle's formula).
    """
    a, b, c, d = np.moveaxis(corners, 1, 0)
    volume = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    edges = np.linalg.norm(corners[:, [0, 0, 0, 2, 1, 1]] - corners[:, [1, 2, 3, 3, 3, 2]], axis=2)
    x, y, z = (edges[:, :3] * edges[:, 3:]).T
    p = (x + y + z) / 2
    product = np.sqrt(np.maximum(p * (p - x) * (p - y) * (p - z), 0.0))
    area = np.linalg.norm(_normals(corners), axis=2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(54 * volume**2 / (area * product)), np.asarray(volume)


def _blocks(cells: IntArray) -> list[IntArray]:
    """Return cells in blocks that bound the memory of a pass."""
    return np.array_split(cells, len(cells) // CELLS_AT_ONCE + 1)


def dihedrals(mesh: Tetrahedra) -> FloatArray:
    """Return the six angles between the faces of every cell, (m, 6) degrees."""
    normals = _normals(mesh.vertices[mesh.cells])
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-300)
    one, other = np.triu_indices(4, 1)
    cosine = -np.einsum("mij,mij->mi", normals[:, one], normals[:, other])
    return np.asarray(np.degrees(np.arccos(cosine.clip(-1, 1))))


def _normals(corners: FloatArray) -> FloatArray:
    """Return the outward normals of the faces of cells (m, 4, 3), as long as their areas, (m, 4, 3)."""
    a, b, c = (corners[:, FACES_OF[:, k]] for k in range(3))
    return np.asarray(np.cross(b - a, c - a) / 2)


def skin(mesh: Tetrahedra) -> Partition:
    """Return the faces between cells of different compartments, and round them all, as a partition on the same nodes.

    Every face is the face of one or two cells. Nodes inside compartments are kept, so that indices are the same.
    """
    faces = mesh.cells[:, FACES_OF].reshape(-1, 3)
    label = np.repeat(mesh.label, 4)
    low, middle, high = np.sort(faces, axis=1).T
    order = np.lexsort((high, middle, low))
    same = (np.diff(low[order]) == 0) & (np.diff(middle[order]) == 0) & (np.diff(high[order]) == 0)
    first = np.flatnonzero(np.append(True, ~same))
    other = np.where(np.append(same, False)[first], order[np.minimum(first + 1, len(order) - 1)], -1)
    one = order[first]
    beyond = np.where(other < 0, 0, label[other])
    between = label[one] != beyond
    sides = np.stack([label[one], beyond], axis=1)[between]
    return Partition(mesh.space, mesh.vertices, faces[one][between], sides, mesh.labels)
