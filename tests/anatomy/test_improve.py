import numpy as np

from spinemodel.anatomy.improve import GOAL, REACH_MM, improve
from spinemodel.anatomy.tetrahedra import Tetrahedra, cell_volumes, gammas, tetrahedra_volumes


def grid(count: int = 4) -> Tetrahedra:
    """A cube of cubes, six tetrahedra each, of two labels."""
    at = np.arange((count + 1) ** 3).reshape([count + 1] * 3)
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    six = np.array([[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]])
    cells = []
    for i, j, k in np.ndindex(count, count, count):
        nodes = at[tuple((corners + np.array([i, j, k])).T)]
        cells.append(nodes[six])
    vertices = np.stack(np.meshgrid(*[np.arange(count + 1.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    whole = np.vstack(cells)
    label = np.where(vertices[whole].mean(axis=1)[:, 2] < count / 2, 1, 2)
    return Tetrahedra("lab", vertices, whole, label, ("Below", "Above"))


def flattened() -> Tetrahedra:
    """The grid with a node so near to the face across from it that a cell is as good as flat."""
    mesh = grid()
    vertices = mesh.vertices.copy()
    node = int(np.flatnonzero((vertices == 2).all(axis=1))[0])
    cell = int(np.flatnonzero((mesh.cells == node).any(axis=1))[0])
    others = vertices[mesh.cells[cell][mesh.cells[cell] != node]]
    vertices[node] = others.mean(axis=0) + 1e-9 * (vertices[node] - others.mean(axis=0))
    return Tetrahedra(mesh.space, vertices, mesh.cells, mesh.label, mesh.labels)


def test_a_flat_cell_gets_height_and_the_rest_stays() -> None:
    flat = flattened()
    assert 0 <= gammas(flat).min() < 1e-6
    better = improve(flat)
    assert gammas(better).min() > GOAL / 2
    assert cell_volumes(better).min() > 0
    moved = np.linalg.norm(better.vertices - flat.vertices, axis=1)
    assert 0 < moved.max() <= REACH_MM * (1 + 1e-9)
    outside = (flat.vertices == 0).any(axis=1) | (flat.vertices == 4).any(axis=1)
    assert moved[outside].max() == 0
    assert (moved > 0).sum() <= 4
    np.testing.assert_array_equal(better.cells, flat.cells)
    np.testing.assert_allclose(sum(tetrahedra_volumes(better).values()), 64.0)


def test_good_cells_are_left_alone() -> None:
    np.testing.assert_array_equal(improve(grid()).vertices, grid().vertices)


def test_cells_on_the_outside_are_left_alone() -> None:
    corner = Tetrahedra("lab", [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.3, 0.3, 1e-6]], [[0, 1, 2, 3]], [1], ("T",))
    np.testing.assert_array_equal(improve(corner).vertices, corner.vertices)
