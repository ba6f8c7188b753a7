"""Triangles on a lattice, each as a row of numbers that carries voxel indices to places in the triangle's own plane.

Places are in mm whatever the grid's affine: x along the longest side, y across it, h away from the plane, all from the
centre of the smallest circle round the triangle. The distance of a voxel is made of h and a distance in the plane.

A row also tells how far along the plane a triangle must look for the voxels that it can be nearest to. Let q be the
point of a closed surface nearest to a voxel p. No way along the surface from q leads nearer to p. Where the faces round
q lie within the angle a of their mean normal, those ways lead in every direction and rise or fall by at most a, so
p - q lies within a of that normal or its opposite, and within 2a of the normal of every face at q. So p lies no farther
than ``band * sin(2a)`` from q along the plane of such a face: on a finely meshed surface that leaves little more than
the prism above and below the triangle. Where a vertex is open, has too thin a face, or an a above 45 degrees, it leaves
all the band.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled

Vector: TypeAlias = tuple[float, float, float]

CENTRE, X, Y, H = 0, 3, 6, 9
"""Places in a row, three numbers each: the circle's centre in voxel indices, and the steps of x, y and h per index."""

HALF, BASE, APEX_X, APEX_Y, RIGHT, LEFT, RADIUS, REACH, WIDTH = 12, 13, 14, 15, 16, 17, 18, 19, 20
"""Half the longest side, its y, the corner opposite, one over the squared length of the sides right and left of that
corner, the circle's radius, and how far from its centre along the plane voxels are visited; the row's length."""

THIN: Final = 1e-6
"""A triangle flatter than this share of its longest side has no normal to trust (a choice: ten digits are left)."""


@compiled
def dot(a: Vector, b: Vector) -> float:
    """Return the inner product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def _cross(a: Vector, b: Vector) -> Vector:
    """Return the vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@compiled
def _along(a: Vector, b: Vector, share: float) -> Vector:
    """Return a + share * b."""
    return a[0] + share * b[0], a[1] + share * b[1], a[2] + share * b[2]


@compiled
def _unit(a: Vector, otherwise: Vector) -> Vector:
    """Return a with length 1, or ``otherwise`` where it has none."""
    length = np.sqrt(dot(a, a))
    return (a[0] / length, a[1] / length, a[2] / length) if length > 0 else otherwise


@compiled
def _row_of(matrix: FloatArray, n: int) -> Vector:
    """Return the first three numbers of a row."""
    return matrix[n, 0], matrix[n, 1], matrix[n, 2]


@compiled
def frames(vertices: FloatArray, faces: IntArray, affine: FloatArray, inverse: FloatArray, band: float) -> FloatArray:
    """Return the row of every triangle, (m, WIDTH); ``affine`` maps voxel indices to mm, ``inverse`` undoes it."""
    rows = np.empty((len(faces), WIDTH))
    normals = np.zeros((len(faces), 3))
    for n in range(len(faces)):
        a, b, c = _row_of(vertices, faces[n, 0]), _row_of(vertices, faces[n, 1]), _row_of(vertices, faces[n, 2])
        ab, bc, ca = _along(b, a, -1.0), _along(c, b, -1.0), _along(a, c, -1.0)
        if dot(bc, bc) >= dot(ab, ab) and dot(bc, bc) >= dot(ca, ca):
            a, ab, bc, ca = b, bc, ca, ab
        elif dot(ca, ca) >= dot(ab, ab):
            a, ab, bc, ca = c, ca, ab, bc
        u, v = _in_plane(rows[n], ab, bc, ca)
        _place(rows[n], a, u, v, affine, inverse)
        if rows[n, APEX_Y] - rows[n, BASE] > THIN * rows[n, HALF]:
            normals[n] = _cross(u, v)
    sine = _sines(faces, normals, len(vertices))
    for n in range(len(faces)):
        spread = max(sine[faces[n, 0]], sine[faces[n, 1]], sine[faces[n, 2]])
        rows[n, REACH] = (rows[n, RADIUS] + band * spread) * (1 + 1e-9)
    return rows


