"""Which patches roots and contacts ask for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import nested_boxes
from spinemodel.field.problem import Electrode
from spinemodel.io.field_patches import PER_RADIUS, PER_SPACING, ROOTLETS, ROOTS, THREADS, Grade, root_patches

ROOT_MM, ROOTLET_MM = 0.6, 0.15
"""Radii."""

ASKED = 0.4
"""Cells that were asked for."""


def thread(name: str, radius: float, x: float, length: float) -> Surface:
    """A tube downwards along z, in rings 0.4 mm apart."""
    turns, rings = 24, round(length / 0.4)
    angle = 2 * np.pi * np.arange(turns) / turns
    ring = np.stack([x + radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    points = np.vstack([np.column_stack([ring, np.full(turns, -0.4 * n)]) for n in range(rings + 1)])
    ends = [[x, 0, 0], [x, 0, -0.4 * rings]]
    i, n = np.meshgrid(np.arange(turns), np.arange(rings))
    a, b = (n * turns + i).ravel(), (n * turns + (i + 1) % turns).ravel()
    walls = np.vstack([np.stack([a, a + turns, b], axis=1), np.stack([b, a + turns, b + turns], axis=1)])
    around = np.stack([np.arange(turns), (np.arange(turns) + 1) % turns], axis=1)
    first, last = len(points), len(points) + 1
    lids = [np.column_stack([around, np.full(turns, first)]),
            np.column_stack([around[:, ::-1] + turns * rings, np.full(turns, last)])]  # fmt: skip
    mesh = trimesh.Trimesh(np.vstack([points, ends]), np.vstack([walls, *lids]))
    mesh.fix_normals()
    return Surface(name, "toy", mesh.vertices, mesh.faces)


PARTS = {
    "L1_R": thread("L1_R", ROOT_MM, 5.0, 100.0),
    "L1_R_rootlets": thread("L1_R_rootlets", ROOTLET_MM, 0.0, 30.0),
    "CSF": thread("CSF", 9.0, 2.0, 120.0),
}
CONTACTS = (Electrode("C1", np.array([[[2.0, 3, 0], [3, 3, 0], [2, 3, -1]]])),)
CORNERS = np.array([-10.0, -12, -125]), np.array([14.0, 12, 5])


def tissues(*names: str) -> Any:
    return SimpleNamespace(labels=names, parts=PARTS)


def boxes(spacing: float) -> Any:
    return nested_boxes([CORNERS], CORNERS, spacing)


def distance_of(points: FloatArray) -> FloatArray:
    """Return how far from the contact points lie."""
    return np.asarray(cKDTree(CONTACTS[0].triangles.reshape(-1, 3)).query(points)[0])


def cells_at(points: FloatArray, spacing: float = 0.8, scale: float = 1.0) -> FloatArray:
    """Return the smallest cells of patches round points; more than any where there is no patch."""
    found = root_patches(tissues(*PARTS), CONTACTS, boxes(spacing), ASKED, scale)
    holds = np.array([((points > box.low) & (points < box.high)).all(axis=1) for box in found])
    return np.where(holds, np.array([box.spacing_mm for box in found])[:, None], np.inf).min(axis=0)


@pytest.mark.parametrize(
    ("name", "cell", "grades"),
    [
        ("L1_R", ROOT_MM / PER_RADIUS, ROOTS),
        ("L1_R", ROOT_MM / PER_RADIUS, THREADS),
        ("L1_R_rootlets", PER_SPACING * ASKED, ROOTLETS),
    ],
)
def test_cells_are_as_small_as_a_thread_needs_and_grow_with_the_distance_from_the_contacts(name, cell, grades) -> None:
    points = PARTS[name].vertices
    distance, found = distance_of(points), cells_at(points)
    for grade in grades:
        chosen = (distance >= grade.near_mm) & (distance < grade.far_mm)
        assert found[chosen].max(initial=0) <= 1.02 * grade.factor * cell
    assert found[distance < 8].min() == pytest.approx(cell, rel=0.02)


@pytest.mark.parametrize("held", [grade for grade in (*THREADS, *ROOTS, *ROOTLETS) if grade.held])
def test_a_grade_that_larger_cells_hold_lies_in_such_grades(held: Grade) -> None:
    own = next(grades for grades in (THREADS, ROOTS, ROOTLETS) if held in grades)
    larger = [one for one in own if one.factor > held.factor] + [one for one in THREADS if own is not THREADS]
    reached = held.near_mm
    for one in sorted(larger, key=lambda one: one.near_mm):
        reached = max(reached, one.far_mm) if one.near_mm <= reached else reached
    assert reached >= held.far_mm


def test_other_tissues_have_none() -> None:
    assert root_patches(tissues("CSF"), CONTACTS, boxes(0.8), ASKED) == ()
    assert np.isinf(cells_at(np.array([[-6.0, 0, -20.0]]))).all()


def test_smaller_cells_come_first() -> None:
    found = [box.spacing_mm for box in root_patches(tissues(*PARTS), CONTACTS, boxes(0.8), ASKED)]
    assert found == sorted(found)


def test_what_lies_in_a_box_of_smaller_cells_is_left_to_it() -> None:
    low, high = CORNERS[0].copy(), CORNERS[1]
    low[2] = -55
    nested = nested_boxes([(low, high)], CORNERS, 0.3)
    for patch in root_patches(tissues(*PARTS), CONTACTS, nested, ASKED):
        assert patch.spacing_mm < 0.3 or patch.high[2] < nested[0].low[2] + 8 * patch.spacing_mm + 0.7


def test_where_the_boxes_have_cells_as_small_there_is_none() -> None:
    found = root_patches(tissues(*PARTS), CONTACTS, boxes(0.3), ASKED)
    assert max(box.spacing_mm for box in found) < 0.3
    assert len(found) < len(root_patches(tissues(*PARTS), CONTACTS, boxes(0.8), ASKED))
    assert root_patches(tissues(*PARTS), CONTACTS, boxes(PER_SPACING * ASKED), ASKED) == ()


@pytest.mark.parametrize("spacing", [0.25, 0.4, 1.2])
def test_cells_go_with_the_spacing_that_was_asked_for_until_the_radius_rules(spacing: float) -> None:
    found = root_patches(tissues(*PARTS), CONTACTS, boxes(4.0), spacing)
    wanted = max(ROOTLET_MM / PER_RADIUS, PER_SPACING * spacing)
    assert min(box.spacing_mm for box in found) == pytest.approx(wanted, rel=0.02)


def test_coarse_patches_are_small() -> None:
    thin = tissues("L1_R_rootlets")
    coarse, fine = (root_patches(thin, CONTACTS, boxes(0.8), spacing) for spacing in (1.2, 0.4))
    assert 2.5 * sum(np.prod(box.nodes) for box in coarse) < sum(np.prod(box.nodes) for box in fine)


def test_cells_go_with_the_scale() -> None:
    points = PARTS["L1_R_rootlets"].vertices[:10]
    np.testing.assert_allclose(cells_at(points, scale=0.5), cells_at(points) / 2)
