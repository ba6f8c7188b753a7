"""Shapes that can be aligned, and what is prepared of them once for many alignments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np

from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.sampling import sample_surface
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surface import volume as surface_mm3
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.spaces import require_same_space
from spinemodel.volume.distance import DistanceField, signed_distance
from spinemodel.volume.grid import Grid, around, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.mask_surface import mask_of, mask_surface
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.sampling import Fields, pack

BAND_MM: Final = 3.0
"""Distances are exact up to here, beyond the fine scales, so that the last steps see exact ones."""

FAR: Final = 8192
"""Voxels within which a surface is checked, whatever its size; the rasteriser takes twice as many."""


@dataclass(frozen=True, eq=False)
class Mask:
    """One structure of a label volume.

    It is aligned as the surface of :func:`~spinemodel.volume.mask_surface.mask_surface`, which runs smoothly between
    the voxels however long they are.
    """

    volume: LabelVolume
    label: int

    @property
    def name(self) -> str:
        """Of the structure; its label in digits where it has none."""
        return self.volume.names.get(self.label, str(self.label))

    @property
    def space(self) -> str:
        """Of the volume."""
        return self.volume.grid.space


Shape: TypeAlias = Surface | Mask


@dataclass(frozen=True, eq=False)
class Part:
    """One structure, ready to be aligned; its field is made when first needed.

    Attributes
    ----------
    name
        Of the structure.
    surface
        As given, or that of the mask; closed.
    mm3
        Volume: of the surface, or of the mask's voxels.
    coarse, fine
        (n, 3) mm, spread evenly over the surface.
    parameters
        As given to :func:`prepare`.
    """

    name: str
    surface: Surface
    mm3: float
    coarse: FloatArray
    fine: FloatArray
    parameters: AlignParameters

    @cached_property
    def field(self) -> DistanceField:
        """Signed distance to the structure on a lattice round it."""
        grid = around([self.surface], self.parameters.spacing_mm, self.parameters.margin_mm)
        return signed_distance(self.surface, grid, band_mm=max(BAND_MM, 2 * self.parameters.spacing_mm), device="cpu")


@dataclass(frozen=True, eq=False)
class Target:
    """A shape, or several aligned at once, ready for many alignments, on either side.

    Attributes
    ----------
    space
        Of all parts.
    parts
        By name, in the order of their names.
    """

    space: str
    parts: tuple[Part, ...]

    @cached_property
    def fields(self) -> Fields:
        """Of all parts, in one buffer."""
        return pack([part.field for part in self.parts])

    @cached_property
    def coarse(self) -> tuple[FloatArray, IntArray]:
        """Coarse points (n, 3) and where each part's begin, (s + 1,)."""
        return _joined([part.coarse for part in self.parts])

    @cached_property
    def fine(self) -> tuple[FloatArray, IntArray]:
        """Fine points (n, 3) and where each part's begin, (s + 1,)."""
        return _joined([part.fine for part in self.parts])

    @cached_property
    def points(self) -> tuple[FloatArray, IntArray]:
        """All vertices (n, 3) and where each part's begin, (s + 1,)."""
        return _joined([part.surface.vertices for part in self.parts])


def names_of(target: Target) -> tuple[str, ...]:
    """Return the parts' names."""
    return tuple(part.name for part in target.parts)


def _joined(clouds: list[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Return all points, and where each cloud's begin and the last ends."""
    return np.vstack(clouds), np.cumsum([0] + [len(cloud) for cloud in clouds])


def prepare(shape: Shape | Mapping[str, Shape], parameters: AlignParameters | None = None) -> Target:
    """Return a shape ready to be aligned, so that many alignments share its points and its distance field.

    Parameters
    ----------
    shape
        A closed surface, a mask, or several of one space by name.
    parameters
        Points, spacing and margin are read.

    Raises
    ------
    InputError
        If a shape has no faces, a vertex that is not finite, or no voxels.
    GeometryError
        If a surface is open: it has no inside, and its volume would depend on where it lies.
    SpaceMismatchError
        If the shapes lie in different spaces.
    """
    chosen = parameters or AlignParameters()
    if not isinstance(shape, Mapping):
        shape = {shape.name: shape}
    if not shape:
        raise InputError("align: no structures given, expected at least one surface or mask")
    space = require_same_space(*(one.space for one in shape.values()))
    share = len(shape)
    return Target(space, tuple(_part(name, shape[name], chosen, share) for name in sorted(shape)))


def _part(name: str, shape: Shape, parameters: AlignParameters, share: int) -> Part:
    """Return one structure with its ``share``-th part of the points."""
    surface = mask_surface(shape.volume, shape.label) if isinstance(shape, Mask) else shape
    if not len(surface.faces) or not np.isfinite(surface.vertices).all():
        raise InputError(f"{name}: {len(surface.faces)} faces, expected a closed surface with finite vertices")
    if surface is shape:
        _require_closed(surface, parameters.spacing_mm)
    coarse, fine = (
        sample_surface(surface, max(n // share, 1)) for n in (parameters.coarse_points, parameters.fine_points)
    )
    return Part(name, surface, _mm3(shape), coarse, fine, parameters)


def _mm3(shape: Shape) -> float:
    """Return the volume of a closed surface or of a mask's voxels."""
    if isinstance(shape, Mask):
        return float(mask_of(shape.volume, shape.label).sum() * voxel_mm3(shape.volume.grid))
    return abs(surface_mm3(shape))


def _require_closed(surface: Surface, spacing_mm: float) -> None:
    """Raise as the rasteriser does where a surface is open: it tells by the edges, so that a single voxel will do."""
    matrix = np.eye(4) * max(spacing_mm, np.ptp(surface.vertices, axis=0).max() / FAR)
    matrix[:, 3] = *surface.vertices.min(axis=0), 1.0
    rasterise(surface, Grid((1, 1, 1), matrix, surface.space), device="cpu")
