"""The field anew in patches of smaller cells, along what is hardly wider than the cells of the boxes: nerve roots.

Near a contact the potential falls across a root by as much as 20 mV/mm. In cells as wide as the root's radius it wavers
along a fibre by half a millivolt: nothing beside 100 mV, but half of the second difference. Such errors are as short as
the cells, and do not reach from the root to the faces of a patch, so that the potential there may be the boxes'.

In a patch the same equations hold as in a box. Nodes on its faces, and beside contacts, keep that of the boxes, or of
patches of larger cells, in the best conductor that touches them. The others begin with it: what is left to find is what
smaller cells change.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.field._half_tissues import best_conductors, tissue_of
from spinemodel.field._planes import over_planes
from spinemodel.field._processor import Lanes, Processor
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field._sweeps import StencilArray, U, steps_of
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.cells import Cells, cells_of
from spinemodel.field.composite import by_node, sent
from spinemodel.field.conjugate_gradients import Progress, solve_by_cycles
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.field.levels import hierarchy
from spinemodel.field.problem import Problem
from spinemodel.field.processors import processor
from spinemodel.field.sampling import potential
from spinemodel.field.solver import LANES, memory_bytes
from spinemodel.field.stencils import stencils_of
from spinemodel.field.tissue_groups import Within
from spinemodel.jit import compiled
from spinemodel.registers import load, numbers, store, zeros
from spinemodel.volume._device import Device

TOLERANCE: Final = 3e-3
"""Of what the boxes' potential leaves, that may be left. A choice by measurement: two cycles reach it, and leave 8e-4
of the activating function along a real subject's 56 fibre paths."""

SUBSAMPLES: Final = 3
"""Sub-voxels along an edge of a cell. A choice by measurement: with cells of 0.07 mm in rootlets 2, 3 and 4 leave 3.0,
2.0 and 1.8 % of the activating function, against cells of 0.05 mm."""

STRIDE: Final = 4
"""Cells from point to point in which the boxes' potential is read where it is only begun with; splines join them. A
choice: hardly farther apart than the boxes' nodes."""

