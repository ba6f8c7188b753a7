"""Finite elements against closed forms, on meshes whose surfaces are exact or nearly so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.tetrahedra import Tetrahedra, cell_volumes, skin
from spinemodel.errors import BackendUnavailableError, ConvergenceError, InputError
from spinemodel.field import reference_system
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.problem import Electrode, Medium, Problem
from spinemodel.field.reference import gradient_at, potential_at, reference_problem, solve_reference
from spinemodel.field.reference_mesh import (
    GROUND,
    ReferenceProblem,
    cell_order,
    conducting,
    faces_of_part,
    ngsolve_mesh,
    outer_faces,
)
from tests.field.closed_forms import disc, disc_resistance, plane_layers, point_source, shells_by_central_source
from tests.shapes import sphere

pytest.importorskip("ngsolve")


def value(along: float, across: float | None = None) -> Conductivity:
    return Conductivity(along, along if across is None else across, "a test", verified=True)


def of_netgen(solids: Mapping[str, Any], size: float) -> Tetrahedra:
    """Solids that touch but do not overlap, filled by Netgen; their surfaces have flat faces."""
    from netgen.csg import CSGeometry

    geometry = CSGeometry()
    for solid in solids.values():
        geometry.Add(solid)
    mesh = geometry.GenerateMesh(maxh=size, quad_dominated=False)
    found = mesh.Elements3D().NumPy()
    cells = found["nodes"][:, :4].astype(np.int64)[:, [1, 0, 2, 3]] - 1
    return Tetrahedra("lab", mesh.Coordinates(), cells, found["index"].astype(np.int64), tuple(solids))


def cubes(counts: tuple[int, int, int], size: Any, label: Callable[[Any], Any], names: tuple[str, ...]) -> Tetrahedra:
    """A box of cubes, each of six tetrahedra round a diagonal (Kuhn)."""
    _, ny, nz = counts
    axes = [np.linspace(0, s, n + 1) for s, n in zip(size, counts, strict=True)]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    first = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    ways = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]])
    steps = np.concatenate([np.zeros((6, 1, 3), int), np.cumsum(np.eye(3, dtype=int)[ways], axis=1)], axis=1)
    at = first[:, None, None] + steps
    cells = ((at[..., 0] * (ny + 1) + at[..., 1]) * (nz + 1) + at[..., 2]).reshape(-1, 4)
    cells[np.tile([False] * 3 + [True] * 3, len(first))] = cells[np.tile([False] * 3 + [True] * 3, len(first))][
        :, [1, 0, 2, 3]
    ]
    return Tetrahedra("lab", corners, cells, label(corners[cells].mean(axis=1)), names)


def faces_where(mesh: Tetrahedra, on: Callable[[Any], Any]) -> Any:
    """Outer faces whose corners all lie somewhere."""
    outer = outer_faces(mesh)
    return outer[on(mesh.vertices[outer]).all(axis=1)]


def all_along(way: Any) -> Callable[[Any], Any]:
    """The same direction everywhere."""
    return lambda x: np.broadcast_to(way, x.shape)


def layered(tensors: Mapping[str, tuple[Conductivity, Any]], counts: tuple[int, int, int]) -> ReferenceProblem:
    """A bar, 2 x 2 x 6 mm, of layers across z, between plates at its ends."""
    names = tuple(tensors)
    mesh = cubes(counts, (2, 2, 6), lambda x: (x[:, 2] // (6 / len(names))).astype(int) + 1, names)
    bottom, top = (faces_where(mesh, lambda x, z=z: x[..., 2] == z) for z in (0, 6))
    directions = {name: all_along(way) for name, (_, way) in tensors.items() if way is not None}
    return ReferenceProblem(mesh, {k: v for k, (v, _) in tensors.items()}, directions, {"Plate": top}, bottom)


def test_cubes_are_whole() -> None:
    mesh = cubes((2, 3, 4), (2, 3, 4), lambda x: np.ones(len(x), int), ("Box",))
    np.testing.assert_allclose(cell_volumes(mesh), 1 / 6)


def test_layers_across_a_current() -> None:
    """Fibres along the current count with their value along, fibres across it with the other."""
    tensors = {
        "Lower": (value(0.2), None),
        "Middle": (value(0.6, 0.1), (0, 0, 1.0)),
        "Upper": (value(0.5, 0.05), (0.6, 0.8, 0)),
    }
    field = solve_reference(layered(tensors, (2, 2, 6)))
    resistance = 2 / 4 * (1 / 0.2 + 1 / 0.6 + 1 / 0.05)
    np.testing.assert_allclose(field.impedance, 1e3 * resistance, rtol=1e-7)
    x = np.random.default_rng(0).uniform(0.01, 1.99, (200, 3)) * [1, 1, 3]
    exact = 1e3 * plane_layers(x, (0, 0, 1), (2, 4), (0.2, 0.6, 0.05), flux=0.25)
    np.testing.assert_allclose(potential_at(field, x)[0], exact, atol=1e-3)
    slope = 1e3 * 0.25 / np.array([0.2, 0.6, 0.05])[(x[:, 2] // 2).astype(int)]
    np.testing.assert_allclose(gradient_at(field, x)[0], slope[:, None] * [0, 0, 1], atol=1e-2)
    assert np.isnan(potential_at(field, np.array([[5.0, 5, 5]]))).all()


def test_oblique_fibres_turn_the_current() -> None:
    """Between plates far wider than their distance u depends on depth alone, as n.sigma n says."""
    way = np.array([0.6, 0.0, 0.8])
    mesh = cubes((12, 2, 2), (60, 1, 1), lambda x: np.ones(len(x), int), ("Fibres",))
    bottom, top = (faces_where(mesh, lambda x, z=z: x[..., 2] == z) for z in (0, 1))
    field = solve_reference(
        ReferenceProblem(mesh, {"Fibres": value(1.0, 0.1)}, {"Fibres": all_along(way)}, {"Plate": top}, bottom)
    )
    across = 0.1 + 0.9 * 0.64
    middle = gradient_at(field, np.array([[30.0, 0.5, 0.5]]))[0, 0]
    np.testing.assert_allclose(middle[0] / middle[2], 0, atol=1e-6)
    np.testing.assert_allclose(field.impedance[0, 0], 1e3 / (60 * across), rtol=0.03)


def between_spheres(radii: Any, rows: int, label: Callable[[Any], Any], names: tuple[str, ...]) -> Tetrahedra:
    """Prisms between spheres, each of three tetrahedra; cuts of their sides begin at the lower corner, and so match."""
    ball = sphere(rows=rows)
    count, low = len(ball.vertices), np.sort(ball.faces, axis=1)
    corners = np.concatenate([radius * ball.vertices for radius in radii])
    tops = np.concatenate([low + i * count for i in range(1, len(radii))])
    (a, b, c), (d, e, f) = (tops - count).T, tops.T
    cells = np.concatenate([np.stack(cell, axis=1) for cell in ((a, b, c, f), (a, b, e, f), (a, d, e, f))])
    p = corners[cells]
    turned = np.einsum("ij,ij->i", np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), p[:, 3] - p[:, 0]) < 0
    cells = np.where(turned[:, None], cells[:, [1, 0, 2, 3]], cells)
    return Tetrahedra("lab", corners, cells, label(np.linalg.norm(corners, axis=1)[cells].mean(axis=1)), names)


def balls(rows: int) -> ReferenceProblem:
    """Metal from 0.9 to 1 mm, saline to 2 mm and a shell to 3 mm, which is grounded."""
    radii = (0.9, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
    mesh = between_spheres(radii, rows, lambda r: np.searchsorted((1, 2), r) + 1, ("Metal", "Saline", "Shell"))
    assert (cell_volumes(mesh) > 0).all()
    values = {"Saline": value(1.7), "Shell": value(0.1)}
    outer = outer_faces(mesh)
    ground = outer[np.linalg.norm(mesh.vertices[outer], axis=2).min(axis=1) > 2.9]
    return ReferenceProblem(mesh, values, {}, {"Metal": faces_of_part(mesh, "Metal")}, ground)


def test_a_sphere_in_shells() -> None:
    """Flat faces leave an error of second order."""
    exact = shells_by_central_source([[1.0, 0, 0]], (2.0,), (1.7, 0.1), ground_mm=3.0)[0]
    coarse, fine = (solve_reference(balls(rows)) for rows in (7, 14))
    errors = [abs(field.impedance[0, 0] / (1e3 * exact) - 1) for field in (coarse, fine)]
    assert errors[1] < 0.01
    assert np.log2(errors[0] / errors[1]) > 1.6
    x = 1.6 * np.array([[1.0, 0, 0], [0, 0.6, 0.8], [0.36, -0.48, 0.8]])
    u = 1e3 * shells_by_central_source(x, (2.0,), (1.7, 0.1), ground_mm=3.0)
    np.testing.assert_allclose(potential_at(fine, x)[0], u, rtol=0.01)
    assert np.isnan(potential_at(fine, np.array([[0.95, 0, 0]]))).all()


def plate_on_an_insulator(xi: float, size: float) -> ReferenceProblem:
    """A disc of 1 mm under tissue that ends at a spheroid of its own foci, on which its potential is even."""
    from netgen.csg import Cylinder, Ellipsoid, OrthoBrick, Plane, Pnt, Vec

    wide = np.sqrt(1 + xi**2)
    above, below = Plane(Pnt(0, 0, 0), Vec(0, 0, -1)), Plane(Pnt(0, 0, 0), Vec(0, 0, 1))
    bowl = Ellipsoid(Pnt(0, 0, 0), Vec(wide, 0, 0), Vec(0, wide, 0), Vec(0, 0, xi)) * above
    plate = Cylinder(Pnt(0, 0, -1), Pnt(0, 0, 1), 1) * below * OrthoBrick(Pnt(-2, -2, -0.3), Pnt(2, 2, 1))
    mesh = of_netgen({"Tissue": bowl, "Plate": plate.maxh(size)}, 0.5)
    outer = faces_where(mesh, lambda x: (x[..., 2] > 1e-6) | (np.hypot(x[..., 0], x[..., 1]) > wide - 1e-6))
    return ReferenceProblem(mesh, {"Tissue": value(0.25)}, {}, {"Plate": faces_of_part(mesh, "Plate")}, outer)


def test_a_disc_on_an_insulator() -> None:
    """The current is infinite at the disc's edge, and the error of first order there."""
    xi = 2.0
    share = 2 / np.pi * np.arctan(xi)
    resistance = 1e3 * disc_resistance(1.0, 0.25) * share
    coarse, fine = (solve_reference(plate_on_an_insulator(xi, size)) for size in (0.4, 0.16))
    errors = [float(abs(field.impedance[0, 0] / resistance - 1)) for field in (coarse, fine)]
    assert errors[1] < 0.04
    assert errors[0] > 1.5 * errors[1]
    x = np.array([[0, 0, 0.5], [0.9, 0, 0.3], [0, 1.3, 0.6], [1.5, 0.1, 0.01]])
    exact = resistance * (1 - (1 - disc(x, 1.0)) / share)
    np.testing.assert_allclose(potential_at(fine, x)[0], exact, atol=0.03 * resistance)


