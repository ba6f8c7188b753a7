"""The dura as a shell, and its sleeves round the roots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree

from spinemodel.anatomy.curves import Centreline, arc_length
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.surface import Surface, face_vectors
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.sweep import SECTION, sweep
from spinemodel.arrays import FloatArray

TANGENTIAL: Final = 0.02
"""Weight that keeps a vertex's way along its normal, against 1 for the distance of its faces. A choice: an edge of 90
degrees then moves by the thickness within 2 %, and the noise of flat places adds nothing."""

INSIDE_MM: Final = 6.0
"""How far before its exit a sleeve may begin. A choice: a third of the way on which a root nears the wall at 16
degrees."""

THINNEST: Final = 0.25
"""Least radius of a sleeve's begin, as a part of the sleeve's. A choice."""

CLEAR_MM: Final = 0.15
"""How deep inside the dura's wall the sleeve's begin is hidden, so that it does not graze the wall. A choice."""


def dura_shell(dura: Surface, thickness_mm: float) -> Surface:
    """Return the outer surface of the dura, every face at the thickness from the inner one.

    The way d of a vertex minimises sum w (n.d - t)^2 over its faces' normals n, weighted by their areas w, plus a small
    weight on what of d - t m lies off the mean normal m; so edges of flat ends move outwards both ways. The triangles
    are those of the inner surface.

    Parameters
    ----------
    dura
        Closed; no hollow of it is sharper than the thickness.
    thickness_mm
        Of the dura.
    """
    vectors = face_vectors(dura)
    areas = np.linalg.norm(vectors, axis=1)
    normals = vectors / np.maximum(areas, 1e-300)[:, None]
    moments = (areas[:, None, None] * normals[:, :, None] * normals[:, None, :]).reshape(-1, 9)
    sums = _at_vertices(dura, np.column_stack([areas, vectors, moments]))
    weight, mean = sums[:, :1], sums[:, 1:4]
    mean = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    matrix = sums[:, 4:].reshape(-1, 3, 3) / weight[:, :, None] + TANGENTIAL * np.eye(3)
    right = sums[:, 1:4] / weight + TANGENTIAL * mean
    way = thickness_mm * np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    return Surface("DuraOuter", dura.space, dura.vertices + way, dura.faces)


def _at_vertices(surface: Surface, values: FloatArray) -> FloatArray:
    """Return the sums at every vertex of values (m, k) of its faces, (n, k)."""
    count = len(surface.faces)
    rows, columns = surface.faces.ravel(), np.repeat(np.arange(count), 3)
    incidence = csr_matrix((np.ones(3 * count), (rows, columns)), shape=(len(surface.vertices), count))
    return np.asarray(incidence @ values)


def depths(centrelines: Mapping[str, Centreline], dura: Surface) -> dict[str, FloatArray]:
    """Return how deep inside the dura the points (n, 3) of every centreline lie, (n,) mm, negative outside.

    Measured from the nearest vertex along its normal: near the wall right to e^2 / 8 r, 0.01 mm for edges e of 0.5 mm
    on a radius r of 3 mm.
    """
    tree, normals = KDTree(dura.vertices), Proximity(dura).vertex_normals
    found = {}
    for name, line in centrelines.items():
        nearest = np.asarray(tree.query(line.points)[1])
        found[name] = np.einsum("ij,ij->i", dura.vertices[nearest] - line.points, normals[nearest])
    return found


def exit_index(depth: FloatArray) -> int | None:
    """Return the last point of a centreline inside the dura, from its points' depths; None where the root ends inside.

    Examples
    --------
    >>> exit_index(np.array([2.0, 1.0, -0.5])), exit_index(np.array([2.0, 1.0]))
    (1, None)
    """
    inside = np.flatnonzero(depth > 0)
    return int(inside[-1]) if len(inside) and inside[-1] < len(depth) - 1 else None


def sleeves(
    centrelines: Mapping[str, Centreline], dura: Surface, parameters: SurroundParameters | None = None
) -> dict[str, Surface]:
    """Return the dural sleeve of every root that leaves the dura, by the root's name, as a solid with a round end.

    It begins within the dura and holds the root and, where there is one, the gap round it: those are labelled first.
    """
    own = parameters or SurroundParameters()
    return _tubes("Sleeve", centrelines, dura, own.sleeve_gap_mm + own.sleeve_mm)


def lumens(
    centrelines: Mapping[str, Centreline], dura: Surface, parameters: SurroundParameters | None = None
) -> dict[str, Surface]:
    """Return what of every sleeve is filled with cerebrospinal fluid, by the root's name; empty without a gap."""
    own = parameters or SurroundParameters()
    return _tubes("Lumen", centrelines, dura, own.sleeve_gap_mm) if own.sleeve_gap_mm else {}


def _tubes(kind: str, centrelines: Mapping[str, Centreline], dura: Surface, extra_mm: float) -> dict[str, Surface]:
    """Return tubes ``extra_mm`` thicker than the roots, from within the dura to the roots' ends."""
    found = {}
    for name, depth in depths(centrelines, dura).items():
        last = exit_index(depth)
        if last is not None:
            found[name] = sweep(_from_wall(f"{kind}_{name}", centrelines[name], depth, last, extra_mm))
    return found


def _from_wall(name: str, line: Centreline, depth: FloatArray, last: int, extra_mm: float) -> Centreline:
    """Return what of a centreline lies outside the dura, thicker, with a begin that is hidden inside it.

    The begin is the nearest point before the exit at which the whole tube lies inside; where a root runs along the wall
    and there is none within ``INSIDE_MM``, the deepest, and the tube begins thinner there.

    Parameters
    ----------
    name
        Of the tube.
    line
        Of the root.
    depth
        (n,) mm of its points inside the dura.
    last
        Its last point inside.
    extra_mm
        By which the tube is thicker than the root.
    """
    radius = line.radius + extra_mm
    back = arc_length(line.points[last::-1])
    first = max(0, last - int(np.searchsorted(back, INSIDE_MM)))
    hidden = np.flatnonzero(depth[first : last + 1] >= SECTION * radius[first : last + 1] + CLEAR_MM)
    begin = first + int(hidden[-1] if len(hidden) else depth[first : last + 1].argmax())
    points, radius = line.points[begin:], radius[begin:]
    narrow = max((depth[begin] - CLEAR_MM) / SECTION, THINNEST * radius[0])
    share = np.clip(np.arange(len(points)) / max(last - begin, 1), 0.0, 1.0)
    widening = np.minimum(radius, narrow * (1 - share) + radius * share)
    return Centreline(name, line.space, points, widening, line.extrapolated[begin:])
