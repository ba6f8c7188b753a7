"""The equations on nested boxes as one system: nodes on a finer box's border follow the coarser box.

A vector has a part for every box. Those nodes count that no finer box has inside it, and that do not lie on the border
of their own box in a larger one. The others have no equation here, and a right-hand side of zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from numpy.typing import NDArray

from spinemodel.field._processor import Lanes, Processor
from spinemodel.field._sweeps import StencilArray
from spinemodel.field.boxes import Box
from spinemodel.field.levels import Hierarchy, Level, hierarchy

Vector: TypeAlias = tuple[Lanes, ...]
"""A part for every box, the finest first."""


@dataclass(frozen=True, eq=False)
class Composite:
    """The matrix, where a processor works.

    Attributes
    ----------
    levels
        Those of the boxes come first.
    own
        Stencils of each box's own cells, (nx, ny, nz, 27).
    pinned
        (nx, ny, nz) of each box: row sums of these.
    grounded
        Whether the faces of the outermost box are at 0 V.
    on
        The processor.
    """

    levels: Hierarchy
    own: tuple[StencilArray, ...]
    pinned: tuple[NDArray[Any], ...]
    grounded: bool
    on: Processor

    @property
    def boxes(self) -> tuple[Level, ...]:
        """The levels that are boxes."""
        return self.levels.levels[: len(self.own)]


def composite(
    boxes: Sequence[Box],
    own: Sequence[StencilArray],
    pinned: Sequence[NDArray[Any]],
    *,
    grounded: bool,
    on: Processor,
) -> Composite:
    """Return the matrix of nested boxes, with its multigrid levels.

    Parameters
    ----------
    boxes
        From the finest.
    own, pinned
        Stencils of each box's own cells, (nx, ny, nz, 27), and their row sums, (nx, ny, nz).
    grounded
        Whether the faces of the outermost box are at 0 V.
    on
        The processor to work on.
    """
    levels = sent(hierarchy(boxes, [own[0], *(stencil.copy() for stencil in own[1:])], grounded=grounded), on)
    rest = tuple(on.send(stencil) for stencil in own[1:])
    return Composite(levels, (levels.levels[0].stencil, *rest), tuple(on.send(one) for one in pinned), grounded, on)


def sent(levels: Hierarchy, on: Processor) -> Hierarchy:
    """Return levels where a processor works."""
    names = ("stencil", "active", "weights")
    parts = (replace(level, **{name: on.send(getattr(level, name)) for name in names}) for level in levels.levels)
    return Hierarchy(tuple(parts), on.send(levels.inverse))


def apply(matrix: Composite, way: Vector, image: Vector) -> None:
    """Write the matrix's product with ``way`` into ``image``; borders in ``way`` are brought up to date."""
    follow(matrix, way)
    for stencil, pinned, values, into in zip(matrix.own, matrix.pinned, way, image, strict=True):
        matrix.on.product(stencil, pinned, values, into)
    collect(matrix, image)


def follow(matrix: Composite, vector: Vector) -> None:
    """Give the nodes on the border of each box the values of the larger box."""
    for n in range(len(vector) - 2, -1, -1):
        matrix.on.pull_border(matrix.boxes[n], vector[n + 1], vector[n])


def collect(matrix: Composite, vector: Vector) -> None:
    """Hand what stands on the border of each box to the larger box, and clear what stands on grounded faces."""
    for n, level in enumerate(matrix.boxes[:-1]):
        matrix.on.push_border(level, vector[n], vector[n + 1])
    if matrix.grounded:
        matrix.on.clear_faces(vector[-1], vector[-1].shape[2] // (matrix.boxes[-1].nodes[2] + 2))


def inject(boxes: Sequence[Level], fields: Sequence[NDArray[Any]]) -> None:
    """Give the nodes (..., nx, ny, nz) inside a finer box that box's values."""
    for fine, coarse, level in zip(fields[:-1], fields[1:], boxes, strict=False):
        i, j, k = (slice(a, a + (n + 1) // 2) for a, n in zip(level.at, level.nodes, strict=True))
        coarse[..., i, j, k] = fine[..., ::2, ::2, ::2]


def inject_halves(boxes: Sequence[Level], fields: Sequence[NDArray[Any]]) -> None:
    """Give what is known at nodes and half-way between them the values of a finer box, which has nodes at all these."""
    for fine, coarse, level in zip(fields[:-1], fields[1:], boxes, strict=False):
        i, j, k = (slice(2 * a, 2 * a + n) for a, n in zip(level.at, level.nodes, strict=True))
        coarse[i, j, k] = fine[::2, ::2, ::2]


def by_node(part: NDArray[Any], lanes: int) -> NDArray[Any]:
    """Return a view of a part, (nx, ny, nz, lanes), without its border of zeros."""
    return part.reshape(*part.shape[:2], -1, lanes)[1:-1, 1:-1, 1:-1]
