"""Electrodes on one box, against closed forms, with scipy's solvers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import cg, splu

from spinemodel.anatomy.surface import Surface, corners
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from spinemodel.field.boxes import Box
from spinemodel.field.cells import cells_of
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.electrodes import Coupling, add_electrodes, fill_steps, lay_out, surface_load
from spinemodel.field.problem import Electrode, Medium
from spinemodel.field.stencils import stencils_of

SIGMA = 0.3

BOX = Box((0, 0, 0), (5, 5, 7), 0.5)


class Solved(NamedTuple):
    admittance: FloatArray
    potential: FloatArray
    matrix: sparse.csr_matrix
    active: FloatArray


def material(along: float, across: float | None = None) -> Conductivity:
    return Conductivity(along, along if across is None else across, "a choice", verified=False)


def matrix_of(stencil: FloatArray, pinned: FloatArray) -> sparse.csr_matrix:
    """Return the operator as the solver applies it: the diagonal is the row sum less the others."""
    nodes = np.arange(pinned.size).reshape(pinned.shape)
    rows, columns, entries = [nodes.ravel()], [nodes.ravel()], []
    diagonal = pinned.astype(float)
    for n in set(range(27)) - {13}:
        step = np.array([n // 9 - 1, n // 3 % 3 - 1, n % 3 - 1])
        here = tuple(slice(max(0, -d), m - max(0, d)) for d, m in zip(step, pinned.shape, strict=True))
        there = tuple(slice(max(0, d), m - max(0, -d)) for d, m in zip(step, pinned.shape, strict=True))
        diagonal -= stencil[..., n]
        rows.append(nodes[here].ravel())
        columns.append(nodes[there].ravel())
        entries.append(stencil[here][..., n].ravel().astype(float))
    data = np.concatenate([diagonal.ravel(), *entries])
    return sparse.csr_matrix((data, (np.concatenate(rows), np.concatenate(columns))), shape=(pinned.size,) * 2)


def solve(
    medium: Medium,
    electrodes: Sequence[Electrode],
    box: Box,
    ground: Electrode | None = None,
    walls: Sequence[Surface] = (),
) -> Solved:
    cells = cells_of(medium, [box])
    layout = lay_out(electrodes, cells, ground=ground, walls=walls)
    stencil = stencils_of(cells[0])
    pinned = np.zeros(box.nodes, dtype=np.float32)
    couplings = add_electrodes(layout, cells, [stencil], [pinned])
    matrix = matrix_of(stencil, pinned)
    active = np.flatnonzero(matrix.diagonal())
    pull, own = columns_of(couplings, pinned.size)
    potential = np.zeros(pull.shape)
    inner = matrix[active][:, active]
    if len(active) < 1500:
        potential[active] = splu(inner.tocsc(), permc_spec="MMD_AT_PLUS_A").solve(-pull[active])
    else:
        scale = sparse.diags(1 / inner.diagonal())
        for n in range(pull.shape[1]):
            potential[active, n], left = cg(inner, -pull[active, n], rtol=1e-10, M=scale)
            assert not left
    return Solved(pull.T @ potential + own, potential, inner, active)


def columns_of(couplings: Sequence[Coupling], size: int) -> tuple[FloatArray, FloatArray]:
    pull = np.zeros((size, len(couplings)))
    for n, one in enumerate(couplings):
        pull[one.nodes[0], n] = one.values[0]
    return pull, np.diag([one.own for one in couplings])


def solid(name: str, low: Sequence[float], high: Sequence[float]) -> Surface:
    places = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    faces = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    faces += [[2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    return Surface(name, "box", np.array(low) + places * (np.array(high) - low), np.array(faces))


def plate(name: str, z: float, x: tuple[float, float] = (0.0, 2.0), up: bool = True) -> Electrode:
    a, b, c, d = ([i, j, z] for i, j in ((x[0], 0.0), (x[1], 0.0), (x[1], 2.0), (x[0], 2.0)))
    triangles = np.array([[a, b, c], [a, c, d]])
    return Electrode(name, triangles if up else triangles[:, ::-1])


def dome(radius: float, centre: FloatArray, around: int = 40, whole: bool = True) -> tuple[FloatArray, FloatArray]:
    """Return vertices and outward faces of a ball, or its upper half with a floor, of the round one's volume."""
    to = np.pi if whole else np.pi / 2
    rings = around // 2 if whole else around // 4
    theta, phi = np.linspace(0, to, rings + 1), np.arange(around) * 2 * np.pi / around
    t, p = np.meshgrid(theta, phi, indexing="ij")
    points = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], axis=2).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rings), np.arange(around), indexing="ij")
    a, b = i * around + j, i * around + (j + 1) % around
    c, d = a + around, b + around
    faces = np.concatenate([np.stack([a, c, d], 2).reshape(-1, 3), np.stack([a, d, b], 2).reshape(-1, 3)])
    if not whole:
        rim, middle = rings * around + np.arange(around), len(points)
        points = np.concatenate([points, [[0, 0, 0]]])
        faces = np.concatenate([faces, np.stack([np.full(around, middle), np.roll(rim, -1), rim], axis=1)])
    x = points[faces]
    volume = np.linalg.det(x).sum() / 6
    expected = 4 * np.pi / 3 * (1 if whole else 0.5)
    return points * (expected / volume) ** (1 / 3) * radius + centre, faces


