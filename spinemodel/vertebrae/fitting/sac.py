"""The sac round which a column is fitted: its dura, its middle, and the ganglia beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.slices import loop_area, section
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import RootName
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._ring import centroid
from spinemodel.volume.distance import DistanceField, signed_distance
from spinemodel.volume.grid import around

THIN_MM: Final = 1.5
"""About how far apart the points of the sac are that a fit looks at. A choice: bone that reaches in between them by
more than 0.1 mm has an edge of less than 3 mm radius."""

SPACING_MM: Final = 1.0
"""Of the lattices on which distances are held during a fit; the result is judged by exact ones."""

MARGIN_MM: Final = 6.0
"""How far these lattices reach beyond their structures."""

SLICE_MM: Final = 3.0
"""Between the sections whose centroids are the middle of the sac."""


@dataclass(frozen=True, eq=False)
class CordTarget:
    """What of a cord model a column is fitted to.

    Attributes
    ----------
    dura
        Closed, of the subject's space.
    ganglia
        Outer points (3,) mm by root, in the same space. Lumbar ones lie in the foramen below the vertebra of their
        name; sacral ones inside the sacrum, and are not used.
    axis
        Of the spine, where it is known better than from the dura's sections.
    """

    dura: Surface
    ganglia: Mapping[RootName, FloatArray]
    axis: Axis | None = None

    def __post_init__(self) -> None:
        """Refuse what is of several spaces, an open dura and marks that are no points."""
        if self.axis is not None:
            require_same_space(self.dura.space, self.axis.space)
        to_solid(self.dura)
        points = {root: freeze(point) for root, point in self.ganglia.items()}
        for root, point in points.items():
            if point.shape != (3,) or not np.isfinite(point).all():
                raise InputError(f"ganglion {root[0]}_{root[1]}: got {point.tolist()}, expected one point (3,) mm")
        object.__setattr__(self, "ganglia", MappingProxyType(points))

    @property
    def space(self) -> str:
        """Of the subject."""
        return self.dura.space


class Sac(NamedTuple):
    """The dura as a fit sees it: points (m, 3) of it, its distances, and its middle (k, 3) from foot to head, mm."""

    points: FloatArray
    field: DistanceField
    line: FloatArray


def sac_of(target: CordTarget) -> Sac:
    """Return the dura of a target, prepared."""
    dura = target.dura
    field = signed_distance(dura, around([dura], SPACING_MM, MARGIN_MM), device="cpu")
    return Sac(thinned(dura.vertices, THIN_MM), field, _middle(target))


def thinned(points: FloatArray, step_mm: float) -> FloatArray:
    """Return those of points (n, 3) that come first in their cube of ``step_mm``, in their order."""
    cubes = np.floor(points / step_mm).astype(np.int64)
    return points[np.sort(np.unique(cubes, axis=0, return_index=True)[1])]


def _middle(target: CordTarget) -> FloatArray:
    """Return the middle of the sac, (k, 3) mm, from foot to head."""
    low, high = (float(end(target.dura.vertices[:, 2])) for end in (np.min, np.max))
    if target.axis is not None:
        z = target.axis.points[:, 2]
        return target.axis.points[(z > low) & (z < high)]
    up = np.array([0.0, 0.0, 1.0])
    heights = np.linspace(low, high, max(4, round((high - low) / SLICE_MM)) + 1)[1:-1]
    loops = [section(target.dura, up * z, up) for z in heights]
    if not all(loops):
        raise GeometryError(f"{target.dura.name}: a section of it is empty; expected one closed sac along z")
    return np.array([centroid(max(of, key=lambda loop: loop_area(loop, up)), up) for of in loops])