@pytest.mark.parametrize(("order", "least"), [(1, 1.7), (2, 2.6), (3, 3.5)])
def test_order_of_convergence(order: int, least: float) -> None:
    """A source beside a box of oblique fibres, its potential given on the faces."""
    import ngsolve

    turn = Rotation.from_euler("xyz", [0.4, 0.9, 0.3]).as_matrix()
    way, at = turn[:, 0], np.array([-0.6, 0.5, 0.4])
    tensor = 0.1 * np.eye(3) + 0.5 * np.outer(way, way)
    x = np.random.default_rng(0).uniform(0.1, 0.9, (300, 3))
    errors = []
    for n in (5, 10):
        mesh = cubes((n, n, n), (1, 1, 1), lambda x: np.ones(len(x), int), ("Box",))
        given = {"Box": value(0.6, 0.1)}, {"Box": all_along(way)}
        parts = conducting(ReferenceProblem(mesh, *given, {}, outer_faces(mesh)), order)
        system = reference_system.assembled(parts)
        u = ngsolve.GridFunction(system.space)
        off = [axis - float(place) for axis, place in zip((ngsolve.x, ngsolve.y, ngsolve.z), at, strict=True)]
        back = np.linalg.inv(tensor)
        square = sum(float(back[i, j]) * off[i] * off[j] for i in range(3) for j in range(3))
        u.Set(1 / (4 * np.pi * ngsolve.sqrt(float(np.linalg.det(tensor)) * square)), ngsolve.BND)
        missing, step = u.vec.CreateVector(), u.vec.CreateVector()
        missing.data = system.matrix * u.vec
        step.data = system.inverse * missing
        u.vec.data -= step
        found = np.asarray(u(system.mesh(*x.T.copy()))).ravel()
        errors.append(np.abs(found - point_source(x, at, tensor)).max())
    assert np.log2(errors[0] / errors[1]) > least


