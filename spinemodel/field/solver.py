"""From a problem to a lead field: cells, equations, electrodes, one solve for all contacts, and the sums of these.

With every other contact held at 0 V, each contact in turn is held at 1 V. The currents that this takes are a small
matrix, whose inverse says which potentials give 1 mA through one contact and none through the others: the sum of the
solutions with these is the field of floating contacts, with no constraint in the system that is solved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import GeometryError, InputError
from spinemodel.field._half_tissues import tissue_of
from spinemodel.field._processor import Processor
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field.boxes import Box
from spinemodel.field.cells import Cells, cells_of, of_each
from spinemodel.field.composite import (
    Composite,
    Vector,
    apply,
    by_node,
    collect,
    composite,
    follow,
    inject,
    inject_halves,
)
from spinemodel.field.conjugate_gradients import Progress, solve_system
from spinemodel.field.electrodes import Coupling, Load, add_electrodes, fill_steps, lay_out, surface_load
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Electrode, Problem
from spinemodel.field.processors import processor
from spinemodel.field.stencils import stencils_of
from spinemodel.volume._device import Device

TOLERANCE: Final = 3e-8
"""Of the right-hand side, that may be left. A choice: with it a real subject's currents balance to 1e-6."""

SUBSAMPLES: Final = (6, 4)
"""Sub-voxels along an edge of a cell, in the finest box and in the others. A choice: 4 tell the thickness of sheets
along the grid to an eighth of a cell at least. Round a lead, where a layer of fat is hardly wider than the cells, that
leaves up to 1.9 % of a contact's impedance; 6 and 8 leave 0.9 and 1.0 %."""

LANES: Final = 16
"""Contacts that are solved side by side. More would share a reading of the equations with no gain."""

PER_MA: Final = 1000.0
"""Solutions are in V per mA: mS of a matrix in S/m and mm."""

GROUNDED: Final = 0.01
"""Of a contact's current, that may be missing at the ground: more is no rounding, but current with nowhere to go."""

SMALLEST: Final = 4
"""Least area of a contact, in faces of the cells that it lies in: a smaller one is not held to its potential.
With so few, impedances err by up to 10 %; with twenty, by 1.5 %."""

Drive: TypeAlias = Coupling | Load
"""What a contact does to the nodes: with its potential, or with a given current density."""

Currents: TypeAlias = Literal["floating", "uniform"]
"""Through a contact: as metal takes it, all of one potential; or of the same density everywhere."""


@dataclass(frozen=True, eq=False)
class System:
    """The equations of a problem.

    Attributes
    ----------
    cells
        Of each box.
    matrix
        The equations.
    drives
        What each contact does to the nodes.
    ground
        What the ground would; None where it is the faces of the outermost box.
    """

    cells: tuple[Cells, ...]
    matrix: Composite
    drives: tuple[Drive, ...]
    ground: Coupling | None


def memory_bytes(
    boxes: Sequence[Box], contacts: int, subsamples: int | Sequence[int] = SUBSAMPLES, *, complex_values: bool = False
) -> int:
    """Return about how much memory a solve takes at its most, twice as much for complex conductivities.

    Per node and lane: five vectors of double and three of single precision. Per node: sub-voxels and their making,
    tissues, two sets of stencils, weights. The coarser levels are an eighth and less.
    """
    lanes = min(contacts, LANES)
    nodes = [float(np.prod(box.nodes)) for box in boxes]
    labels = sum(2 * count * n**3 for count, n in zip(nodes, of_each(subsamples, len(boxes)), strict=True))
    twice = 2 if complex_values else 1
    own = lanes * 52 * 1.05 + contacts * 4 + 27 * 4 * 2.2
    return int(sum(nodes) * (twice * own + 68) + labels) + (300 << 20)


