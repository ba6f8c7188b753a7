"""A subject's field beside finite elements on tetrahedra: potentials, and activating functions by distance.

::

    python benchmarks/field_reference.py MODEL LEAD                # beside second order, half an hour
    python benchmarks/field_reference.py MODEL LEAD --orders 2 3   # ours and second order beside third, an hour

``--mesh FILE.npz`` and ``--solutions FOLDER`` keep the tetrahedra and the potentials on them for the next time.

``MODEL`` and ``LEAD`` come from ``spinemodel build --tissues`` and ``spinemodel place``; needs the extras ``meshing``
and ``reference``. The same problem is solved by ours, with patches as ``spinemodel solve`` makes them, and by NGSolve
on Gmsh's tetrahedra. The elements of the highest order asked for are what all others are held against:

- potential on the roots: at all points of four fibre paths to a root;
- potential in the dorsal columns: at the points of a lattice that lie in that part of the model, all along it;
- activating function: the second difference over the distance between two nodes, at the points of the same paths, by
  their distance from the corners of the lead's contacts (any contact: the driven one or not).

All are relative root mean squares over the points: of the difference, in that of the reference.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.tetrahedra import Tetrahedra
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.field.along_fibres import on_fibres, second_difference
from spinemodel.field.boxes import Corners
from spinemodel.field.lead_field import LeadField
from spinemodel.field.patches import with_patches
from spinemodel.field.problem import Problem
from spinemodel.field.sampling import potential
from spinemodel.field.solver import solve
from spinemodel.io.conductivities import read_preset
from spinemodel.io.exports.fibres import model_paths
from spinemodel.io.field_boxes import field_boxes
from spinemodel.io.field_patches import root_patches
from spinemodel.io.field_problem import field_problem, with_lead
from spinemodel.io.lead import read_lead
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.leads.lead import Lead
from spinemodel.levels import DORSAL_COLUMNS
from spinemodel.volume.grid import around, to_mm
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume

NODES_MM = 1.15
"""Between the nodes of a fibre of 10 um."""

BANDS_MM = (0.0, 10.0, 20.0, 40.0, 60.0, 100.0, np.inf)
"""From the contacts: where activating functions are told by themselves."""

LATTICE_MM = 0.5
"""Of the points in the dorsal columns."""

FINE_BELOW_MM, FINE_ABOVE_MM = 45.0, 1000.0
"""How far beyond the lead tetrahedra have elements of second order. A choice: roots run down from the lead, and with
second order below that, too, unknowns are twice as many."""

FINEST_MM = 15.0
"""How far from the driven contact elements are of third order, where these are asked for. A choice: 5.8 million
unknowns in place of 3.9, in 7.4 GB, where 97 % of the activating function's square lies."""

LEFT, THREADS = 3e-5, 2
"""Of NGSolve's conjugate gradients, their residual: potentials on the roots then change by less than 1e-4 of the
largest; and on how many threads they run."""


# ---- what is compared, and where


@dataclass(frozen=True, eq=False)
class Places:
    """Points on fibre paths (n, 3), of which those in ``inner`` (n,) have room for a node before and after, at
    ``before`` and ``after`` (inner, 3); their ``distance`` (n,) from the contacts; and points in the columns (k, 3)."""

    paths: tuple[FibrePath, ...]
    points: FloatArray
    inner: BoolArray
    before: FloatArray
    after: FloatArray
    distance: FloatArray
    columns: FloatArray

    @property
    def all(self) -> FloatArray:
        return np.vstack([self.points, self.before, self.after, self.columns])


@dataclass(frozen=True, eq=False)
class Found:
    """Of one contact at 1 mA: potentials at the points of paths (n,) and in the columns (k,), mV; activating function
    (n,), mV/mm2; its impedance, ohm."""

    roots: FloatArray
    bend: FloatArray
    columns: FloatArray
    ohm: float


def places_of(whole: WholeModel, problem: Problem) -> Places:
    """Return where fields of a model and a lead are compared."""
    paths = model_paths(whole)
    inner, before, after = zip(*(nodes_beside(path) for path in paths), strict=True)
    corners = np.vstack([contact.triangles.reshape(-1, 3) for contact in problem.contacts])
    points = np.vstack([path.points for path in paths])
    columns = lattice(whole.require_partition().parts[DORSAL_COLUMNS.name], LATTICE_MM)
    distance = cKDTree(corners).query(points)[0]
    return Places(paths, points, np.concatenate(inner), np.vstack(before), np.vstack(after), distance, columns)