def ball(name: str, radius: float, centre: FloatArray, around: int = 40) -> Surface:
    points, faces = dome(radius, centre, around)
    real = [len(set(map(tuple, points[face].round(9)))) == 3 for face in faces]
    return Surface(name, "box", points, faces[real])


def shell(name: str, inner: float, outer: float, centre: FloatArray, around: int) -> Surface:
    a, b = ball(name, inner, centre, around), ball(name, outer, centre, around)
    faces = np.concatenate([b.faces, a.faces[:, ::-1] + len(b.vertices)])
    return Surface(name, "box", np.concatenate([b.vertices, a.vertices]), faces)


def spheres(cells: int, shift: Sequence[float], layers: Sequence[tuple[float, float]]) -> tuple[float, Solved]:
    """Return the relative error of the resistance from a sphere of radius 1 outwards, and the solution.

    Facets shrink with the cells. With 40 around, polyhedra of the spheres' volumes have 0.018 % less resistance than
    the spheres between radii of 1 and 2 (of heights over the sphere, relative to it, the capacity gains the sum of
    (l - 1) h_l^2 over degrees l), with any cells; with 160 around it is 0.0003 %.
    """
    spacing, around = 1 / cells, 20 * cells
    centre = np.array(shift) * spacing
    radii = [1.0, *(radius for radius, _ in layers)]
    parts, conductivity, resistance = {}, {}, 0.0
    for n, (_, sigma) in enumerate(layers):
        name = f"layer {n}"
        parts[name] = shell(name, radii[n], radii[n + 1], centre, around)
        conductivity[name] = material(sigma)
        resistance += (1 / radii[n] - 1 / radii[n + 1]) / (4 * np.pi * sigma)
    inside = Electrode("inside", corners(ball("inside", 1.0, centre, around)))
    outside = Electrode("outside", corners(ball("outside", radii[-1], centre, around))[:, ::-1])
    half = int(np.ceil(radii[-1] * cells)) + 2
    box = Box((-half,) * 3, (2 * half + 1,) * 3, spacing)
    found = solve(Medium("box", parts, conductivity, {}), [inside, outside], box)
    return 1 / found.admittance[0, 0] / resistance - 1, found