def solve(
    problem: Problem,
    boxes: Sequence[Box],
    *,
    currents: Currents = "floating",
    tolerance: float = TOLERANCE,
    subsamples: int | Sequence[int] = SUBSAMPLES,
    device: Device = "auto",
    progress: Progress = lambda step, left: None,
    about: Mapping[str, Any] | None = None,
) -> LeadField:
    """Return the potential of each contact at 1 mA.

    Parameters
    ----------
    problem
        Tissues, contacts and ground.
    boxes
        From the finest, which holds the contacts, to the one that holds the domain.
    currents
        Through each contact: ``floating`` (the others carry none and float), or ``uniform`` density (the others are
        not there).
    tolerance
        Of the right-hand side, that may be left.
    subsamples
        Sub-voxels along an edge of a cell, as of :func:`spinemodel.field.cells.cells_of`; the field's ``about`` says
        how many each box had.
    device
        ``cpu``; ``cuda``, which needs the extra ``gpu`` and a device; or ``auto``, which takes what there is. Equations
        are made on the CPU, and solved there or on the GPU.
    progress
        Told the number of steps done and the greatest relative residual.
    about
        What else the lead field shall say of how it came about.

    Raises
    ------
    BackendUnavailableError
        If ``cuda`` is asked for and cannot be had.
    ConvergenceError
        If the tolerance is not reached.
    GeometryError
        If a contact touches nothing that conducts, or its current does not come to the ground.
    InputError
        If there is no contact, one is smaller than some cells' faces, or tissues lack a value or a direction.
    """
    if not problem.contacts:
        raise InputError("field: the problem has no contact; place a lead first")
    system = equations(problem, boxes, currents, subsamples, processor(device))
    fields = [empty_potential(box, len(problem.contacts), system) for box in boxes]
    double = np.result_type(fields[0].dtype, np.float64)
    answers = np.zeros((len(problem.contacts),) * 2, dtype=double)
    ground = np.zeros(len(problem.contacts), dtype=double)
    steps = []
    for first in range(0, len(problem.contacts), LANES):
        chosen = range(first, min(first + LANES, len(problem.contacts)))
        solution = solve_system(system.matrix, _right(system, chosen), len(chosen), tolerance, progress)
        follow(system.matrix, solution.values)
        values = [by_node(system.matrix.on.fetch(part), len(chosen)) for part in solution.values]
        answers[:, chosen] = [_answer(drive, values, chosen, n) for n, drive in enumerate(system.drives)]
        ground[chosen] = _through_ground(system, solution.values, values, chosen)
        for part, field in zip(values, fields, strict=True):
            field[chosen] = np.moveaxis(part, 3, 0)
        steps.append([float(left) for left in solution.residuals.max(axis=1)])
    return _lead_field(problem, boxes, system, currents, fields, answers, ground, {**(about or {}), "residuals": steps})


def equations(
    problem: Problem, boxes: Sequence[Box], currents: Currents, subsamples: int | Sequence[int], on: Processor
) -> System:
    """Return the equations of a problem on nested boxes."""
    cells = cells_of(problem.medium, boxes, subsamples)
    for contact in problem.contacts:
        _require_size(contact, boxes[0].spacing_mm)
    floating = currents == "floating"
    layout = lay_out(problem.contacts, cells, ground=problem.ground if floating else None, walls=problem.insulators)
    held = layout if floating else lay_out((), cells, ground=problem.ground)
    stencils = [stencils_of(one) for one in cells]
    pinned = [np.zeros(stencil.shape[:3], dtype=stencil.dtype) for stencil in stencils]
    couplings = add_electrodes(held, cells, stencils, pinned)
    if not floating:
        fill_steps(layout, cells, stencils, pinned)
    matrix = composite(boxes, stencils, pinned, grounded=problem.ground is None, on=on)
    ground = couplings[-1] if problem.ground else None
    drives: tuple[Drive, ...] = couplings[: len(problem.contacts)]
    if not floating:
        drives = tuple(surface_load(pieces, cells) for pieces in layout.pieces)
    return System(cells, matrix, drives, ground)


def _require_size(contact: Electrode, spacing_mm: float) -> None:
    """Raise unless a contact spans some cells."""
    a, b, c = np.moveaxis(contact.triangles, 1, 0)
    area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    if area < SMALLEST * spacing_mm**2:
        raise InputError(
            f"contact {contact.name}: {area:.3g} mm2 touch tissue, expected {SMALLEST * spacing_mm**2:.3g} or more "
            f"with cells of {spacing_mm:g} mm; use a smaller spacing"
        )


def empty_potential(box: Box, contacts: int, system: System) -> NDArray[Any]:
    """Return room for potentials in a box, (contacts, nx, ny, nz), in memory by node."""
    return np.moveaxis(np.zeros((*box.nodes, contacts), dtype=system.matrix.own[0].dtype), 3, 0)