def many() -> ReferenceProblem:
    """Two contacts on a box with a core, and one beside; the latter floats."""
    def label(x: Any) -> Any:
        return np.where(np.abs(x[:, :2] - 3).max(axis=1) < 1, 2, 1)

    mesh = cubes((12, 12, 6), (6, 6, 3), label, ("Round", "Core"))
    ground = faces_where(mesh, lambda x: x[..., 2] == 0)
    places = {"One": (1.0, 3.0), "Two": (5.0, 3.0), "Three": (3.0, 5.0)}
    contacts = {
        name: faces_where(mesh, lambda x, at=at: (x[..., 2] == 3) & (np.abs(x[..., :2] - at).max(axis=-1) <= 0.5))
        for name, at in places.items()
    }
    values = {"Round": value(0.3), "Core": value(0.6, 0.1)}
    return ReferenceProblem(mesh, values, {"Core": all_along((0.0, 0, 1))}, contacts, ground)


def test_contacts_float_and_tell_the_same_of_each_other() -> None:
    problem = many()
    field = solve_reference(problem, tolerance=1e-10)
    np.testing.assert_allclose(field.impedance, field.impedance.T, rtol=1e-7)
    assert field.impedance[0, 0] == pytest.approx(field.impedance[1, 1], rel=0.01)
    on = np.array([[5.0, 3.0, 3 - 1e-9], [4.6, 3.4, 3 - 1e-9], [5.4, 2.6, 3 - 1e-9]])
    np.testing.assert_allclose(potential_at(field, on)[0], field.impedance[0, 1], rtol=1e-6)
    one = solve_reference(problem, driven=["Two"], tolerance=1e-10)
    np.testing.assert_allclose(one.impedance, field.impedance[1:2], rtol=1e-7)
    np.testing.assert_allclose(one.volts[0], field.volts[1], atol=1e-9)


