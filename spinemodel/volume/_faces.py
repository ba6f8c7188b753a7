"""What is remembered of a surface, which never changes: its faces, whether their edges match, and the box round it.

Edges match where each is as often there as its opposite. Those that match by the numbers of their vertices do so on
every grid. To judge is to add up weights that look random, an edge's being the opposite of its opposite's: nothing is
sorted.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.volume._threads import shares, side_by_side

Uint32Array: TypeAlias = NDArray[np.uint32]


class Faces(NamedTuple):
    """What is remembered.

    The vertices of every face, one face after the other and in half the memory, (3 m,); whether edges match by
    vertices' numbers; and the corners of the box that holds all vertices, (8, 3) mm, not numbers where there are none.
    """

    vertices: Uint32Array
    matched: bool
    corners: FloatArray


_SEEN: Final[WeakKeyDictionary[Surface, Faces]] = WeakKeyDictionary()
"""The faces of surfaces that have been seen, for as long as these live."""


def faces_of(surface: Surface) -> Faces:
    """Return the faces of a surface; they are read when it is first seen, and are not looked at again."""
    if surface not in _SEEN:
        _SEEN[surface] = Faces(*_read(surface.faces), _corners(surface.vertices))
    return _SEEN[surface]


def _corners(vertices: FloatArray) -> FloatArray:
    """Return the corners of the box that holds vertices."""
    if not len(vertices):
        return np.full((8, 3), np.nan)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return np.asarray(np.where(np.indices((2, 2, 2)).reshape(3, 8).T, high, low))


def _read(faces: IntArray) -> tuple[Uint32Array, bool]:
    """Return faces (m, 3) in half the memory, and whether their edges match."""
    found = np.empty(faces.shape, dtype=np.uint32)
    parts = side_by_side(lambda part: _copy(faces[part].reshape(-1), found[part].reshape(-1)), shares(len(faces)))
    return found.reshape(-1), sum(parts) % 2**64 == 0


@compiled
def _copy(faces: IntArray, found: Uint32Array) -> int:
    """Copy faces, given flat, and return what their edges weigh by the numbers of vertices."""
    total = 0
    for n in range(len(faces) // 3):
        a, b, c = faces[3 * n], faces[3 * n + 1], faces[3 * n + 2]
        found[3 * n], found[3 * n + 1], found[3 * n + 2] = a, b, c
        # Mixed anew at every corner, several at once: faster than to look up what was mixed before.
        total = add_edges(total, mixed(a), mixed(b), mixed(c))
    return total


@compiled
def mixed(number: int) -> int:
    """Return a number that looks random and depends on the given one alone (as splitmix64 ends, Steele 2014)."""
    number = (number ^ (number >> 30)) * -4658895280553007687
    number = (number ^ (number >> 27)) * -7723592293110705685
    return number ^ (number >> 31)


@compiled
def add_edges(total: int, a: int, b: int, c: int) -> int:
    """Return ``total`` plus what the three edges of a triangle weigh, modulo 2^64; a, b and c are its mixed corners.

    An edge weighs a * f(b) - b * f(a): the opposite of what it weighs the other way round. The sum over a mesh is zero
    if every edge is matched by its opposite; if not, it is zero only by a chance of about 2^-60. That 0 is mixed to 0
    hides nothing: what is left unmatched goes round holes, and no way round a hole has all its edges at one vertex.
    """
    fa, fb, fc = a ^ (a >> 21), b ^ (b >> 21), c ^ (c >> 21)
    return total + (a - c) * (fb - fc) - (b - c) * (fa - fc)
