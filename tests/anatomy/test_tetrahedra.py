import numpy as np
import pytest

from spinemodel.anatomy.compartments import check_partition, volumes
from spinemodel.anatomy.tetrahedra import Tetrahedra, cell_volumes, dihedrals, gammas, quality, skin, tetrahedra_volumes

CUBE = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=float)
SIX = np.array([[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]])
"""A unit cube round its diagonal (Kuhn)."""


def cube() -> Tetrahedra:
    return Tetrahedra("lab", CUBE, SIX, np.array([1, 1, 1, 2, 2, 2]), ("A", "B"))


def test_a_cube_in_two_halves() -> None:
    np.testing.assert_allclose(cell_volumes(cube()), 1 / 6)
    assert tetrahedra_volumes(cube()) == pytest.approx({"A": 0.5, "B": 0.5})
    found = skin(cube())
    assert volumes(found) == pytest.approx({"A": 0.5, "B": 0.5})
    assert check_partition(found, 1.0) == ()
    # Twelve faces outside, two between the halves.
    assert len(found.faces) == 14
    assert ((found.sides == 0).any(axis=1)).sum() == 12


def test_quality_of_cells_in_closed_form() -> None:
    regular = np.array([[1.0, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    mesh = Tetrahedra("lab", regular, np.array([[0, 2, 1, 3]]), np.array([1]), ("T",))
    np.testing.assert_allclose(gammas(mesh), 1.0)
    np.testing.assert_allclose(dihedrals(mesh), np.degrees(np.arccos(1 / 3)))
    # The corner of a cube: r = 1 / (3 + sqrt 3), R = sqrt(3) / 2.
    corner = Tetrahedra("lab", np.vstack([np.zeros(3), np.eye(3)]), np.array([[0, 1, 2, 3]]), np.array([1]), ("T",))
    np.testing.assert_allclose(gammas(corner), 3 / (3 + np.sqrt(3)) * 2 / np.sqrt(3))
    np.testing.assert_allclose(
        np.sort(dihedrals(corner).ravel()), [np.degrees(np.arccos(1 / np.sqrt(3)))] * 3 + [90] * 3
    )


def test_a_flat_cell_is_of_no_quality() -> None:
    flat = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    mesh = Tetrahedra("lab", flat, np.array([[0, 1, 2, 3]]), np.array([1]), ("T",))
    np.testing.assert_allclose(gammas(mesh), 0.0)


def test_quality_states_the_worst_and_the_volumes() -> None:
    whole = skin(cube())
    found = quality(cube(), whole)
    assert (found.cells, found.nodes, found.poor_share) == (6, 8, 0.0)
    assert found.volume_error == pytest.approx(0.0, abs=1e-12)
    assert found.least_dihedral_deg == pytest.approx(45.0)
    assert found.greatest_dihedral_deg == pytest.approx(90.0)
    moved = Tetrahedra("lab", CUBE * [1.0, 1, 1.1], SIX, cube().label, cube().labels)
    assert quality(moved, whole).volume_error == pytest.approx(0.1)