def nodes_beside(path: FibrePath) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Which points have a node before and after them on the path, and where these are."""
    s, line = path.arc_mm, CubicSpline(path.arc_mm, path.points)
    inner = (s - NODES_MM >= 0) & (s + NODES_MM <= s[-1])
    return inner, line(s[inner] - NODES_MM), line(s[inner] + NODES_MM)


def lattice(part: Surface, spacing: float) -> FloatArray:
    """The points of a lattice that lie in a part, (n, 3) mm."""
    grid = around([part], spacing)
    return to_mm(grid, np.argwhere(to_volume(rasterise(part, grid)).values > 0))


def found_in(field: LeadField, places: Places, contact: str) -> Found:
    """Read our field where it is compared."""
    c = field.contacts.index(contact)
    bend = np.hstack([second_difference(field, path, NODES_MM)[c] for path in places.paths])
    columns = potential(field, places.columns, within=DORSAL_COLUMNS.name, missing="nan")[c]
    roots = on_fibres(field, places.paths, missing="nan").potential[c]
    return Found(roots, bend, columns, float(field.impedance[c, c]))


def found_from(values: FloatArray, ohm: float, places: Places) -> Found:
    """The same from the potential at all places."""
    ends = np.cumsum([len(places.points), len(places.before), len(places.after)])
    roots, before, after, columns = np.split(values, ends)
    bend = np.full(len(roots), np.nan)
    bend[places.inner] = (before - 2 * roots[places.inner] + after) / NODES_MM**2
    return Found(roots, bend, columns, ohm)


def relative(one: FloatArray, two: FloatArray, among: BoolArray | None = None) -> float:
    """Root mean square of a difference, in that of the second, where both are known."""
    known = np.isfinite(one) & np.isfinite(two)
    known = known if among is None else known & among
    return float(np.linalg.norm((one - two)[known]) / np.linalg.norm(two[known]))


def tell(what: str, one: Found, two: Found, places: Places) -> None:
    """Print how far one is from another."""
    print(f"{what}: impedance {one.ohm:.0f} and {two.ohm:.0f} ohm")
    for name, a, b in (
        ("potential on the roots", one.roots, two.roots),
        ("potential in the dorsal columns", one.columns, two.columns),
        ("activating function", one.bend, two.bend),
    ):
        known = np.isfinite(a) & np.isfinite(b)
        print(f"  {name:<31} {100 * relative(a, b):6.2f} %   ({known.sum()} of {len(a)} points)")
    whole = float((two.bend[known] ** 2).sum())
    for low, high in pairwise(BANDS_MM):
        among = (places.distance >= low) & (places.distance < high)
        if not (known & among).any():
            continue
        share = float((two.bend[known & among] ** 2).sum()) / whole
        off = relative(one.bend, two.bend, among)
        print(f"    {low:3.0f} to {high:3.0f} mm, {100 * share:4.1f} % of its square {100 * off:6.2f} %", flush=True)


class Clock:
    """Tells the seconds since it was last asked, by the clock and of CPU, and the most memory taken so far."""

    def __init__(self) -> None:
        self.start = time.perf_counter(), time.process_time()

    def tell(self, what: str) -> None:
        now = time.perf_counter(), time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        took, cpu = (b - a for a, b in zip(self.start, now, strict=True))
        print(f"{what}: {took:.1f} s ({cpu:.1f} s of CPU), {peak:.1f} GB", flush=True)
        self.start = now


# ---- ours


def ours(whole: WholeModel, lead: Lead, problem: Problem, spacing: float, *, alone: bool = False) -> LeadField:
    """Our field of all contacts, with patches; where asked, after that of one alone, to time it."""
    tissues = whole.require_partition()
    boxes, coarse = (field_boxes(tissues, lead, size, boundary="grounded") for size in (spacing, 1.6))
    solve(problem, coarse)  # compiles what is timed
    clock = Clock()
    if alone:
        solve(replace(problem, contacts=problem.contacts[:1]), boxes)
        clock.tell("ours, 1 contact")
    field = solve(problem, boxes)
    clock.tell(f"ours, {len(problem.contacts)} contacts, {len(field.about['residuals'][0]) - 1} steps")
    patches = root_patches(tissues, problem.contacts, boxes, spacing)
    field = with_patches(field, problem, patches)
    nodes = sum(np.prod(box.nodes) for box in patches) / 1e6
    clock.tell(f"{len(patches)} patches, {nodes:.2f} M nodes")
    return field


# ---- tetrahedra


def tetrahedra(whole: WholeModel, lead: Lead, kept: Path | None) -> Tetrahedra:
    """The model and its lead, filled by Gmsh, or as they were kept from an earlier run."""
    from spinemodel.io.exports.tetrahedra import fill

    if kept and kept.exists():
        with np.load(kept) as one:
            labels = tuple(str(name) for name in one["labels"])
            return Tetrahedra(str(one["space"]), one["vertices"], one["cells"], one["label"], labels)
    mesh = fill(with_lead(whole.require_partition(), lead))
    if kept:
        given = {name: getattr(mesh, name) for name in ("space", "vertices", "cells", "label", "labels")}
        np.savez(kept, **given)
    return mesh


def theirs(
    whole: WholeModel, lead: Lead, problem: Problem, places: Places, contact: str, order: int, asked: argparse.Namespace
) -> Found:
    """The solution on tetrahedra where it is compared, or as it was kept from an earlier run."""
    within = f"_{asked.finest:g}mm" if order == 3 else ""
    kept = asked.solutions and asked.solutions / f"ref_order{order}{within}_{contact}.npz"
    if kept and kept.exists():
        return read_solution(kept, places)[contact]
    from spinemodel.field.reference import potential_at, reference_problem, solve_reference

    clock = Clock()
    mesh = tetrahedra(whole, lead, asked.mesh)
    clock.tell(f"{len(mesh.cells) / 1e6:.2f} M tetrahedra")
    posed = replace(reference_problem(problem, mesh), fine=_fine(lead))
    if order == 3:
        posed = replace(posed, finest=_round(problem, contact, asked.finest))
    field = solve_reference(
        posed, driven=[contact], order=min(order, 2), threads=THREADS, tolerance=LEFT, tell=clock.tell
    )
    clock.tell(f"NGSolve, order {order}, {contact}: {field.unknowns / 1e6:.2f} M unknowns, {field.steps[0]} steps")
    values = potential_at(field, places.all)[0]
    ohm = float(field.impedance[0, field.contacts.index(contact)])
    if kept:
        given = {"points": places.all, "distance": places.distance, "potential": values[None]}
        np.savez(kept, **given, driven=[contact], impedance=[ohm])
    return found_from(values, ohm, places)


def read_solution(path: Path, places: Places) -> dict[str, Found]:
    """What was kept of a solution, by driven contact."""
    with np.load(path) as one:
        for name, own in (("points", places.all), ("distance", places.distance)):
            if one[name].shape != own.shape or not np.allclose(one[name], own, atol=1e-6):
                raise SystemExit(f"{path}: its {name} differ; expected the same model and lead; take another folder")
        rows = zip(one["driven"], one["potential"], one["impedance"], strict=True)
        return {str(name): found_from(values, float(ohm), places) for name, values, ohm in rows}


def _fine(lead: Lead) -> Corners:
    """Where elements are of second order: at the lead's height and somewhat beyond."""
    low, high = lead.parts.vertices.min(axis=0), lead.parts.vertices.max(axis=0)
    far = np.array([np.inf, np.inf, 0])
    return low - far - [0, 0, FINE_BELOW_MM], high + far + [0, 0, FINE_ABOVE_MM]


