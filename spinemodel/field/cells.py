"""The cells of a box: what fills their sub-voxels, how it conducts, and which way its fibres run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.field._samples import places_of
from spinemodel.field.boxes import Box, Index3, box_in_next
from spinemodel.field.problem import Medium
from spinemodel.field.sub_voxels import in_reach, margin_of, numbers_of, sub_voxels
from spinemodel.jit import compiled
from spinemodel.volume._threads import side_by_side

SLIVER: Final = 1 / 64
"""Share of a cell: where no more conducts, nothing does. The node across from a sliver in a corner has 1e-6 of a whole
cell's energy or less, which single precision rounds to less than nothing. A choice: one of 64 samples, three of 216.
Without slivers the least eigenvalue, of equations scaled to a diagonal of ones, was 0.002 or more at slanted ends of
tissue; with them -3e-6."""


class CellArrays(NamedTuple):
    """What kernels need of :class:`Cells`; see there."""

    subsamples: int
    margin: int
    places: FloatArray
    labels: NDArray[np.uint8]
    along: NDArray[np.number]
    across: NDArray[np.number]
    first_fibre: NDArray[np.int32]
    fibre_cell: IntArray
    fibre_label: NDArray[np.uint8]
    fibres: FloatArray


@dataclass(frozen=True, eq=False)
class Cells:
    """What fills the cells of a box.

    Attributes
    ----------
    box
        Its nodes and cells.
    covered
        First cell, and the one after the last, of those that a finer box covers; None where there is none.
    subsamples
        Sub-voxels along an edge of a cell, S.
    margin
        Sub-voxels round the box on each side, m.
    labels
        (S cx + 2 m, S cy + 2 m, S cz + 2 m) uint8: which part fills each sub-voxel; 0 where nothing conducts, and in
        the box's own cells where a sliver does, of a 64th of a cell or less.
    names
        Of each label, by label; empty for 0 and for parts that are taken out.
    along, across
        (labels,) S/m, along and across the fibres; 0 where nothing conducts. May be complex.
    first_fibre
        (cx, cy, cz) int32: row of a cell's first direction; -1 where it has none.
    fibre_cell, fibre_label, fibres
        (rows,), (rows,) uint8 and (rows, 3): unit direction, at a cell's centre, of each of its parts that have fibres.
        Cells are counted as in memory; the rows of one stand together.
    tissue
        (cx, cy, cz) uint8: label that fills most of each cell, of those that conduct; 0 where they fill less than half
        of it. Nodes that touch no other cells are hardly tied to anything: their potentials say nothing.
    """

    box: Box
    covered: tuple[Index3, Index3] | None
    subsamples: int
    margin: int
    labels: NDArray[np.uint8]
    names: tuple[str, ...]
    along: NDArray[np.number]
    across: NDArray[np.number]
    first_fibre: NDArray[np.int32]
    fibre_cell: IntArray
    fibre_label: NDArray[np.uint8]
    fibres: FloatArray
    tissue: NDArray[np.uint8]

    @property
    def step_mm(self) -> float:
        """Edge of a sub-voxel."""
        return self.box.spacing_mm / self.subsamples

    @property
    def arrays(self) -> CellArrays:
        """What kernels take."""
        return CellArrays(
            self.subsamples,
            self.margin,
            places_of(self.subsamples),
            self.labels,
            self.along,
            self.across,
            self.first_fibre,
            self.fibre_cell,
            self.fibre_label,
            self.fibres,
        )


def cells_of(medium: Medium, boxes: Sequence[Box], subsamples: int | Sequence[int] = 4) -> tuple[Cells, ...]:
    """Return the cells of nested boxes, from the finest outwards.

    Parameters
    ----------
    medium
        What fills space.
    boxes
        From the finest; each lies in the next, of twice the spacing.
    subsamples
        Sub-voxels along an edge of a cell, in each box; the last number is that of all that follow. Fewer are taken
        where parts reach too far for so many.

    Raises
    ------
    InputError
        If there are too many parts, or a part that conducts unlike along and across its fibres has no direction.
    """
    numbers = numbers_of(medium)
    for name, given in medium.conductivity.items():
        if given.has_direction and name in numbers and name not in medium.direction:
            raise InputError(f"medium: {name} conducts unlike along and across, expected the direction of its fibres")
    covered = [None, *(_covered(inner, outer) for inner, outer in pairwise(boxes))]
    wanted = of_each(subsamples, len(boxes))
    return tuple(
        _cells(medium, box, hole, in_reach(medium, box, n)) for box, hole, n in zip(boxes, covered, wanted, strict=True)
    )


def of_each(subsamples: int | Sequence[int], boxes: int) -> tuple[int, ...]:
    """Return the sub-voxels along an edge of a cell, of so many boxes.

    Examples
    --------
    >>> of_each(4, 2), of_each((6, 4), 3)
    ((4, 4), (6, 4, 4))
    """
    given = (subsamples,) if isinstance(subsamples, int) else tuple(subsamples)
    return (given + given[-1:] * boxes)[:boxes]


def _covered(inner: Box, outer: Box) -> tuple[Index3, Index3]:
    """Return the cells of the outer box, from the first to the one after the last, that the inner one covers."""
    first = box_in_next(inner, outer)
    i, j, k = (a + n // 2 for a, n in zip(first, inner.cells, strict=True))
    return first, (i, j, k)


def _cells(medium: Medium, box: Box, covered: tuple[Index3, Index3] | None, subsamples: int) -> Cells:
    """Return the cells of one box."""
    numbers = numbers_of(medium)
    names = [""] * (max(numbers.values(), default=0) + 1)
    values = np.zeros((2, len(names)), dtype=complex)
    for name, number in numbers.items():
        if number:
            names[number] = name
            values[:, number] = medium.conductivity[name].complex_along, medium.conductivity[name].complex_across
    along, across = values if values.imag.any() else values.real
    labels, margin = sub_voxels(medium, box, subsamples), margin_of(subsamples)
    has_fibres = along != across
    tissue, first_fibre = np.zeros(box.cells, dtype=np.uint8), np.full(box.cells, -1, dtype=np.int32)
    planes = np.array_split(np.arange(box.cells[0]), min(8, box.cells[0]))
    found = side_by_side(
        lambda part: _survey(labels, subsamples, margin, has_fibres, tissue, first_fibre, part[0], part[-1] + 1), planes
    )
    before = np.cumsum([0, *(len(label) for _, label in found)])
    for part, n in zip(planes, before[:-1], strict=True):
        rows = first_fibre[part[0] : part[-1] + 1]
        rows[rows >= 0] += n
    place = np.concatenate([place for place, _ in found])
    fibre_label = np.concatenate([label for _, label in found])
    fibres = _fibres(medium, box, names, place, fibre_label)
    return Cells(
        box, covered, subsamples, margin, labels, tuple(names), along, across, first_fibre, place, fibre_label, fibres,
        tissue,
    )  # fmt: skip


def _fibres(
    medium: Medium, box: Box, names: Sequence[str], place: IntArray, label: NDArray[np.uint8]
) -> FloatArray:
    """Return the direction of the fibres of a label at the centres of cells, (n, 3)."""
    centre = box.low + (np.stack(np.unravel_index(place, box.cells), axis=1) + 0.5) * box.spacing_mm
    fibres = np.zeros((len(place), 3))
    for number in np.unique(label):
        chosen = label == number
        found = medium.direction[names[number]](centre[chosen])
        fibres[chosen] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return fibres


@compiled
def _survey(
    labels: NDArray[np.uint8],
    subsamples: int,
    margin: int,
    has_fibres: NDArray[np.bool_],
    tissue: NDArray[np.uint8],
    first_fibre: NDArray[np.int32],
    start: int,
    stop: int,
) -> tuple[IntArray, NDArray[np.uint8]]:
    """Write what fills most of each cell of planes ``start`` to ``stop``; return cells and labels that have fibres.

    Cells in which only slivers conduct are emptied.
    """
    _, ny, nz = tissue.shape
    counts, s = np.zeros(len(has_fibres), dtype=np.int64), subsamples
    place, label = np.empty(2 * s**3, dtype=np.int64), np.empty(2 * s**3, dtype=np.uint8)
    first, mixed = np.empty(nz * s, dtype=np.uint8), np.empty(nz * s, dtype=np.uint8)
    n = 0
    for i in range(start, stop):
        for j in range(ny):
            i0, j0 = margin + i * s, margin + j * s
            row = labels[i0 : i0 + s, j0 : j0 + s, margin : margin + nz * s]
            _compare(row, first, mixed)
            for k in range(nz):
                if n + s**3 > len(place):
                    place, label = np.append(place, place), np.append(label, label)
                before, part = n, slice(k * s, (k + 1) * s)
                if mixed[part].any():
                    tissue[i, j, k], n = _survey_cell(row[:, :, part], counts, has_fibres, label, n)
                else:
                    tissue[i, j, k] = label[n] = first[k * s]
                    n += has_fibres[first[k * s]]
                place[before:n] = (i * ny + j) * nz + k
                if n > before:
                    first_fibre[i, j, k] = before
    return place[:n], label[:n]


@compiled
def _survey_cell(
    here: NDArray[np.uint8], counts: IntArray, has_fibres: NDArray[np.bool_], label: NDArray[np.uint8], n: int
) -> tuple[int, int]:
    """Return what fills most of a cell, and the row after the last of its labels with fibres, written from ``n``.

    Where less than half conducts, nothing fills it; where no more than a sliver does, it is emptied.
    """
    most, tissue, conducts = 0, 0, _count(here, counts)
    if conducts <= SLIVER * here.size:
        counts[:] = 0
        here[:] = 0
    for value in here.flat:
        one = int(value)
        if one > 0 and counts[one] > 0:
            if has_fibres[one]:
                label[n] = one
                n += 1
            if counts[one] > most:
                most, tissue = int(counts[one]), one
        counts[one] = 0
    return tissue if 2 * conducts >= here.size else 0, n


@compiled
def _count(here: NDArray[np.uint8], counts: IntArray) -> int:
    """Add the sub-voxels of each label to ``counts``; return how many conduct."""
    conducts = 0
    for value in here.flat:
        counts[value] += 1
        conducts += 1 if value > 0 else 0
    return conducts


@compiled
def _compare(row: NDArray[np.uint8], first: NDArray[np.uint8], mixed: NDArray[np.uint8]) -> None:
    """Write the first label of the cell of each place along a row of cells, and what differs from it there; 0: nothing.

    All cells of a row at once, since the compiler then takes many places in a step.
    """
    s, _, length = row.shape
    for k in range(0, length, s):
        first[k : k + s] = row[0, 0, k]
    mixed[:] = 0
    for i in range(s):
        for j in range(s):
            for k in range(length):
                mixed[k] |= row[i, j, k] ^ first[k]