def _right(system: System, chosen: Sequence[int]) -> Vector:
    """Return the right-hand sides of some contacts at 1 V, or with 1 mA of uniform density."""
    double = np.result_type(system.matrix.own[0].dtype, np.float64)
    given = [Cpu().zeros(box.nodes, len(chosen), double) for box in system.matrix.boxes]
    for lane, n in enumerate(chosen):
        drive = system.drives[n]
        for part, nodes, values in zip(given, drive.nodes, drive.values, strict=True):
            view = by_node(part, len(chosen))[..., lane]
            view[np.unravel_index(nodes, view.shape)] += values if isinstance(drive, Load) else -values
    right = tuple(system.matrix.on.send(part) for part in given)
    collect(system.matrix, right)
    return right


def _answer(drive: Drive, values: Sequence[NDArray[Any]], chosen: Sequence[int], row: int) -> Any:
    """Return an electrode's current (mA) in each solution, or the mean potential (V) of its surface."""
    total = np.zeros(len(chosen), dtype=values[0].dtype)
    for part, nodes, own in zip(values, drive.nodes, drive.values, strict=True):
        total += own @ part[np.unravel_index(nodes, part.shape[:3])]
    if isinstance(drive, Coupling):
        total[[lane for lane, n in enumerate(chosen) if n == row]] += drive.own
    return total


def _through_ground(
    system: System, values: Vector, fetched: Sequence[NDArray[Any]], chosen: Sequence[int]
) -> NDArray[Any]:
    """Return the current that comes from the ground into the tissue in each solution, mA: that of 1 mA is -1."""
    if system.ground is not None:
        return np.asarray(_answer(system.ground, fetched, chosen, -1))
    matrix = replace(system.matrix, grounded=False)
    image = tuple(matrix.on.zeros(level.nodes, len(chosen), fetched[-1].dtype) for level in matrix.boxes)
    apply(matrix, values, image)
    flows = by_node(matrix.on.fetch(image[-1]), len(chosen))
    inside = flows[1:-1, 1:-1, 1:-1]
    return np.asarray(flows.sum(axis=(0, 1, 2)) - inside.sum(axis=(0, 1, 2)))


def _lead_field(
    problem: Problem,
    boxes: Sequence[Box],
    system: System,
    currents: Currents,
    fields: list[NDArray[Any]],
    answers: NDArray[Any],
    ground: NDArray[Any],
    about: Mapping[str, Any],
) -> LeadField:
    """Return the sums of the solutions that are 1 mA through each contact."""
    volts = _inverse(answers) if currents == "floating" else np.eye(len(answers))
    impedance = volts if currents == "floating" else answers
    lost = np.abs(1 + ground @ volts)
    taken = {"subsamples": [cells.subsamples for cells in system.cells], "currents": currents}
    _require_grounded(problem, impedance, lost)
    tissues = tuple(tissue_of(cells) for cells in system.cells)
    for field, tissue in zip(fields, tissues, strict=True):
        for plane in np.moveaxis(field, 0, 3):
            flat = plane.reshape(-1, len(volts))
            flat[:] = PER_MA * (flat @ volts)
        field[:, tissue[::2, ::2, ::2] == 0] = np.nan
    inject(system.matrix.boxes, fields)
    inject_halves(system.matrix.boxes, tissues)
    return LeadField(
        problem.medium.space,
        tuple(contact.name for contact in problem.contacts),
        tuple(boxes),
        tuple(fields),
        tissues,
        {number: name for number, name in enumerate(system.cells[0].names) if name},
        _symmetric(impedance) * PER_MA,
        {**about, **taken, "current_balance": float(lost.max()), "asymmetry": _asymmetry(impedance)},
    )


def _inverse(answers: NDArray[Any]) -> NDArray[Any]:
    """Return the inverse of the contacts' admittances; NaN where there is none."""
    try:
        return np.linalg.inv(answers)
    except np.linalg.LinAlgError:
        return np.full_like(answers, np.nan)


def _require_grounded(problem: Problem, impedance: NDArray[Any], lost: NDArray[Any]) -> None:
    """Raise where a contact's current does not come to the ground."""
    held = np.isfinite(impedance.diagonal()) & (impedance.diagonal().real > 0) & (lost < GROUNDED)
    if not held.all():
        name = problem.contacts[int(np.argmin(held))].name
        raise GeometryError(
            f"contact {name}: its current does not come to the ground; expected tissue that conducts all the way; "
            "look for a gap or an insulator round the contact, or take another boundary"
        )


def _symmetric(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of a matrix and its transpose."""
    return np.asarray((matrix + matrix.T) / 2)


def _asymmetry(matrix: NDArray[Any]) -> float:
    """Return how far a matrix is from symmetric, relative to its greatest entry: what reciprocity forbids."""
    return float(np.abs(matrix - matrix.T).max() / np.abs(matrix).max())