@pytest.mark.parametrize("low", [0.0, 0.06, 0.124, 0.126, 0.3, 0.43, 0.49, 0.51, 0.7])
@pytest.mark.parametrize("high", [3.0, 2.77])
def test_a_plate_gives_the_exact_field_wherever_it_lies_in_a_cell(low: float, high: float) -> None:
    medium = Medium("box", {"a": solid("a", (0, 0, low), (2, 2, high))}, {"a": material(SIGMA)}, {})
    found = solve(medium, [plate("low", low), plate("high", high, up=False)], Box((0, 0, 0), (5, 5, 7), 0.5))
    exact = SIGMA * 4 / (high - low)
    np.testing.assert_allclose(found.admittance, exact * np.array([[1, -1], [-1, 1]]), rtol=1e-6)
    z = 0.5 * (found.active % 7)
    np.testing.assert_allclose(found.potential[found.active, 0], (high - z) / (high - low), atol=1e-6)


def test_a_plate_on_a_slanted_tensor_drives_along_its_normal() -> None:
    fibre = np.array([0.0, 0.6, 0.8])
    medium = Medium(
        "box", {"a": solid("a", (0, 0, 0.3), (2, 2, 2.8))}, {"a": material(0.6, 0.1)}, {"a": lambda p: 0 * p + fibre}
    )
    cells = cells_of(medium, [Box((0, 0, 0), (5, 5, 7), 0.5)])
    layout = lay_out([plate("low", 0.3)], cells)
    stencil, pinned = stencils_of(cells[0]), np.zeros((5, 5, 7), dtype=np.float32)
    (low,) = add_electrodes(layout, cells, [stencil], [pinned])
    # Of a potential that rises along z alone, the plate at its own potential takes the flux n.sigma n through 4 mm2.
    u = np.broadcast_to(0.5 * np.arange(7) - 0.3, (5, 5, 7)).ravel()
    assert low.values[0] @ u[low.nodes[0]] == pytest.approx(-4 * (0.1 + 0.5 * 0.64), rel=1e-6)
    assert low.own == pytest.approx(-low.values[0].sum(), abs=1e-12)


def test_a_sphere_in_a_sphere_has_its_resistance_wherever_it_lies() -> None:
    shifts = [(0, 0, 0), (0.4, 0.6, 0.9)]
    errors = {cells: np.array([spheres(cells, shift, [(2.0, SIGMA)])[0] for shift in shifts]) for cells in (2, 4, 8)}
    for cells, most, apart in ((2, 0.01, 0.0025), (4, 0.004, 0.001), (8, 0.0014, 0.0003)):
        assert np.abs(errors[cells]).max() < most
        assert np.ptp(errors[cells]) < apart
    assert np.log2(np.abs(errors[4]).mean() / np.abs(errors[8]).mean()) > 1.5


def test_the_potential_of_a_sphere_falls_as_its_distance() -> None:
    _, found = spheres(4, (0.1, 0.2, 0.3), [(2.0, SIGMA)])
    half = 10
    places = np.stack(np.unravel_index(found.active, (2 * half + 1,) * 3), axis=1) - half
    distance = np.linalg.norm((places - [0.1, 0.2, 0.3]) / 4, axis=1)
    between = (distance > 1) & (distance < 2)
    exact = 2 / distance[between] - 1
    assert np.abs(found.potential[found.active[between], 0] - exact).max() < 0.03


def test_layers_between_spheres_add_their_resistances() -> None:
    assert abs(spheres(4, (0.1, 0.2, 0.3), [(1.3, 0.3), (1.6, 0.03), (2.0, 0.04)])[0]) < 0.015
    assert abs(spheres(4, (0.1, 0.2, 0.3), [(1.3, 0.3), (2.0, 1.7)])[0]) < 0.025


