"""A paddle in one medium and in layers: spinemodel beside elements of second order on tetrahedra.

::

    python benchmarks/field_paddle.py                    # both media, along the grid and oblique to it, some minutes
    python benchmarks/field_paddle.py --spacing 0.1      # of the cells round the lead
    python benchmarks/field_paddle.py --shifts 6         # impedances wherever the contacts lie in their cells
    python benchmarks/field_paddle.py --certify          # the tetrahedra by themselves: smaller ones, third order

The middle contacts of the Specify 5-6-5 on a short body, in a block whose faces are at 0 V. The tetrahedra (Netgen's,
NGSolve's second order; extra ``reference``) get smaller towards the edges of contacts, where current is infinite, and
most so at the contacts that are driven. Everything is laid out in the lead's own coordinates (u, v, w), and then turned
and shifted against the grid.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation
from scipy.stats import qmc

from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.tetrahedra import Tetrahedra
from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box, nested_boxes
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Electrode, Medium, Problem
from spinemodel.field.reference import ReferenceField, potential_at, solve_reference
from spinemodel.field.reference_mesh import ReferenceProblem, outer_faces
from spinemodel.field.sampling import potential
from spinemodel.field.solver import solve
from spinemodel.io.lead_catalogue import find_lead
from spinemodel.leads.design import Contact, LeadDesign
from spinemodel.leads.lead import BACKING
from spinemodel.leads.outlines import paddle_outline
from spinemodel.leads.shape import shape

REACH = 9.0
"""Contacts up to this far from the paddle's middle are kept, mm."""

LOW, HIGH = np.array([-30.0, -36.0, -30.0]), np.array([30.0, 36.0, 20.0])
"""Corners of the block, (u, v, w) mm."""

SIDE = 0.5
"""Sides of the triangles of the lead, mm."""

Layers = Mapping[str, tuple[float, float, float]]
"""Lower end on w, mm, and S/m along v and across, from the top; the first holds the lead."""

MEDIA: Mapping[str, Layers] = {
    "one medium": {"Saline": (-30.0, 0.25, 0.25)},
    "layers": {
        "Fat": (-0.5, 0.04, 0.04),
        "Dura": (-0.8, 0.03, 0.03),
        "Fluid": (-3.8, 1.7, 1.7),
        "White": (-30.0, 0.6, 0.083),
    },
}


class Place(NamedTuple):
    """How the lead's axes lie in the grid, and where its middle does, mm."""

    turn: FloatArray
    shift: FloatArray


SHIFT = np.array([0.13, 0.21, -0.08])
"""Of both places, mm: no even part of any cell."""

PLACES = {
    "along": Place(np.eye(3), SHIFT),
    "oblique": Place(Rotation.from_euler("yxz", [20, 8, 12], degrees=True).as_matrix(), SHIFT),
}

DRIVEN = ("C4", "C2")
"""In the middle of the paddle, and at its edge."""


def paddle() -> LeadDesign:
    """Return the middle of the Specify 5-6-5."""
    whole = find_lead("specify-5-6-5")
    contacts = [one for one in whole.contacts if abs(one.v_mm) < REACH]
    named = tuple(replace(one, name=f"C{n}") for n, one in enumerate(contacts, start=1))
    return replace(whole, backing=replace(whole.backing, length_mm=26.0), contacts=named)


# ---- ours


def laid(x: FloatArray, place: Place) -> FloatArray:
    """Return points of the lead's coordinates in the grid's."""
    return x @ place.turn.T + place.shift