def test_all_of_the_current_leaves_through_the_ground() -> None:
    field = solve_reference(many(), driven=["One"], tolerance=1e-10)
    u, flow = (field.system.matrix.CreateColVector() for _ in range(2))
    u.FV().NumPy()[:] = field.volts[0]
    flow.data = field.system.matrix * u
    balance = flow.FV().NumPy()
    space = field.system.space
    ground = np.array(list(space.GetDofs(field.system.mesh.Boundaries(GROUND))))
    vertices = np.arange(space.ndof) < field.system.mesh.nv
    assert balance[ground & vertices].sum() == pytest.approx(-1.0, rel=1e-8)
    assert balance[field.system.contacts["One"]] == pytest.approx(1.0, rel=1e-8)
    assert balance[field.system.contacts["Two"]] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(("order", "most"), [(1, 60), (2, 60), (3, 90)])
def test_multigrid_and_the_factored_matrix_agree(order: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = solve_reference(many(), order=order, tolerance=1e-9)
    monkeypatch.setattr(reference_system, "DIRECT", 0)
    iterated = solve_reference(many(), order=order, tolerance=1e-9)
    np.testing.assert_allclose(iterated.impedance, exact.impedance, rtol=1e-6)
    assert max(iterated.steps) < most


@pytest.mark.parametrize("direct", [0, reference_system.DIRECT])
def test_elements_are_of_second_order_where_asked(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the upper half, with the contacts: fewer unknowns, and what is near the contacts hardly changes."""
    monkeypatch.setattr(reference_system, "DIRECT", direct)
    first, second = (solve_reference(many(), order=order, tolerance=1e-10) for order in (1, 2))
    upper = replace(many(), fine=(np.array([0, 0, 1.6]), np.array([6, 6, 3.0])))
    mixed = solve_reference(upper, tolerance=1e-10)
    assert first.unknowns < mixed.unknowns < 0.7 * second.unknowns
    np.testing.assert_allclose(mixed.impedance, mixed.impedance.T, rtol=1e-7)
    np.testing.assert_allclose(mixed.impedance.diagonal(), second.impedance.diagonal(), rtol=0.005)
    assert (first.impedance.diagonal() < 0.9 * second.impedance.diagonal()).all()
    everywhere = replace(many(), fine=(np.zeros(3), np.full(3, 6.0)))
    assert solve_reference(everywhere, driven=["One"]).unknowns == second.unknowns


@pytest.mark.parametrize("direct", [0, reference_system.DIRECT])
def test_elements_of_all_orders_side_by_side(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every unknown more lets a contact's potential rise, and no more than the whole of third order."""
    monkeypatch.setattr(reference_system, "DIRECT", direct)
    upper, near = (np.array([0, 0, 1.6]), np.array([6, 6, 3.0])), (np.array([0.2, 2.2, 2.2]), np.array([1.8, 3.8, 3]))
    made = [
        solve_reference(replace(many(), fine=fine, finest=finest), driven=["One"], order=order, tolerance=1e-10)
        for order, fine, finest in (
            (1, None, None), (1, None, near), (2, upper, near), (2, None, near), (3, None, None)
        )
    ]  # fmt: skip
    unknowns, ohms = [one.unknowns for one in made], [float(one.impedance[0, 0]) for one in made]
    assert sorted(set(unknowns)) == unknowns
    assert sorted(set(ohms)) == ohms
    assert ohms[2] == pytest.approx(ohms[-1], rel=0.004)
    everywhere = replace(many(), finest=(np.zeros(3), np.full(3, 6.0)))
    assert solve_reference(everywhere, driven=["One"], order=1).unknowns == unknowns[-1]


def test_not_converged_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_system, "DIRECT", 0)
    monkeypatch.setattr(reference_system, "MOST_STEPS", 3)
    with pytest.raises(ConvergenceError, match="after 3 steps"):
        solve_reference(many())


def test_cells_keep_their_order() -> None:
    """Conductivities are given to cells by number: those with fibres come last."""
    import ngsolve

    parts = conducting(many())
    mesh, order = ngsolve_mesh(parts), cell_order(parts)
    centres = parts.vertices[parts.cells[order]].mean(axis=1)
    np.testing.assert_array_equal(mesh(*centres.T.copy())["nr"], np.arange(len(order)))
    volume = ngsolve.Integrate(ngsolve.CoefficientFunction(1), mesh, definedon=mesh.Materials("fibres2"))
    assert volume == pytest.approx(2 * 2 * 3)


def test_a_problem_on_the_tetrahedra_of_its_parts() -> None:
    mesh = cubes((3, 3, 3), (3, 3, 3), lambda x: (np.abs(x - 1.5).max(axis=1) > 0.5) + 1, ("Metal", "Tissue"))
    values, outer = {"Tissue": value(0.2)}, outer_faces(mesh)
    medium = Medium("lab", skin(mesh).parts, values, {})
    metal = skin(mesh).parts["Metal"]
    contact = Electrode("Metal", metal.vertices[metal.faces])
    ground = Electrode("ground", mesh.vertices[outer][:, ::-1])
    made = reference_problem(Problem(medium, (contact,), ground), mesh)
    direct = ReferenceProblem(mesh, values, {}, {"Metal": faces_of_part(mesh, "Metal")}, outer)
    np.testing.assert_allclose(solve_reference(made).impedance, solve_reference(direct).impedance, rtol=1e-9)
    for part in (Electrode("ground", ground.triangles[::2]), None):
        with pytest.raises(InputError, match="expected all of it"):
            reference_problem(Problem(medium, (contact,), part), mesh)


def test_what_is_wrong_is_said() -> None:
    problem = many()
    mesh = problem.mesh
    with pytest.raises(InputError, match="got no direction"):
        conducting(ReferenceProblem(mesh, problem.conductivity, {}, problem.contacts, problem.ground))
    with pytest.raises(InputError, match="no part conducts"):
        conducting(ReferenceProblem(mesh, {}, {}, problem.contacts, problem.ground))
    with pytest.raises(InputError, match="shares a vertex"):
        conducting(ReferenceProblem(mesh, problem.conductivity, problem.direction, problem.contacts, outer_faces(mesh)))
    with pytest.raises(InputError, match="touches no cell"):
        conducting(ReferenceProblem(mesh, {"Core": value(1)}, {}, {"One": problem.contacts["One"]}, problem.ground))
    stores = {"Round": Conductivity(1, 1, "", verified=True, permittivity_across=80, frequency_hz=1e3)}
    with pytest.raises(InputError, match="is complex"):
        conducting(ReferenceProblem(mesh, stores, {}, problem.contacts, problem.ground))
    with pytest.raises(InputError, match="expected some of"):
        solve_reference(problem, driven=["Four"])
    with pytest.raises(InputError, match="got 4, expected 1 to 3"):
        solve_reference(problem, order=4)
    with pytest.raises(InputError, match="no part 'Bone'"):
        faces_of_part(mesh, "Bone")


def test_without_ngsolve_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ngsolve", None)
    with pytest.raises(BackendUnavailableError, match=r"spinemodel\[reference\]"):
        solve_reference(many())
