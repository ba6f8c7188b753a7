"""The grid beside tetrahedra of second order: a contact flush with an insulating plate, in one medium."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.tetrahedra import Tetrahedra
from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import nested_boxes
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Electrode, Problem
from spinemodel.field.reference import ReferenceField, potential_at, solve_reference
from spinemodel.field.reference_mesh import ReferenceProblem, faces_of_part, outer_faces
from spinemodel.field.sampling import potential
from spinemodel.field.solver import solve
from tests.field.boxed import conductivity, medium

pytest.importorskip("ngsolve")

LOW, HIGH = np.array([-3.0, -3.0, -2.5]), np.array([3.0, 3.0, 0.0])
"""Of the tissue, mm; its upper face is the plate's, and the others are at 0 V."""

HALF = np.array([0.75, 1.0])
"""Half the edges of the contact in the middle of the upper face."""

SIGMA = 0.25


def by_tetrahedra() -> ReferenceField:
    """Edges of 0.03 mm at those of the contact, where current is infinite: half a per cent is missing still."""
    from netgen import occ

    tissue = occ.Box(occ.Pnt(*map(float, LOW)), occ.Pnt(*map(float, HIGH)))
    metal = occ.Box(occ.Pnt(*map(float, -HALF), 0.0), occ.Pnt(*map(float, HALF), 0.3))
    both = occ.Glue([tissue, metal])
    for face in both.faces:
        if abs(face.center.z) < 1e-9 and abs(face.mass - 4 * HALF.prod()) < 1e-6:
            for edge in face.edges:
                edge.maxh = 0.03
    mesh = occ.OCCGeometry(both).GenerateMesh(maxh=1.0, grading=0.5)
    found = mesh.Elements3D().NumPy()
    cells = found["nodes"][:, :4].astype(np.int64)[:, [1, 0, 2, 3]] - 1
    tetrahedra = Tetrahedra("test", mesh.Coordinates(), cells, found["index"].astype(np.int64), ("Tissue", "Metal"))
    outer = outer_faces(tetrahedra)
    corners = tetrahedra.vertices[outer]
    grounded = (np.abs(corners - LOW) < 1e-6) | (np.abs(corners - HIGH) < 1e-6) & np.array([True, True, False])
    contacts = {"C1": faces_of_part(tetrahedra, "Metal")}
    ground = outer[grounded.all(axis=1).any(axis=1)]
    return solve_reference(ReferenceProblem(tetrahedra, {"Tissue": conductivity(SIGMA)}, {}, contacts, ground))


def laid(x: FloatArray) -> FloatArray:
    """Oblique to the grid, and off its nodes."""
    return x @ Rotation.from_euler("yxz", [20, 8, 12], degrees=True).as_matrix().T + (0.13, 0.21, -0.08)


def by_grid(spacing: float) -> LeadField:
    steps = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    faces: Any = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    faces = np.array([*faces, [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])
    corners, flat = laid(LOW + steps * (HIGH - LOW)), np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    square = laid(np.pad(flat * HALF, ((0, 0), (0, 1))))
    grounded = faces[~(steps[faces][:, :, 2] == 1).all(axis=1)]
    given = medium({"Tissue": Surface("Tissue", "test", corners, faces)}, {"Tissue": conductivity(SIGMA)})
    contact = Electrode("C1", square[[[0, 1, 2], [0, 2, 3]]])
    problem = Problem(given, (contact,), Electrode("ground", corners[grounded[:, ::-1]]))
    low, high = corners.min(axis=0) - 0.5, corners.max(axis=0) + 0.5
    near = square.min(axis=0) - 1.0, square.max(axis=0) + 1.0
    return solve(problem, nested_boxes([near], (low, high), spacing, 4), device="cpu")


def test_a_contact_on_a_plate_has_the_impedance_and_the_potential_of_the_tetrahedra() -> None:
    theirs = by_tetrahedra()
    x = np.random.default_rng(0).uniform(LOW + 0.3, HIGH - 0.3, (2000, 3))
    x = x[np.linalg.norm(x, axis=1) > 1]
    expected = potential_at(theirs, x)[0]
    errors = []
    for spacing in (0.4, 0.2):
        ours = by_grid(spacing)
        off = np.linalg.norm(potential(ours, laid(x))[0] - expected) / np.linalg.norm(expected)
        errors.append((abs(ours.impedance[0, 0] / theirs.impedance[0, 0] - 1), off))
    assert max(errors[1]) < 0.015
    assert errors[1][1] < errors[0][1]