@settings(max_examples=25)
@given(
    st.floats(0, 1), st.floats(0.02, 0.98), st.floats(-1.2, 1.2), st.floats(-1.2, 1.2), st.floats(0.01, 1.0)
)  # fmt: skip
@example(lift=0.5, part=0.5, slope_x=0.5, slope_y=0.875, across=1.0)  # one sample, near a cell's corner, conducts
def test_two_electrodes_anywhere_give_a_symmetric_positive_problem(
    lift: float, part: float, slope_x: float, slope_y: float, across: float
) -> None:
    corner = np.array([[x, y, 0.3 + 0.5 * lift + 0.3 * (slope_x * x + slope_y * y)] for x in (0, 1) for y in (0, 1)])
    corner[:, 2] += 0.26 + 0.24 * lift - corner[:, 2].min()
    top = corner + np.array([0, 0, 1.5])
    faces = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    faces += [[2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    order = [0, 4, 1, 5, 2, 6, 3, 7]
    body = Surface("a", "box", np.concatenate([corner, top])[order], np.array(faces))
    a, b, c = corner[0], corner[2], corner[1]
    cut = a + part * (b - a)
    one = Electrode("one", np.array([[a, cut, c]]))
    two = Electrode("two", np.array([[cut, b, c]]))
    medium = Medium("box", {"a": body}, {"a": material(0.6, 0.6 * across)}, {"a": lambda p: 0 * p + [0.6, 0.0, 0.8]})
    box = Box((-1, -1, 0), (7, 7, 12), 0.25)
    cells = cells_of(medium, [box])
    layout = lay_out([one, two], cells)
    stencil, pinned = stencils_of(cells[0]), np.zeros(box.nodes, dtype=np.float32)
    couplings = add_electrodes(layout, cells, [stencil], [pinned])
    matrix = matrix_of(stencil, pinned)
    assert abs(matrix - matrix.T).max() == 0
    active = np.flatnonzero(matrix.diagonal())
    inner = matrix[active][:, active].toarray()
    pull, own = columns_of(couplings, pinned.size)
    assert np.linalg.eigvalsh(inner)[0] > 0
    admittance = own - pull[active].T @ np.linalg.solve(inner, pull[active])
    np.testing.assert_allclose(admittance, admittance.T, atol=1e-12)
    np.testing.assert_allclose(admittance.sum(axis=1), 0, atol=1e-12 * abs(own).max())
    assert np.linalg.eigvalsh(admittance)[1] > 0


def test_what_enters_through_electrodes_leaves_through_the_ground() -> None:
    medium = Medium("box", {"a": solid("a", (0, 0, 0.3), (2, 2, 3))}, {"a": material(SIGMA)}, {})
    contacts = [plate("one", 0.3, (0.0, 0.7)), plate("two", 0.3, (1.1, 1.9))]
    found = solve(medium, contacts, Box((0, 0, 0), (9, 9, 13), 0.25), ground=plate("ground", 3.0, up=False))
    y = found.admittance
    assert y.shape == (3, 3)
    np.testing.assert_allclose(y.sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(y, y.T, atol=1e-10)
    assert (y[~np.eye(3, dtype=bool)] < 0).all()


def disc(radius: float, centre: FloatArray, around: int = 64) -> Electrode:
    """Return a regular polygon of the disc's area, that looks up."""
    phi = np.arange(around) * 2 * np.pi / around
    wide = radius * np.sqrt(2 * np.pi / around / np.sin(2 * np.pi / around))
    rim = wide * np.stack([np.cos(phi), np.sin(phi), 0 * phi], axis=1) + centre
    return Electrode("disc", np.stack([np.broadcast_to(centre, rim.shape), rim, np.roll(rim, -1, axis=0)], axis=1))


def on_half_space(cells: int, shift: Sequence[float], reach: float) -> tuple[Medium, Electrode, Electrode, Box]:
    """Return a disc of radius 1 on a half ball of some radius, the grounded dome, and a box of so many cells to 1."""
    centre = np.array(shift) / cells
    points, faces = dome(reach, centre, whole=False)
    real = np.linalg.norm(np.cross(*(points[faces[:, n]] - points[faces[:, 0]] for n in (1, 2))), axis=1) > 1e-9
    is_dome = (faces < len(points) - 1).all(axis=1)
    half = int(np.ceil(reach * cells)) + 2
    body = Surface("a", "box", points, faces[real])
    ground = Electrode("ground", points[faces[real & is_dome]][:, ::-1])
    box = Box((-half, -half, -2), (2 * half + 1, 2 * half + 1, half + 3), 1 / cells)
    return Medium("box", {"a": body}, {"a": material(SIGMA)}, {}), disc(1.0, centre), ground, box


def floor(rim: FloatArray) -> Surface:
    """Return the ring of an insulator round a disc's rim."""
    outer = rim.mean(axis=0) + 3 * (rim - rim.mean(axis=0))
    n = np.arange(len(rim))
    after, far = np.roll(n, -1), n + len(n)
    faces = np.concatenate([np.stack([n, far, far[after]], axis=1), np.stack([n, far[after], after], axis=1)])
    return Surface("floor", "box", np.concatenate([rim, outer]), faces)


def test_a_disc_on_a_half_space_has_newmans_resistance() -> None:
    # 1 / (4 sigma r) (Newman 1966, J. Electrochem. Soc. 113:501), less the part beyond a ball of 2.5 r, where the field
    # is nearly that of a point: the next term, of (r / R)^2 / 3, changes the resistance by less than 0.1 %.
    exact = 1 / (4 * SIGMA) - 1 / (2 * np.pi * SIGMA * 2.5)
    errors = []
    for lift in (0.0, 0.06, 0.12, 0.18, 0.35, 0.44, 0.7):
        medium, one, ground, box = on_half_space(4, (0.2, 0.6, lift), 2.5)
        found = solve(medium, [one], box, ground=ground, walls=[floor(one.triangles[:, 1])])
        errors.append((1 / found.admittance[0, 0] - exact) * 4 * SIGMA)
    assert np.abs(errors).max() < 0.0125
    assert abs(np.mean(errors)) < 0.004


@pytest.mark.parametrize("lift", [0.0, 0.35])
def test_a_uniform_current_through_a_disc_gives_its_mean_potential(lift: float) -> None:
    # 8 / (3 pi^2 sigma r) = 0.2702 / (sigma r), less the part beyond a ball of 2.5 r, as above.
    exact = 8 / (3 * np.pi**2 * SIGMA) - 1 / (2 * np.pi * SIGMA * 2.5)
    medium, one, ground, box = on_half_space(4, (0.2, 0.6, lift), 2.5)
    cells = cells_of(medium, [box])
    layout = lay_out([one], cells, walls=[floor(one.triangles[:, 1])])
    stencil, pinned = stencils_of(cells[0]), np.zeros(box.nodes, dtype=np.float32)
    add_electrodes(lay_out([], cells, ground=ground), cells, [stencil], [pinned])
    fill_steps(layout, cells, [stencil], [pinned])
    load = surface_load(layout.pieces[0], cells)
    assert load.values[0].sum() == pytest.approx(1, abs=1e-12)
    matrix = matrix_of(stencil, pinned)
    active = np.flatnonzero(matrix.diagonal())
    current = np.zeros(pinned.size)
    current[load.nodes[0]] = load.values[0]
    inner = matrix[active][:, active]
    potential, left = cg(inner, current[active], rtol=1e-8, M=sparse.diags(1 / inner.diagonal()))
    assert not left
    assert current[active] @ potential == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.1, 0.3, 0.125), (0.0625, 0.25, 0.45)])