def problem(layers: Layers, place: Place) -> Problem:
    """Return what is solved on the grid."""
    design = paddle()
    lead = shape(design, SIDE)
    outside = lead.faces[(lead.sides == 0).any(axis=1)]
    parts, top = {}, HIGH[2]
    for n, (name, (low, _, _)) in enumerate(layers.items()):
        corners, faces = block(np.array([*LOW[:2], low]), np.array([*HIGH[:2], top]))
        if n == 0:
            corners, faces = np.vstack([corners, lead.vertices]), np.vstack([faces, outside[:, ::-1] + len(corners)])
        parts[name], top = Surface(name, "lab", laid(corners, place), faces), low
    body = lead.parts[BACKING]
    parts[BACKING] = Surface(BACKING, "lab", laid(body.vertices, place), body.faces)
    values = {name: Conductivity(along, across, "bench", True) for name, (_, along, across) in layers.items()}
    way = place.turn[:, 1]
    directions = {name: lambda x: np.broadcast_to(way, x.shape) for name, one in values.items() if one.has_direction}
    contacts = []
    for contact in design.contacts:
        number = lead.labels.index(contact.name) + 1
        triangles = lead.vertices[lead.faces[(lead.sides == (number, 0)).all(axis=1)]]
        contacts.append(Electrode(contact.name, laid(triangles, place)))
    corners, faces = block(LOW, HIGH)
    ground = Electrode("ground", laid(corners, place)[faces[:, ::-1]])
    return Problem(Medium("lab", parts, values, directions), tuple(contacts), ground)


