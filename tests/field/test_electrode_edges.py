"""Half a plane of metal, the other an insulator: its edge acts where it lies, wherever that is in its cell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import splu

from spinemodel.anatomy.surface import Surface
from spinemodel.field.boxes import Box
from spinemodel.field.cells import Cells, cells_of
from spinemodel.field.electrodes import add_electrodes, lay_out
from spinemodel.field.problem import Electrode, Medium
from spinemodel.field.stencils import stencils_of
from tests.field.test_electrodes import columns_of, material, matrix_of, solid

FAR, HIGH = 36, 12.0
"""Cells from the edge to the sides, at which the field no longer changes, and between the electrodes."""


def plate(name: str, x: tuple[float, float], z: float, up: bool = True) -> Electrode:
    a, b, c, d = ([i, j, z] for i, j in ((x[0], 0.0), (x[1], 0.0), (x[1], 1.0), (x[0], 1.0)))
    triangles = np.array([[a, b, c], [a, c, d]])
    return Electrode(name, triangles if up else triangles[:, ::-1])


def half_plane(edge: float, lift: float) -> tuple[list[Cells], Surface, list[Electrode]]:
    """Return cells, an insulator from ``edge`` on, and half a plane before it, at ``lift``, under a whole one."""
    wall = solid("wall", (edge, -9, lift - 3), (99, 9, lift))
    parts = {"a": solid("a", (-99, -99, lift), (99, 99, lift + HIGH)), "wall": wall}
    box = Box((-FAR, 0, 0), (2 * FAR + 1, 2, int(np.ceil(lift + HIGH)) + 2), 1.0)
    cells = list(cells_of(Medium("box", parts, {"a": material(1.0)}, {}), [box], 6))
    return cells, wall, [plate("half", (-FAR, edge), lift), plate("whole", (-FAR, FAR), lift + HIGH, up=False)]


def moved(edge: float, lift: float) -> float:
    """Return by how many cells the edge acts too far out.

    By conformal mapping, half a plane under a whole one carries as much as if it reached 2 ln 2 / pi of their distance
    further, and the field were even up to there.
    """
    cells, wall, electrodes = half_plane(edge, lift)
    layout = lay_out(electrodes, cells, walls=[wall])
    stencil, pinned = stencils_of(cells[0]).astype(np.float64), np.zeros(cells[0].box.nodes)
    couplings = add_electrodes(layout, cells, [stencil], [pinned])
    matrix = matrix_of(stencil, pinned)
    active = np.flatnonzero(matrix.diagonal())
    pull, own = columns_of(couplings, pinned.size)
    potential = splu(matrix[active][:, active].tocsc(), permc_spec="MMD_AT_PLUS_A").solve(-pull[active])
    current = -(pull[active].T @ potential + own)[0, 1]
    return float(current * HIGH - (FAR + edge + 2 * np.log(2) / np.pi * HIGH))


@pytest.mark.parametrize("lift", [0.0, 0.3, 0.6, 0.74, 0.8, 0.93, 0.97])
def test_an_edge_acts_where_it_lies(lift: float) -> None:
    # In the units of cells; with one beta for all cells, and thin cells left to themselves, up to 0.12, or more.
    assert np.abs([moved(edge, lift) for edge in (1e-9, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)]).max() < 0.035


@pytest.mark.parametrize("lift", [0.74, 0.8, 0.93])
def test_thin_cells_pass_on_all_that_they_hold(lift: float) -> None:
    cells, wall, electrodes = half_plane(0.4, lift)
    layout = lay_out(electrodes, cells, walls=[wall])
    assert (layout.pieces[0].cell[:, 2] == (0 if lift < 0.75 else 1)).all()
    inner = slice(cells[0].margin, -cells[0].margin)
    conducts = cells[0].labels[inner, inner, inner] > 0
    assert conducts[: 6 * FAR, :, :6].any() == (lift < 0.75)
    volume = (conducts.sum() + layout.layers[0].share.sum()) / 6**3
    assert volume == pytest.approx(2 * FAR * HIGH, abs=2 * FAR / 6**3)  # samples lie in 54 planes to a cell


def test_no_tissue_ends_at_a_wall_under_the_metal() -> None:
    cells, _, electrodes = half_plane(0.4, 0.3)
    pit = solid("pit", (-99, -9, -2), (0.4, 9, 0.25))
    sides = Surface("pit", "box", pit.vertices, pit.faces[:, ::-1])
    assert not len(lay_out(electrodes[:1], cells, walls=[sides]).walls.area)