def _round(problem: Problem, contact: str, reach: float) -> Corners:
    """The box so far round a contact."""
    corners = next(one.triangles for one in problem.contacts if one.name == contact).reshape(-1, 3)
    return corners.min(axis=0) - reach, corners.max(axis=0) + reach


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("lead", type=Path)
    parser.add_argument("--spacing", type=float, default=0.4)
    parser.add_argument("--driven", nargs="+", default=["C8"])
    parser.add_argument("--orders", type=int, nargs="+", default=[2], choices=(1, 2, 3), help="of the elements")
    parser.add_argument("--finest", type=float, default=FINEST_MM, help="third order so far from the contact, mm")
    parser.add_argument("--mesh", type=Path, help="tetrahedra, read where they are, else kept there")
    parser.add_argument("--solutions", type=Path, help="folder of potentials by NGSolve, read or kept likewise")
    asked = parser.parse_args()
    whole = read_model(asked.model)
    lead = read_lead(asked.lead, whole)
    clock = Clock()
    problem = field_problem(whole, lead, read_preset("capogrosso2013"), "grounded")
    clock.tell("lead laid into the tissues, directions")
    places = places_of(whole, problem)
    field = ours(whole, lead, problem, asked.spacing, alone=True)
    own = {contact: found_in(field, places, contact) for contact in asked.driven}
    del field  # NGSolve wants the memory
    for contact in asked.driven:
        by_order = {n: theirs(whole, lead, problem, places, contact, n, asked) for n in sorted(asked.orders)}
        best = max(by_order)
        against = by_order.pop(best)
        for name, one in {"ours": own[contact], **{f"order {n}": one for n, one in by_order.items()}}.items():
            tell(f"{contact}, {name} and order {best}", one, against, places)


if __name__ == "__main__":
    main()