def block(low: FloatArray, high: FloatArray) -> tuple[FloatArray, Any]:
    """Return the corners and outward faces of a block."""
    steps = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    faces = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    faces += [[2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    return low + steps * (high - low), np.array(faces)


def boxes(place: Place, spacing: float) -> tuple[Box, ...]:
    """Return nested boxes, as round a lead in a model: the finest round the lead, cells twice as large beside it."""
    lead, domain = laid(shape(paddle(), SIDE).vertices, place), laid(block(LOW, HIGH)[0], place)
    low, high = lead.min(axis=0), lead.max(axis=0)
    return nested_boxes(
        [(low - 1, high + 1), (low - 6, high + 6)], (domain.min(axis=0) - 1, domain.max(axis=0) + 1), spacing
    )


# ---- tetrahedra


def tetrahedra(layers: Layers, near: float, driven: Sequence[str]) -> Tetrahedra:
    """Return Netgen's tetrahedra, with edges of ``near`` mm on those of the driven contacts, and 4 times that on
    those of the others."""
    from netgen import occ

    design = paddle()
    outline = [occ.Pnt(float(u), float(v), 0.0) for u, v in paddle_outline(design.backing, SIDE)]
    body = occ.Face(occ.MakePolygon([occ.Vertex(point) for point in (*outline, outline[0])]))
    body = body.Extrude(occ.Vec(0, 0, design.backing.thickness_mm))
    plates = {one.name: plate(one, design.metal_mm) for one in design.contacts}
    for one in plates.values():
        body -= one
    solids, top = [], HIGH[2]
    for n, (name, (low, _, _)) in enumerate(layers.items()):
        solid = occ.Box(occ.Pnt(*map(float, (*LOW[:2], low))), occ.Pnt(*map(float, (*HIGH[:2], top))))
        if n == 0:
            for one in (*plates.values(), body):
                solid -= one
        solid.mat(name)
        solids.append(solid)
        top = low
    whole = occ.Glue(solids)
    names = [solid.name for solid in whole.solids]
    for face in whole.faces:
        contact = next((one for one in design.contacts if _is_contact(face, one)), None)
        if contact is not None:
            for edge in face.edges:
                edge.maxh = near if contact.name in driven else 4 * near
            face.maxh = 0.25
    mesh = occ.OCCGeometry(whole).GenerateMesh(maxh=4.0, grading=0.35)
    found = mesh.Elements3D().NumPy()
    cells = found["nodes"][:, :4].astype(np.int64)[:, [1, 0, 2, 3]] - 1
    return Tetrahedra("lab", mesh.Coordinates(), cells, found["index"].astype(np.int64), tuple(names))


def plate(contact: Contact, metal: float) -> Any:
    """Return a contact's metal."""
    from netgen import occ

    half = contact.width_mm / 2, contact.length_mm / 2
    low = occ.Pnt(contact.u_mm - half[0], contact.v_mm - half[1], 0.0)
    return occ.Box(low, occ.Pnt(contact.u_mm + half[0], contact.v_mm + half[1], metal))


def _is_contact(face: Any, contact: Contact) -> bool:
    centre = np.array([face.center.x, face.center.y, face.center.z])
    return bool(
        np.allclose(centre, (contact.u_mm, contact.v_mm, 0), atol=1e-6)
        and abs(face.mass - contact.width_mm * contact.length_mm) < 1e-6
    )


def reference(layers: Layers, near: float, order: int = 2) -> ReferenceField:
    """Return the field of the driven contacts on tetrahedra."""
    start = time.perf_counter()
    mesh = tetrahedra(layers, near, DRIVEN)
    meshed = time.perf_counter() - start
    values = {name: Conductivity(along, across, "bench", True) for name, (_, along, across) in layers.items()}
    ways = {name: lambda x: np.broadcast_to((0.0, 1, 0), x.shape) for name, one in values.items() if one.has_direction}
    outer = outer_faces(mesh)
    corners = mesh.vertices[outer]
    contacts = {
        one.name: outer[
            (np.abs(corners - (one.u_mm, one.v_mm, 0)) < np.array([one.width_mm, one.length_mm, 0]) / 2 + 1e-6).all(
                axis=(1, 2)
            )
        ]
        for one in paddle().contacts
    }
    on_block = (np.abs(corners - LOW) < 1e-6).all(axis=1) | (np.abs(corners - HIGH) < 1e-6).all(axis=1)
    start = time.perf_counter()
    field = solve_reference(
        ReferenceProblem(mesh, values, ways, contacts, outer[on_block.any(axis=1)]), driven=DRIVEN, order=order
    )
    own = [field.impedance[n, field.contacts.index(name)] for n, name in enumerate(DRIVEN)]
    print(
        f"tetrahedra from {near} mm, order {order}: {len(mesh.cells) / 1e6:.2f} M, "
        f"{field.unknowns / 1e6:.2f} M unknowns, {meshed:.0f} + {time.perf_counter() - start:.0f} s, "
        f"{field.steps} steps; {told(own)} ohm",
        flush=True,
    )
    return field


# ---- what is compared


def points() -> dict[str, FloatArray]:
    """Return where potentials are compared, (u, v, w) mm, by kind."""
    design = paddle()
    first = next(one for one in design.contacts if one.name == DRIVEN[0])
    x = np.random.default_rng(0).uniform(LOW + 3, HIGH - 3, (60000, 3))
    half = np.array([first.width_mm, first.length_mm, 0]) / 2
    away = np.linalg.norm(np.maximum(np.abs(x - (first.u_mm, first.v_mm, 0)) - half, 0), axis=1)
    body = np.array([design.backing.width_mm, design.backing.length_mm, 2 * design.backing.thickness_mm]) / 2
    x, away = x[(np.abs(x) > body + 0.3).any(axis=1)], away[(np.abs(x) > body + 0.3).any(axis=1)]
    v = np.arange(-12, 12.01, 0.1)
    lines = [np.stack([0 * v + u, v, 0 * v - 1.0], axis=1) for u in sorted({one.u_mm for one in design.contacts})]
    deep = [line - (0, 0, 3.0) for line in lines]
    bands = {f"{a} to {b} mm": x[(away >= a) & (away < b)] for a, b in ((1, 5), (5, 10), (10, 20))}
    return {**bands, "lines 1 mm over contacts": np.vstack(lines), "lines 4 mm over": np.vstack(deep)}


def relative(one: FloatArray, two: FloatArray) -> float:
    """Return the root mean square of a difference, in the second's."""
    known = np.isfinite(one) & np.isfinite(two)
    assert known.mean() > 0.99
    return float(np.linalg.norm((one - two)[known]) / np.linalg.norm(two[known]))


def told(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def ours(layers: Layers, place: Place, spacing: float) -> LeadField:
    """Return the field on the grid."""
    return solve(problem(layers, place), boxes(place, spacing))


def limits(layers: Layers, near: float) -> FloatArray:
    """Return impedances as elements at the edges of contacts shrink to nothing: their errors fall as the size does."""
    larger, smaller = (
        np.array([field.impedance[n, field.contacts.index(name)] for n, name in enumerate(DRIVEN)])
        for field in (reference(layers, near), reference(layers, near / 2))
    )
    print(f"elements of no size: {told(2 * smaller - larger)} ohm", flush=True)
    return 2 * smaller - larger


def compare_shifts(name: str, at: str, spacing: float, theirs: FloatArray, shifts: int) -> None:
    """Tell how far our impedances are from the tetrahedra's with the lead at so many places in its cells."""
    off = []
    for part in qmc.Halton(3, seed=0).random(shifts):
        field = ours(MEDIA[name], PLACES[at]._replace(shift=part * spacing), spacing)
        own = [field.impedance[c, c] for c in (field.contacts.index(contact) for contact in DRIVEN)]
        off.append(100 * (np.array(own) / theirs - 1))
    mean, size, most = np.mean(off, axis=0), np.sqrt(np.mean(np.square(off), axis=0)), np.abs(off).max(axis=0)
    parts = (
        f"{contact} {mean[n]:+.2f} % in the mean, {size[n]:.2f} % r.m.s., {most[n]:.2f} % at most"
        for n, contact in enumerate(DRIVEN)
    )
    print(f"{name}, {at}, {spacing} mm, impedance at {shifts} places: {'; '.join(parts)}", flush=True)


def compare(name: str, at: str, spacing: float, theirs: ReferenceField) -> None:
    """Tell how far ours is from the tetrahedra, contact by contact."""
    place, start = PLACES[at], time.process_time()
    field = ours(MEDIA[name], place, spacing)
    seconds = time.process_time() - start
    for n, contact in enumerate(DRIVEN):
        c, d = field.contacts.index(contact), theirs.contacts.index(contact)
        off = {
            kind: relative(potential(field, laid(x, place), missing="nan")[c], potential_at(theirs, x)[n])
            for kind, x in points().items()
        }
        own = field.impedance[c, c] / theirs.impedance[n, d] - 1
        between = np.array([field.impedance[c, field.contacts.index(other)] for other in theirs.contacts])
        others = np.arange(len(between)) != d
        shared = relative(between[others], theirs.impedance[n][others])
        parts = ", ".join(f"{kind} {100 * value:.2f} %" for kind, value in off.items())
        print(
            f"{name}, {at}, {spacing} mm, {contact}: impedance {field.impedance[c, c]:.1f} ohm ({100 * own:+.2f} %), "
            f"of the others {100 * shared:.2f} %; {parts}; {seconds:.0f} s of CPU",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--media", nargs="+", default=list(MEDIA), choices=list(MEDIA))
    parser.add_argument("--places", nargs="+", default=list(PLACES), choices=list(PLACES))
    parser.add_argument("--spacing", type=float, nargs="+", default=[0.28, 0.2, 0.14], help="of the cells at the lead")
    parser.add_argument("--near", type=float, default=0.0125, help="edges of tetrahedra at the driven contacts")
    parser.add_argument("--shifts", type=int, default=0, help="impedances alone, the lead shifted so many times")
    parser.add_argument("--certify", action="store_true", help="the tetrahedra alone")
    asked = parser.parse_args()
    for name in asked.media:
        if asked.certify:
            for near, order in ((0.05, 2), (0.025, 2), (0.0125, 2), (0.00625, 2), (0.05, 3)):
                reference(MEDIA[name], near, order)
            continue
        cases = [(at, spacing) for at in asked.places for spacing in asked.spacing]
        if asked.shifts:
            impedances = limits(MEDIA[name], asked.near)
            for at, spacing in cases:
                compare_shifts(name, at, spacing, impedances, asked.shifts)
            continue
        theirs = reference(MEDIA[name], asked.near)
        for at, spacing in cases:
            compare(name, at, spacing, theirs)


if __name__ == "__main__":
    main()