def test_mirrored_electrodes_add_mirrored_terms(axis: int, shift: Sequence[float]) -> None:
    """Also where they lie on planes between sub-voxels, or through their middles."""
    turn = np.where(np.arange(3) == axis, -1.0, 1.0)
    points, faces = ball("one", 0.8, np.array(shift)).vertices, ball("one", 0.8, np.array(shift)).faces
    flat = plate("two", shift[2] - 1.2, (-1.0, 1.0)).triangles - [0, 1, 0]
    found = []
    for sign, order in ((np.ones(3), [0, 1, 2]), (turn, [2, 1, 0])):
        outside = solid("a", np.array([-2, -2, shift[2] - 1.2]), [2, 2, 2])
        around = np.concatenate([outside.vertices, points]) * sign
        both = np.concatenate([outside.faces, faces[:, ::-1] + len(outside.vertices)])
        medium = Medium("box", {"a": Surface("a", "box", around, both[:, order])}, {"a": material(SIGMA)}, {})
        cells = cells_of(medium, [Box((-5, -5, -5), (11, 11, 11), 0.5)])
        given = [Electrode("one", (points[faces] * sign)[:, order]), Electrode("two", (flat * sign)[:, order])]
        layout = lay_out(given, cells)
        stencil, pinned = stencils_of(cells[0]), np.zeros((11, 11, 11), dtype=np.float32)
        add_electrodes(layout, cells, [stencil], [pinned])
        found.append((stencil, pinned))
    (stencil, pinned), (other, sums) = found
    assert np.abs(np.flip(sums, axis) - pinned).max() <= 1e-6 * np.abs(pinned).max()
    back = np.flip(np.flip(other.reshape(11, 11, 11, 3, 3, 3), axis), 3 + axis).reshape(stencil.shape)
    assert np.abs(back - stencil).max() <= 1e-6 * np.abs(stencil).max()


