"""The potential between the nodes: its value and its slope at any point.

A point takes a quadratic, fitted to the nodes within some two cells that lie in its own tissue (see
:mod:`spinemodel.field._sampling`). So the potential keeps its kinks where the conductivity jumps, and its second
differences along a fibre are those of the fibre's own tissue. Where these nodes do not bear a value out, as in a layer
a cell thick, those of all tissues decide, and it keeps between theirs. The error of a smooth potential falls with the
third power of the spacing, that of its slope with the second.

The finest box that holds a point counts, and over two cells beside its border the next coarser one takes over;
patches come before all boxes. So boxes hold potentials and tissues at all their nodes, also where a finer box lies in
them. Nodes without a potential (NaN, of all contacts alike) are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.field._box_shares import places_in, shares_of
from spinemodel.field._sampling import fit
from spinemodel.field._tissue_shares import tissue_numbers
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.field.named_tissues import require_named_in_file
from spinemodel.field.tissue_groups import Within, groups_of
from spinemodel.volume._threads import side_by_side

SHARE: Final = 2048
"""Points that one thread takes at a time: some ten milliseconds."""

SLAB: Final = 1 << 15
"""Points between two tellings of how far it is: some tenths of a second."""

Done: TypeAlias = Callable[[int, int], None]
"""Told how many are done, and of how many."""

Missing: TypeAlias = Literal["error", "nan"]
"""What a point without a potential is: an error, or not a number."""

AnyScalar = TypeVar("AnyScalar", bound=np.generic)


def potential(
    field: LeadField,
    points: FloatArray,
    *,
    within: Within = None,
    firmly: bool = False,
    missing: Missing = "error",
    progress: Done | None = None,
) -> FloatArray:
    """Return the potential of every contact at points.

    Parameters
    ----------
    field
        Potentials on nodes.
    points
        (n, 3) mm, of the field's space.
    within
        Tissue that the points are known to lie in, where the cells are too coarse to tell: roots are hardly wider than
        two cells. All roots and rootlets count as one tissue. Where no node near a point is of that tissue, the
        point's surroundings decide.
    firmly
        Whether points take the tissue that they are known to lie in wherever it has a node within some two cells. Else
        a point where cells hold none of it takes its surroundings gradually, so that nothing jumps along a line.
    missing
        What is done about a point outside the boxes, or where nothing conducts: an error, or NaN.
    progress
        Told the number of points done, now and then, and of all.

    Returns
    -------
    (contacts, n) mV per mA.

    Raises
    ------
    InputError
        If a point has no potential, naming the first; if points are not (n, 3), or ``within`` no tissue of the field;
        if what is mapped from a file, and used for the first time, holds the number of a tissue that has no name.

    Examples
    --------
    >>> import numpy as np
    >>> from spinemodel.field.boxes import Box
    >>> slope = np.linspace(0, 7, 8, dtype=np.float32) * np.ones((8, 8, 1), dtype=np.float32)
    >>> field = LeadField("lab", ("C1",), (Box((0, 0, 0), (8, 8, 8), 0.5),), (slope[None],),
    ...                   (np.ones((15, 15, 15), dtype=np.uint8),), {1: "CSF"}, np.eye(1))
    >>> potential(field, np.array([[1.5, 2.0, 1.2]])).round(3)
    array([[2.4]])
    """
    return _fitted(field, points, within, missing, rows=1, firm=firmly, progress=progress)[..., 0]


def gradient(field: LeadField, points: FloatArray, *, within: Within = None, missing: Missing = "error") -> FloatArray:
    """Return the slope of the potential of every contact at points, of the side of an interface that a point lies on.

    It jumps where the conductivity does. The electric field is the opposite. Where in half a cell an interface runs is
    not known: within a quarter of a cell of one, the slope may be that of the other side. Across a layer in which one
    plane of nodes lies, its own nodes do not tell the slope, nor do others here.

    Parameters
    ----------
    field, points, within, missing
        As of :func:`potential`.

    Returns
    -------
    (contacts, n, 3) mV/mm per mA along RAS.
    """
    return _fitted(field, points, within, missing, rows=4)[..., 1:]


def tissue_at(field: LeadField, points: FloatArray) -> IntArray:
    """Return the number of the tissue at points, (n,): that of most nodes, and places half-way between, near each.

    0 where nothing conducts, and outside the boxes; but within half a cell of what conducts, where the potential goes
    on smoothly, that tissue's number: an insulator, such as a lead's body, appears up to a cell too thin, and one
    thinner than that not at all. A layer in which no node lies is not found.
    """
    points = _points(points)
    _require_halves(field)
    found = np.zeros(len(points), dtype=np.int64)
    for part, some, shares in _read_at(field, points):
        numbers = found[some]
        tissue_numbers(_fixed(part.tissue), places_in(part.box, points[some]), shares, numbers)
        found[some] = numbers
    return found


def _fitted(
    field: LeadField, points: FloatArray, within: Within, missing: Missing, *, rows: int, firm: bool = False,
    progress: Done | None = None,
) -> FloatArray:  # fmt: skip
    """Return values, and slopes per mm where rows = 4, (contacts, n, rows)."""
    points = _points(points)
    number, wanted = groups_of(field.tissues, within, len(points))
    kind = np.result_type(np.float64, *field.potential)  # complex where a field is
    out, total = np.zeros((len(points), rows, len(field.contacts)), kind), np.zeros(len(points))
    _require_halves(field)
    for slab in _slabs(len(points), progress):
        _add(field, points[slab], number, wanted[slab], firm, out[slab], total[slab])
    if missing == "error" and not (total > 0).all():
        raise InputError(_no_potential(field, points, total))
    out[total == 0] = np.nan
    return np.moveaxis(out / np.where(total > 0, total, 1)[:, None, None], 2, 0)


def _slabs(count: int, progress: Done | None) -> Iterator[slice]:
    """Yield all of so many points at once; where progress is told, some at a time."""
    step = max(count, 1) if progress is None else SLAB
    for first in range(0, count, step):
        yield slice(first, first + step)
        if progress is not None:
            progress(min(first + step, count), count)


def _add(
    field: LeadField, points: FloatArray, number: IntArray, wanted: IntArray, firm: bool, out: FloatArray,
    total: FloatArray,
) -> None:  # fmt: skip
    """Add each box's and patch's share in points to their sums (n, rows, contacts), and its weight to (n,)."""
    for part, some, shares in _read_at(field, points):
        places, found, weight = places_in(part.box, points[some]), np.zeros_like(out[some]), np.zeros(len(some))
        values, labels = _fixed(np.moveaxis(part.potential, 0, 3)), _fixed(part.tissue)
        _fit(_real(values), labels, number, places, wanted[some], shares, firm, _real(found), weight)
        found[:, 1:] /= part.box.spacing_mm
        out[some] += found
        total[some] += weight


def _read_at(field: LeadField, points: FloatArray) -> Iterator[tuple[Patch, IntArray, FloatArray]]:
    """Yield what has a share in points, as :func:`shares_of`; of all else nothing is read from the disk."""
    for part, some, shares in shares_of(field, points):
        if len(some):
            require_named_in_file(part, field.tissues)
            yield part, some, shares


def _require_halves(field: LeadField) -> None:
    """Raise unless tissues are as many as loops will read."""
    for one, tissue in [*zip(field.boxes, field.tissue, strict=True), *((p.box, p.tissue) for p in field.patches)]:
        if tissue.shape != one.halves:
            raise InputError(f"tissue: got {tissue.shape}, expected {one.halves}, of nodes and half-way between them")


def _fit(
    values: NDArray[np.float32],
    labels: NDArray[np.uint8],
    number: IntArray,
    places: FloatArray,
    within: IntArray,
    shares: FloatArray,
    firm: bool,
    out: FloatArray,
    total: FloatArray,
) -> None:
    """Write the sums of one box, threads side by side. Slopes are one-sided; a value has no step."""
    one_sided = out.shape[1] > 1

    def one(part: slice) -> None:
        fit(values, labels, number, places[part], within[part], shares[part], one_sided, firm, out[part], total[part])

    side_by_side(one, [slice(first, first + SHARE) for first in range(0, len(places), SHARE)])


def _fixed(values: NDArray[AnyScalar]) -> NDArray[AnyScalar]:
    """Return an array, maybe mapped from a file, as loops are compiled for: read-only and in C order."""
    fixed = np.ascontiguousarray(values).view(np.ndarray)
    fixed.setflags(write=False)
    return fixed


def _real(values: NDArray[Any]) -> NDArray[Any]:
    """Return a view of numbers in which complex ones are two, side by side: both are fitted alike."""
    return values.view(values.real.dtype)


def _points(points: FloatArray) -> FloatArray:
    """Return a copy of the points, as loops are compiled for, or raise."""
    points = np.array(points, dtype=np.float64, order="C")
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"points: got {points.shape}, expected (n, 3) mm")
    return points


def _no_potential(field: LeadField, points: FloatArray, total: FloatArray) -> str:
    """Return what is wrong with the first point that has no potential."""
    lost = np.flatnonzero(total == 0)
    x, y, z = points[lost[0]]
    low, high = field.boxes[-1].low, field.boxes[-1].high
    inside = bool(((points[lost[0]] >= low) & (points[lost[0]] <= high)).all())
    reach = "; ".join(f"{a:g} to {b:g}" for a, b in zip(low, high, strict=True))
    why = "nothing conducts there" if inside else f"the field reaches x, y, z = {reach} mm"
    return (
        f"no potential at ({x:g}, {y:g}, {z:g}) mm, point {lost[0]}, and at {len(lost) - 1} other of {len(points)} "
        f'points: {why}; leave such points out, or ask for missing="nan"'
    )