@compiled
def _in_plane(row: FloatArray, ab: Vector, bc: Vector, ca: Vector) -> tuple[Vector, Vector]:
    """Write the triangle's shape, ab being its longest side; return the directions of x and y."""
    side = np.sqrt(dot(ab, ab))
    u = _unit(ab, (1.0, 0.0, 0.0))
    foot = -dot(ca, u)
    across = _along((-ca[0], -ca[1], -ca[2]), u, -foot)
    height = np.sqrt(dot(across, across))
    if height <= 1e-12 * side:  # Nothing is left to read a direction from; any one across will do.
        height = 0.0
        across = _cross(u, (1.0, 0.0, 0.0) if abs(u[0]) < 0.7 else (0.0, 1.0, 0.0))
    # Smallest circle: about the longest side where the corner opposite is obtuse, else through all corners.
    rise = max(0.0, (foot * foot + height * height - side * foot) / (2 * height)) if height > 0 else 0.0
    row[HALF], row[BASE], row[APEX_X], row[APEX_Y] = side / 2, -rise, foot - side / 2, height - rise
    row[RIGHT] = 1 / dot(bc, bc) if dot(bc, bc) > 0 else 0.0
    row[LEFT] = 1 / dot(ca, ca) if dot(ca, ca) > 0 else 0.0
    row[RADIUS] = np.sqrt(side * side / 4 + rise * rise)
    return u, _unit(across, (0.0, 1.0, 0.0))


@compiled
def _place(row: FloatArray, a: Vector, u: Vector, v: Vector, affine: FloatArray, inverse: FloatArray) -> None:
    """Write where the circle's centre lies, and the steps of x, y and h; a is where the longest side begins."""
    centre = _along(_along(a, u, row[HALF]), v, -row[BASE])
    w = _cross(u, v)
    for axis in range(3):
        step = (affine[0, axis], affine[1, axis], affine[2, axis])
        row[CENTRE + axis] = dot(_row_of(inverse, axis), centre) + inverse[axis, 3]
        row[X + axis], row[Y + axis], row[H + axis] = dot(u, step), dot(v, step), dot(w, step)


@compiled
def _sines(faces: IntArray, normals: FloatArray, n_vertices: int) -> FloatArray:
    """Return sin(2a) of every vertex, (n_vertices,); 1 where nothing limits the angle. See the module's docstring.

    A vertex is closed where every edge that leaves it into one face comes back from another: the sum of the marks of
    where edges lead, less those of where they come from, is then zero. 64 scrambled bits do not cancel by chance.
    """
    mean, opening = np.zeros((n_vertices, 3)), np.zeros(n_vertices, dtype=np.int64)
    for n in range(len(faces)):
        for corner in range(3):
            at = faces[n, corner]
            opening[at] += _mark(faces[n, (corner + 1) % 3]) - _mark(faces[n, (corner + 2) % 3])
            for axis in range(3):
                mean[at, axis] += normals[n, axis]
    cosine = np.ones(n_vertices)
    for n in range(len(faces)):
        for corner in range(3):
            at = faces[n, corner]
            cosine[at] = min(cosine[at], dot(_unit(_row_of(mean, at), (0.0, 0.0, 0.0)), _row_of(normals, n)))
    for at in range(n_vertices):
        # At least 1e-6, since an angle from a cosine near 1 is no more exact than 1e-8.
        limited = opening[at] == 0 and cosine[at] > np.sqrt(0.5)
        cosine[at] = 1e-6 + 2 * cosine[at] * np.sqrt(max(0.0, 1 - cosine[at] ** 2)) if limited else 1.0
    return cosine


@compiled
def _mark(vertex: int) -> int:
    """Return 64 scrambled bits (the finaliser of SplitMix64: Steele, Lea and Flood 2014, OOPSLA)."""
    bits = np.uint64(vertex + 1) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64(bits ^ (bits >> np.uint64(31)))  # type: ignore[return-value]
