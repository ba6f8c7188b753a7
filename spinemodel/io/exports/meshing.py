"""What is written of a conforming mesh: its surfaces and, where asked for, the tetrahedra between them, by part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.anatomy.regions import regions
from spinemodel.anatomy.tetrahedra import Tetrahedra, quality, skin
from spinemodel.arrays import IntArray
from spinemodel.io.exports.contents import Contents
from spinemodel.io.exports.tetrahedra import fill, meshable
from spinemodel.io.slicer import Frame, frame_factors

Mesh = TypeVar("Mesh", Partition, Tetrahedra)


@dataclass(frozen=True, eq=False)
class Conforming:
    """A conforming mesh.

    Attributes
    ----------
    surfaces
        Every interface once, on the same vertices as the tetrahedra; in every face the side that is named first is
        that of the lower label number, and outside comes last.
    patch
        (m,) patch of every face, from 0; a patch lies between two volumes.
    beside
        (m, 2) volumes on the sides of every face, from 1; 0 is outside.
    label
        (volumes + 1,) label number of every volume.
    tetrahedra
        None where the volumes are only bounded.
    """

    surfaces: Partition
    patch: IntArray
    beside: IntArray
    label: IntArray
    tetrahedra: Tetrahedra | None = None


def conforming(contents: Contents, frame: Frame) -> Conforming:
    """Return the mesh of a model's tissues and of its lead, with tetrahedra if the options say so.

    Raises
    ------
    InputError, GeometryError, BackendUnavailableError
        If the model has no tissues, or they cannot be filled.
    """
    if contents.options.tetrahedra:
        return filled(in_frame(fill(contents.partition, contents.tell), frame))
    return bounded(in_frame(meshable(contents.partition), frame))


def in_frame(mesh: Mesh, frame: Frame) -> Mesh:
    """Return a mesh in the coordinates of a frame; both are right-handed, so that faces look the same way."""
    return replace(mesh, vertices=mesh.vertices * frame_factors(frame))


def bounded(partition: Partition) -> Conforming:
    """Return a partition's patches and the connected regions that they bound, a volume each."""
    even = _oriented(partition)
    pieces = regions(even)
    return Conforming(even, pieces.patch, pieces.beside, pieces.label)


def filled(tetrahedra: Tetrahedra) -> Conforming:
    """Return tetrahedra and their interfaces: a patch for each pair of parts, a volume for each part."""
    even = _oriented(skin(tetrahedra))
    _, patch = np.unique(even.sides, axis=0, return_inverse=True)
    return Conforming(even, patch.ravel(), even.sides, np.arange(len(even.labels) + 1), tetrahedra)


def _oriented(partition: Partition) -> Partition:
    """Return a partition whose faces all have the lower label on their inner side, and outside on the outer."""
    rank = np.where(partition.sides == OUTSIDE, len(partition.labels) + 1, partition.sides)
    turned = rank[:, 0] > rank[:, 1]
    faces = np.where(turned[:, None], partition.faces[:, ::-1], partition.faces)
    sides = np.where(turned[:, None], partition.sides[:, ::-1], partition.sides)
    return replace(partition, faces=faces, sides=sides)


def said_of(mesh: Conforming, contents: Contents) -> str:
    """Return what a file holds of a mesh, with the tetrahedra's quality."""
    if mesh.tetrahedra is None:
        return f"every interface of {len(mesh.surfaces.labels)} parts once: {len(mesh.surfaces.faces)} triangles"
    found = quality(mesh.tetrahedra, contents.partition)
    return (
        f"{found.cells} tetrahedra of {len(mesh.surfaces.labels)} parts on {found.nodes} nodes; gamma "
        f"{found.mean_gamma:.2f} on average, {found.least_gamma:.1g} at least, below 0.1 in {found.poor_share:.2%}; "
        f"dihedral angles {found.least_dihedral_deg:.2g} to {found.greatest_dihedral_deg:.4g} degrees; volumes "
        f"of parts within {found.volume_error:.2g} of the model's"
    )
