"""The field anew in patches of smaller cells, along what is hardly wider than the cells of the boxes: nerve roots.

Near a contact the potential falls across a root by as much as 20 mV/mm. In cells as wide as the root's radius it wavers
along a fibre by half a millivolt: nothing beside 100 mV, but half of the second difference. Such errors are as short as
the cells, and do not reach from the root to the faces of a patch, so that the potential there may be the boxes'.

In a patch the same equations hold as in a box. Nodes on its faces, and beside contacts, keep the boxes' potential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.field._processor import Lanes, Processor
from spinemodel.field._sweeps import StencilArray
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.cells import Cells, cells_of
from spinemodel.field.composite import by_node, composite
from spinemodel.field.conjugate_gradients import Progress, solve_system
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.field.problem import Medium, Problem
from spinemodel.field.processors import processor
from spinemodel.field.sampling import potential
from spinemodel.field.solver import LANES, touched
from spinemodel.field.stencils import stencils_of
from spinemodel.volume._crossings import REACH as FARTHEST
from spinemodel.volume._device import Device

TOLERANCE: Final = 1e-7
"""Of the right-hand side, that may be left. A choice: second differences over 1 mm then are exact to 1e-4."""

SUBSAMPLES: Final = 3
"""Sub-voxels along an edge of a cell. A choice by measurement: with cells of 0.07 mm in rootlets 2, 3 and 4 leave 3.0,
2.0 and 1.8 % of the activating function, against cells of 0.05 mm."""

BESIDE: Final = 2.0
"""Cells of the finest box round a contact in which the potential stays as it is: there its surface is held to one
potential. A choice."""


def with_patches(
    field: LeadField,
    problem: Problem,
    boxes: Sequence[Box],
    *,
    tolerance: float = TOLERANCE,
    subsamples: int = SUBSAMPLES,
    device: Device = "auto",
    progress: Progress = lambda step, left: None,
) -> LeadField:
    """Return the field with patches, in which the potential is solved for anew.

    Parameters
    ----------
    field
        On nested boxes, with or without patches; new ones come after those that it has.
    problem
        That it solves.
    boxes
        Of the patches: within those of the field, and at best finer.
    tolerance, subsamples, device, progress
        As of :func:`spinemodel.field.solver.solve`.

    Raises
    ------
    ConvergenceError
        If the tolerance is not reached.
    """
    on, plain = processor(device), replace(field, patches=())
    made = []
    for box in boxes:
        (cells,) = cells_of(problem.medium, [box], _subsamples(problem.medium, box, subsamples))
        made.append(_patch(plain, problem, cells, tolerance, on, progress))
    return replace(field, patches=(*field.patches, *made))


def _patch(
    field: LeadField, problem: Problem, cells: Cells, tolerance: float, on: Processor, progress: Progress
) -> Patch:
    """Return one patch."""
    box = cells.box
    kept, stencil = _kept(field, problem, box), stencils_of(cells)
    stencil = stencil.astype(np.result_type(stencil, field.potential[0]), copy=False)
    values = np.zeros((len(field.contacts), *box.nodes), dtype=stencil.dtype)
    values[:, kept] = _given(field, box, kept)
    for first in range(0, len(values), LANES):
        part = values[first : first + LANES]
        part += _solution(_Held(stencil, kept), part, tolerance, on, progress)
    values[:, ~touched(cells)] = np.nan
    return Patch(box, values, _renumbered(cells, field))


def _subsamples(medium: Medium, box: Box, wanted: int) -> int:
    """Return how many sub-voxels along an edge of a cell still reach over all parts: no mesh may be farther away."""
    ends = np.array([f(part.vertices, axis=0) for part in medium.parts.values() for f in (np.min, np.max)])
    reach = max(np.abs(ends - box.low).max(), np.abs(ends - box.high).max()) + box.spacing_mm * wanted
    return max(1, min(wanted, int((FARTHEST - 1) * box.spacing_mm / reach)))


def _kept(field: LeadField, problem: Problem, box: Box) -> BoolArray:
    """Return the nodes (nx, ny, nz) whose potential stays: on the faces, and beside contacts."""
    kept = np.ones(box.nodes, dtype=bool)
    kept[1:-1, 1:-1, 1:-1] = False
    room = BESIDE * field.boxes[0].spacing_mm
    for contact in problem.contacts:
        corners = contact.triangles.reshape(-1, 3)
        low, high = corners.min(axis=0) - room, corners.max(axis=0) + room
        near = [(axis >= a) & (axis <= b) for axis, a, b in zip(node_points(box), low, high, strict=True)]
        kept[np.ix_(*near)] = True
    return kept


def _given(field: LeadField, box: Box, kept: BoolArray) -> FloatArray:
    """Return the field's potential at the nodes that keep it, (contacts, n); where it has none, the nearest node's."""
    places = (np.argwhere(kept) + np.array(box.first)) * box.spacing_mm
    values = potential(field, places, missing="nan")
    known = np.isfinite(values).all(axis=0)
    if known.any() and not known.all():
        values[:, ~known] = values[:, known][:, cKDTree(places[known]).query(places[~known])[1]]
    return np.asarray(np.nan_to_num(values))


@dataclass(frozen=True, eq=False)
class _Held:
    """The stencils of a patch, and the nodes whose potential is given."""

    stencil: StencilArray
    kept: BoolArray


def _solution(
    held: _Held, values: NDArray[Any], tolerance: float, on: Processor, progress: Progress
) -> NDArray[Any]:
    """Return what is to be added to potentials (lanes, nx, ny, nz) that are right at the nodes that keep theirs."""
    lanes, pinned = len(values), np.zeros(held.kept.shape, dtype=held.stencil.dtype)
    right = _outflow(held, pinned, values, on)
    own = held.stencil.copy()
    own[held.kept] = 0  # no equation, as where nothing conducts
    nodes = held.kept.shape
    matrix = composite([Box((0, 0, 0), nodes, 1.0)], [own], [pinned], grounded=False, on=on)
    found = solve_system(matrix, (right,), lanes, tolerance, progress)
    return np.moveaxis(by_node(on.fetch(found.values[0]), lanes), 3, 0)


def _outflow(held: _Held, pinned: NDArray[Any], values: NDArray[Any], on: Processor) -> Lanes:
    """Return minus what flows out of the nodes that have an equation, with these potentials."""
    lanes, kind = len(values), np.result_type(values.dtype, np.float64)
    given, image = on.fetch(on.zeros(held.kept.shape, lanes, kind)), on.zeros(held.kept.shape, lanes, kind)
    by_node(given, lanes)[:] = np.moveaxis(values, 0, 3)
    on.product(on.send(held.stencil), on.send(pinned), on.send(given), image)
    right = np.ascontiguousarray(on.fetch(image))
    right *= -1
    by_node(right, lanes)[held.kept] = 0
    return on.send(right)


def _renumbered(cells: Cells, field: LeadField) -> NDArray[np.uint8]:
    """Return the tissues of the cells by the field's numbers."""
    numbers = {name: number for number, name in field.tissues.items()}
    return np.array([numbers.get(name, 0) for name in cells.names], dtype=np.uint8)[cells.tissue]