AT_ONCE: Final = 2
"""Patches that are worked on side by side: while one is in a step for one core, the other takes the rest. A choice:
each takes memory."""

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
        Of the patches: within those of the field, and at best finer. Smaller cells come before larger ones in the
        field, and are solved for after them: on their faces they take the potential of those that hold them.
    tolerance
        Of what the field's potential leaves, that may be left.
    subsamples, device
        As of :func:`spinemodel.field.solver.solve`.
    progress
        Told the number of patches done and the last one's relative residual.

    Raises
    ------
    ConvergenceError
        If the tolerance is not reached.
    """
    on, done, larger = processor(device), count(1), replace(field, patches=())

    def made(box: Box) -> Patch:
        (cells,) = cells_of(problem.medium, [box], subsamples)
        patch, left = _patch(larger, problem, cells, tolerance, on)
        progress(next(done), left)
        return patch

    # Small products, side by side: threads of their own would only stand in each other's way.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(AT_ONCE if isinstance(on, Cpu) else 1) as pool:
        for spacing in sorted({box.spacing_mm for box in boxes}, reverse=True):
            alike = tuple(pool.map(made, [box for box in boxes if box.spacing_mm == spacing]))
            larger = replace(field, patches=(*alike, *larger.patches))
    return replace(field, patches=(*field.patches, *larger.patches))


def patches_memory_bytes(
    boxes: Sequence[Box], patches: Sequence[Box], contacts: int, *, complex_values: bool = False
) -> int:
    """Return about how much memory patches take at their most: the field, those that are done, and those at work."""
    held = sum(float(np.prod(box.nodes)) for box in (*boxes, *patches))
    held *= contacts * (8 if complex_values else 4) + 8  # eight tissues to a node
    work = (memory_bytes([box], contacts, SUBSAMPLES, complex_values=complex_values) for box in patches)
    return int(held) + sum(sorted(work)[-AT_ONCE:])


def _patch(
    field: LeadField, problem: Problem, cells: Cells, tolerance: float, on: Processor
) -> tuple[Patch, float]:
    """Return one patch, and the greatest relative residual."""
    box = cells.box
    kept, stencil = _kept(field, problem, box), stencils_of(cells)
    stencil = stencil.astype(np.result_type(stencil, field.potential[0]), copy=False)
    stencil[kept] = 0  # no equation, as where nothing conducts
    values = _begun(field, box).astype(stencil.dtype, copy=False)
    values[kept] = _held(field, cells, np.argwhere(kept)).T
    levels, left = sent(hierarchy([box], [stencil], grounded=False), on), 0.0
    for first in range(0, len(field.contacts), LANES):
        part = values[..., first : first + LANES]
        given = _outflow(stencil, values, slice(first, first + part.shape[3]), on)
        change, residual = solve_by_cycles(levels, given, part.shape[3], tolerance, on)
        part += by_node(on.fetch(change), part.shape[3])
        left = max(left, residual)
    tissue = tissue_of(cells)
    values[tissue[::2, ::2, ::2] == 0] = np.nan
    return Patch(box, np.moveaxis(values, 3, 0), _numbers(cells, field)[tissue]), left


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


def _begun(field: LeadField, box: Box) -> NDArray[Any]:
    """Return about the field's potential at a box's nodes, (nx, ny, nz, contacts)."""
    axes = [np.linspace(0, cells, -(-cells // STRIDE) + 1) for cells in box.cells]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    values = _given(field, (lattice + np.array(box.first)) * box.spacing_mm).T.astype(field.potential[0].dtype)
    for n in (2, 1, 0):  # a sum over points with the same weights for all: the last is the greatest, of fewest terms
        points = len(axes[n])
        weights = make_interp_spline(axes[n], np.eye(points), min(3, points - 1))(np.arange(box.nodes[n]))
        before = int(np.prod([len(axis) for axis in axes[:n]]))
        values = weights.astype(values.real.dtype) @ values.reshape(before, points, -1)
    return values.reshape(*box.nodes, -1)


def _held(field: LeadField, cells: Cells, nodes: IntArray) -> NDArray[Any]:
    """Return the potential that nodes (n, 3) keep, (contacts, n): the field's, in the best conductor that touches each.

    Between a layer of a poor conductor, across which it falls by hundreds of mV, and a good one boxes tell the place of
    the interface to a part of their cells alone. A node in the good conductor that is given what stands in the layer
    lets current through as if the layer had a hole; one in the layer that is given what stands beside it hardly any.
    By measurement, a real subject's 56 fibre paths beside third order on tetrahedra: one such hole in the dura, beside
    one contact of three, left 13 % of its activating function in cells of 0.28 mm; without holes 1.8 % are left.
    """
    known = set(field.tissues.values())
    names = np.array([name if name in known else "" for name in cells.names])
    places = (nodes + np.array(cells.box.first)) * cells.box.spacing_mm
    return _given(field, places, names[best_conductors(cells, nodes)].tolist())


def _given(field: LeadField, places: FloatArray, within: Within = None) -> NDArray[Any]:
    """Return the field's potential at places (n, 3), (contacts, n); where it has none, the nearest place's."""
    values = potential(field, places, within=within, firmly=True, missing="nan")
    known = np.isfinite(values).all(axis=0)
    if known.any() and not known.all():
        values[:, ~known] = values[:, known][:, cKDTree(places[known]).query(places[~known])[1]]
    return np.asarray(np.nan_to_num(values))


def _outflow(stencil: StencilArray, values: NDArray[Any], lanes: slice, on: Processor) -> Lanes:
    """Return minus what flows out of the nodes that have an equation, with these potentials of some contacts."""
    count = lanes.stop - lanes.start
    out = on.fetch(on.zeros(values.shape[:3], count, values.dtype))
    work = stencil, values, lanes.start, out, numbers(count)
    over_planes(lambda a, b: _add_flow(*work, max(a, 1), min(b, len(values) - 1)), len(values))
    return on.send(out)


@compiled
def _add_flow(
    stencil: StencilArray, values: NDArray[Any], lane: int, out: Lanes, register: Any, first: int, last: int
) -> None:
    """Write what flows into the inner nodes of planes ``first`` to before ``last``.

    By differences of potentials: these are so much smaller that single precision is enough.
    """
    _, ny, nz, contacts = values.shape
    steps, rows = (U(ny * nz * contacts), U(nz * contacts), U(contacts)), steps_of(out, nz)
    flat, into = values.reshape(-1), out.reshape(-1)
    for i in range(first, last):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                if stencil[i, j, k, 13] != 0:
                    at = U(i) * steps[0] + U(j) * steps[1] + U(k) * steps[2] + U(lane)
                    total = _flow(stencil[i, j, k], flat, at, steps, register)
                    store(into, U(i + 1) * rows[0] + U(j + 1) * rows[1] + U(k + 1) * rows[2], total)


@compiled
def _flow(row: Any, values: Any, at: Any, steps: Any, register: Any) -> Any:
    """Return what flows into a node, whose potentials begin at a place, along its stencil."""
    own, total = load(values, at, register), zeros(values, register)
    corner = at - steps[0] - steps[1] - steps[2]
    for di in range(3):
        for dj in range(3):
            for dk in range(3):
                there = corner + U(di) * steps[0] + U(dj) * steps[1] + U(dk) * steps[2]
                total -= row[9 * di + 3 * dj + dk] * (load(values, there, register) - own)
    return total


def _numbers(cells: Cells, field: LeadField) -> NDArray[np.uint8]:
    """Return the field's number of each label."""
    of_name = {name: number for number, name in field.tissues.items()}
    return np.array([of_name.get(name, 0) for name in cells.names], dtype=np.uint8)
