"""The promises that a surface must keep before anything is simulated on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.face_edges import face_edges, groups
from spinemodel.anatomy.facing import FLAT, doubled_faces, inward_parts
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.solids import NOTHING_MM3, parts_overlap_mm3
from spinemodel.anatomy.surface import Surface, area, corners, face_vectors, volume
from spinemodel.arrays import FloatArray

SLIVER_DEG: Final = 10.0
"""Angle below which a triangle counts as a sliver."""

FOLD_DEG: Final = 150.0
"""Turn between neighbouring faces from which on the surface counts as folded back onto itself. Sub-03's most is 111, at
the rim of a flat end; a conus half a millimetre thick that was drawn with 0.2 mm of noise can exceed it."""


@dataclass(frozen=True)
class SurfaceCheck:
    """What was measured on a surface.

    Attributes
    ----------
    name
        Structure name.
    vertices, faces, components, euler
        Counts; every closed component without handles adds 2 to the Euler number.
    open_edges
        Edges with a face on one side only.
    branching_edges
        Edges with more than two faces, or two that run along it in the same direction.
    doubled_faces
        Faces with the corners of another, in the same order.
    volume_mm3
        Signed; positive where faces look outwards.
    area_mm2
        Of all faces.
    inward_parts
        Parts that look inwards and bound no cavity; 0 for a single part, or where it is not closed.
    parts_overlap_mm3
        Volume that its closed parts share with each other; 0 for a single part, or where it is not closed.
    self_intersections
        Pairs of faces that cut through each other.
    degenerate
        Faces without area.
    least_angle_deg, slivers
        Smallest angle of any triangle, and the share of triangles with an angle under 10 degrees.
    most_turn_deg
        Largest change of direction from a face to its neighbour.
    """

    name: str
    vertices: int
    faces: int
    components: int
    euler: int
    open_edges: int
    branching_edges: int
    doubled_faces: int
    volume_mm3: float
    area_mm2: float
    inward_parts: int
    parts_overlap_mm3: float
    self_intersections: int
    degenerate: int
    least_angle_deg: float
    slivers: float
    most_turn_deg: float

    @property
    def failures(self) -> tuple[str, ...]:
        """The broken promises, one phrase each."""
        nothing = FLAT * self.area_mm2**1.5
        broken = {
            f"{self.open_edges} open edges": self.open_edges > 0,
            f"{self.branching_edges} edges not shared by two faces alike": self.branching_edges > 0,
            f"{self.doubled_faces} faces stand there twice": self.doubled_faces > 0,
            f"volume {self.volume_mm3:.3g} mm3 is not positive: faces look inwards": self.volume_mm3 < -nothing,
            "volume 0 mm3 is not positive: faces stand there both ways, or are flat": abs(self.volume_mm3) <= nothing,
            f"{self.inward_parts} parts look inwards and bound no cavity": self.inward_parts > 0,
            f"{self.self_intersections} pairs of faces intersect": self.self_intersections > 0,
            f"its parts overlap by {self.parts_overlap_mm3:.3g} mm3": self.parts_overlap_mm3 > NOTHING_MM3,
            f"{self.degenerate} faces without area": self.degenerate > 0,
            f"a fold of {self.most_turn_deg:.0f} degrees": self.most_turn_deg > FOLD_DEG,
        }
        return tuple(phrase for phrase, is_broken in broken.items() if is_broken)


def check_surface(surface: Surface) -> SurfaceCheck:
    """Measure a surface; see :class:`SurfaceCheck` for what is promised."""
    vectors = face_vectors(surface)
    met = face_edges(surface.faces)
    angles = least_angles(corners(surface))
    areas = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.maximum(areas, 1e-300)[:, None]
    turn = np.einsum("ij,ij->i", unit[met.left], unit[met.right]).min(initial=1.0)
    used = len(np.unique(surface.faces))
    edges = len(met.left) + met.open
    parts = int(groups(met.left, met.right, len(surface.faces)).max(initial=-1)) + 1
    closed = met.open == met.branching == 0
    return SurfaceCheck(
        name=surface.name,
        vertices=used,
        faces=len(surface.faces),
        components=parts,
        euler=used - edges + len(surface.faces),
        open_edges=met.open,
        branching_edges=met.branching,
        doubled_faces=doubled_faces(surface),
        volume_mm3=volume(surface),
        area_mm2=area(surface),
        inward_parts=len(inward_parts(surface)) if closed and parts > 1 else 0,
        parts_overlap_mm3=parts_overlap_mm3(surface) if closed and parts > 1 else 0.0,
        self_intersections=len(self_intersections(surface)),
        degenerate=int((areas <= 1e-12 * areas.max(initial=0.0)).sum()),
        least_angle_deg=float(angles.min(initial=180.0)),
        slivers=float((angles < SLIVER_DEG).mean()) if len(angles) else 0.0,
        most_turn_deg=float(np.degrees(np.arccos(np.clip(turn, -1, 1)))),
    )


def least_angles(triangles: FloatArray) -> FloatArray:
    """Return the smallest angle of each triangle (m, 3, 3), degrees; it faces the shortest side."""
    sides = np.sort([((triangles[:, i] - triangles[:, i - 1]) ** 2).sum(axis=1) for i in range(3)], axis=0)
    cosine = (sides[1] + sides[2] - sides[0]) / np.maximum(2 * np.sqrt(sides[1] * sides[2]), 1e-300)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