def test_electrodes_span_boxes_of_unlike_cells() -> None:
    medium = Medium("box", {"a": solid("a", (-4, -4, 0.3), (4, 4, 4))}, {"a": material(SIGMA)}, {})
    boxes = [Box((-4, -4, 0), (9, 9, 9), 0.5), Box((-4, -4, 0), (9, 9, 5), 1.0)]
    cells = cells_of(medium, boxes)
    wide = Electrode("wide", 3 * plate("wide", 0.1, (-1.0, 1.0)).triangles - [0, 3, 0])
    layout = lay_out([wide], cells)
    stencils = [stencils_of(one) for one in cells]
    pinned = [np.zeros(one.box.nodes, dtype=np.float32) for one in cells]
    (found,) = add_electrodes(layout, cells, stencils, pinned)
    load = surface_load(layout.pieces[0], cells)
    assert [len(nodes) > 0 for nodes in load.nodes] == [True, True]
    # 16 of the 36 mm2 lie in the finer box.
    assert load.values[0].sum() == pytest.approx(16 / 36, rel=1e-9)
    rising = [
        np.broadcast_to(one.box.spacing_mm * np.arange(one.box.nodes[2]) - 0.3, one.box.nodes).ravel() for one in cells
    ]
    flux = sum(float(b @ u[n]) for b, u, n in zip(found.values, rising, found.nodes, strict=True))
    assert flux == pytest.approx(-SIGMA * 36, rel=1e-6)


def test_an_electrode_away_from_tissue_is_refused_with_its_place() -> None:
    medium = Medium("box", {"a": solid("a", (0, 0, 1.5), (2, 2, 3))}, {"a": material(SIGMA)}, {})
    cells = cells_of(medium, [Box((0, 0, 0), (5, 5, 7), 0.5)])
    with pytest.raises(GeometryError, match=r"electrode low: .* touch nothing that conducts, the first at \("):
        lay_out([plate("low", 0.3)], cells)


def test_nothing_is_added_without_electrodes() -> None:
    cells = cells_of(Medium("box", {"a": solid("a", (0, 0, 0), (2, 2, 3))}, {"a": material(SIGMA)}, {}), [BOX])
    stencil, pinned = stencils_of(cells[0]), np.zeros(BOX.nodes, dtype=np.float32)
    assert add_electrodes(lay_out([], cells), cells, [stencil], [pinned]) == ()
