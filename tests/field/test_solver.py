"""Lead fields of spheres against closed forms, and what must hold of any: reciprocity, mirrors, balance, bits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import ConvergenceError, GeometryError, InputError
from spinemodel.field import conjugate_gradients, sampling, solver
from spinemodel.field.boxes import Box, box_in_next
from spinemodel.field.cells import cells_of
from spinemodel.field.dispersion import EPSILON_0
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Electrode, Problem
from spinemodel.field.solver import memory_bytes, solve
from spinemodel.volume import _threads
from tests.field.boxed import ball, conductivity, medium, points_of
from tests.field.closed_forms import shells_by_central_source
from tests.field.equations import cube_boxes, sphere_contact, spheres_in_sphere

ASIDE = (0.13, 0.07, -0.11)
"""A symmetric place on the grid would flatter."""

PLACES = ((-1.6, 0.1, 0.2), (1.5, 0.3, -0.2), (0.1, -1.3, 0.9))
"""Of contacts that do not lie alike."""

CUBE_IMAGES = 1.7475645946
"""Madelung's constant of rock salt: images of a charge in a grounded cube stand as its ions do (Crandall 1987)."""


def ohms(a: float, b: float, sigma: float = 0.5) -> float:
    """Return the resistance between concentric spheres, mm and S/m."""
    return 1e3 * (1 / a - 1 / b) / (4 * np.pi * sigma)


@cache
def concentric(spacing: float, currents: solver.Currents = "floating") -> LeadField:
    """Return the field of one sphere in a grounded one."""
    problem = spheres_in_sphere([ASIDE], 2.0, 6.0, at=ASIDE)
    return solve(problem, cube_boxes([3.0], 6.4, spacing), currents=currents)


@cache
def several() -> tuple[Problem, tuple[Box, ...]]:
    """Return three contacts that do not lie alike, and boxes."""
    problem = spheres_in_sphere(PLACES, 0.9, 7.0, steps=3)
    return problem, cube_boxes([3.0], 7.4, 0.5)


@cache
def solved(currents: solver.Currents = "floating") -> LeadField:
    """Return their field, so exact that what it is compared with may differ by 1e-6."""
    return solve(*several(), currents=currents, tolerance=1e-9)


def small() -> tuple[Problem, tuple[Box, ...]]:
    """Return a problem that is solved at once, and boxes."""
    return spheres_in_sphere([ASIDE], 2.0, 6.0, at=ASIDE, steps=2), cube_boxes([3.0], 6.4, 1.0)


def same(one: LeadField, other: LeadField) -> bool:
    """Tell whether two fields are the same to the last bit."""
    pairs = zip(one.potential, other.potential, strict=True)
    alike = all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)
    return alike and np.array_equal(one.impedance, other.impedance)


def off(one: LeadField, other: LeadField) -> float:
    """Return the greatest difference between two fields, relative to the greatest potential."""
    pairs = list(zip(one.potential, other.potential, strict=True))
    assert all(np.array_equal(np.isnan(a), np.isnan(b)) for a, b in pairs)
    return max(float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a))) for a, b in pairs)


@pytest.mark.parametrize("currents", ["floating", "uniform"])
def test_a_sphere_in_a_grounded_sphere(currents: solver.Currents) -> None:
    """Both ways of feeding give the same here: the surface of a sphere is of one potential."""
    errors = []
    for spacing in (1.0, 0.5, 0.25):
        field = concentric(spacing, currents)
        errors.append(abs(field.impedance[0, 0] / ohms(2.0, 6.0) - 1))
    assert errors[1] <= 0.01  # with four cells within a contact's radius
    assert errors[2] <= 0.0035
    assert errors[2] <= errors[1] / 2**1.4
    assert field.about["currents"] == currents


@pytest.mark.parametrize("currents", ["floating", "uniform"])
def test_its_potential(currents: solver.Currents) -> None:
    field = concentric(0.5, currents)
    for box, potential in zip(field.boxes, field.potential, strict=True):
        points = points_of(box) - ASIDE
        r = np.linalg.norm(points, axis=-1)
        chosen = (r > 2.5) & (r < 5.5)
        true = 1e3 * shells_by_central_source(points.reshape(-1, 3), (), (0.5,), ground_mm=6.0).reshape(r.shape)
        assert np.abs(potential[0] - true)[chosen].max() <= 0.03 * ohms(2.0, 6.0)


def test_the_faces_of_the_domain_are_a_ground_too() -> None:
    """A small sphere in the middle of a grounded cube, and its images."""
    metal = ball("C1", 1.0, steps=4)
    given = medium({"C1": metal}, {"tissue": conductivity(0.5)}, "tissue")
    boxes = cube_boxes([2.0], 16.0, 0.25)
    assert boxes[-1].high.tolist() == [16.0] * 3
    field = solve(Problem(given, (sphere_contact("C1", 1.0),), None), boxes)
    expected = 1e3 * (1 - CUBE_IMAGES / 32.0) / (4 * np.pi * 0.5)
    assert field.impedance[0, 0] == pytest.approx(expected, rel=0.01)
    outermost = field.potential[-1][0]
    for axis in range(3):
        assert not np.take(outermost, [0, -1], axis=axis).any()
    assert field.about["current_balance"] <= 1e-6


@pytest.mark.parametrize("currents", ["floating", "uniform"])
def test_currents_and_reciprocity(currents: solver.Currents) -> None:
    field = solve(*several(), currents=currents)
    assert field.about["asymmetry"] <= 1e-6
    assert field.about["current_balance"] <= 1e-6
    assert np.array_equal(field.impedance, field.impedance.T)
    assert np.linalg.eigvalsh(field.impedance)[0] > 0


def test_potentials_on_a_contact_are_its_impedances() -> None:
    """Beside a contact that floats the potential is nearly its own, and far beyond it falls to the ground's."""
    field, boxes = solved(), several()[1]
    apart = [np.linalg.norm(points_of(boxes[0]) - at, axis=-1) for at in PLACES]
    tissue = np.min(apart, axis=0) > 0.9
    for n, near in enumerate(apart):
        chosen = (near > 0.9) & (near < 1.0)
        assert chosen.any()
        for m in range(3):
            own = field.potential[0][m][chosen]
            assert np.abs(own - field.impedance[n, m]).max() <= 0.2 * field.impedance[m, m]
        assert np.abs(field.potential[0][n][tissue]).max() <= 1.05 * field.impedance[n, n]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirrored_contacts_have_mirrored_potentials(axis: int) -> None:
    """The mirror maps the grid onto itself, so that only rounding is left."""
    problem, boxes = several()
    turn = np.ones(3)
    turn[axis] = -1
    parts = {
        name: Surface(name, "test", part.vertices * turn, part.faces[:, ::-1])
        for name, part in problem.medium.parts.items()
    }

    def mirrored(one: Electrode) -> Electrode:
        return Electrode(one.name, one.triangles[:, ::-1] * turn)

    assert problem.ground is not None
    other = Problem(
        replace(problem.medium, parts=parts),
        tuple(mirrored(one) for one in problem.contacts),
        mirrored(problem.ground),
    )
    first, second = solved(), solve(other, boxes, tolerance=1e-9)
    flipped = replace(second, potential=tuple(np.flip(part, axis + 1) for part in second.potential))
    assert off(first, flipped) <= 1e-6
    assert np.abs(first.impedance - second.impedance).max() <= 1e-6 * first.impedance.max()


def test_contacts_in_another_order_give_the_same_fields() -> None:
    problem, boxes = several()
    first, second = solved(), solve(replace(problem, contacts=problem.contacts[::-1]), boxes, tolerance=1e-9)
    assert second.contacts == first.contacts[::-1]
    turned = replace(second, potential=tuple(part[::-1] for part in second.potential))
    assert off(first, turned) <= 1e-6
    assert np.allclose(second.impedance[::-1, ::-1], first.impedance, rtol=1e-6)


@pytest.mark.parametrize("currents", ["floating", "uniform"])
def test_batches_of_contacts_give_the_same_as_all_at_once(
    currents: solver.Currents, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = solved(currents)
    monkeypatch.setattr(solver, "LANES", 2)
    parts = solve(*several(), currents=currents, tolerance=1e-9)
    assert [len(whole.about["residuals"]), len(parts.about["residuals"])] == [1, 2]
    assert off(whole, parts) <= 1e-6
    assert np.abs(whole.impedance - parts.impedance).max() <= 1e-6 * whole.impedance.max()


def test_more_contacts_than_lanes() -> None:
    places = [(x, y, z) for x in (-3.1, 0.1, 3.2) for y in (-3.0, 0.2, 3.1) for z in (-2.0, 2.1)]
    problem = spheres_in_sphere(places, 0.8, 7.0, steps=2)
    field = solve(problem, cube_boxes([5.0], 7.4, 1.0))
    assert len(field.contacts) == 18
    assert field.impedance.shape == (18, 18)
    assert field.potential[0].shape == (18, *field.boxes[0].nodes)
    assert all(np.moveaxis(values, 0, 3).flags.c_contiguous for values in field.potential)
    assert field.about["asymmetry"] <= 1e-6
    assert field.about["current_balance"] <= 1e-6


def test_potentials_are_missing_exactly_where_no_cell_conducts_by_half() -> None:
    """Inside a finer box, where none of its cells does."""
    field, finer = concentric(0.5), None
    medium = spheres_in_sphere([ASIDE], 2.0, 6.0, at=ASIDE).medium
    filled = (cells.tissue for cells in cells_of(medium, field.boxes, solver.SUBSAMPLES))
    for box, potential, tissue, own in zip(field.boxes, field.potential, filled, field.tissue, strict=True):
        touched = np.zeros(box.nodes, dtype=bool)
        for i, j, k in np.argwhere(tissue > 0):
            touched[i : i + 2, j : j + 2, k : k + 2] = True
        if finer is not None:
            inner, inside = finer
            first = box_in_next(inner, box)
            touched[tuple(slice(a, a + n // 2 + 1) for a, n in zip(first, inner.cells, strict=True))] = inside
        finer = box, touched[::2, ::2, ::2]
        assert np.array_equal(np.isnan(potential), np.broadcast_to(~touched, potential.shape))
        assert np.array_equal(own[::2, ::2, ::2] > 0, touched)
        assert potential.dtype == np.float32
    deep = np.linalg.norm(points_of(field.boxes[0]) - ASIDE, axis=-1) < 0.8
    assert deep.any()
    assert np.isnan(field.potential[0][:, deep]).all()
    assert field.tissues == {1: "tissue"}


def test_tissue_beside_a_contact_has_its_potential() -> None:
    """Nodes within metal are hardly tied to anything; were they used, this would err by up to 5 %."""
    field = solve(spheres_in_sphere([ASIDE], 1.0, 5.0, at=ASIDE), cube_boxes([3.0], 5.4, 0.25))
    ways = np.random.default_rng(1).normal(size=(300, 3))
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    whole = ohms(1.0, 5.0)
    for apart, bound in ((0.1, 0.012), (0.3, 0.006), (0.5, 0.008), (1.5, 0.003), (3.0, 0.003)):
        radius = 1.0 + apart * 0.25
        found = sampling.potential(field, ASIDE + radius * ways)[0]
        assert np.abs(found - ohms(radius, 5.0)).max() <= bound * whole


def test_twice_the_conductivity_is_half_the_potential() -> None:
    problem, boxes = several()
    first = solved()
    given = replace(problem.medium, conductivity={"tissue": conductivity(1.0)})
    second = solve(replace(problem, medium=given), boxes, tolerance=1e-9)
    assert off(first, replace(second, potential=tuple(2 * part for part in second.potential))) <= 1e-6


@pytest.mark.parametrize("currents", ["floating", "uniform"])
def test_tissue_that_stores_charge_alike_everywhere_divides_the_potential(currents: solver.Currents) -> None:
    problem, boxes = several()
    first = solved(currents)
    stores = 0.5 * 0.5 / (2 * np.pi * 1e4 * EPSILON_0)
    tissue = replace(conductivity(0.5), permittivity_along=stores, permittivity_across=stores, frequency_hz=1e4)
    given = replace(problem.medium, conductivity={"tissue": tissue})
    second = solve(replace(problem, medium=given), boxes, currents=currents, tolerance=1e-9)
    assert second.potential[0].dtype == np.complex64
    factor = 1 + 0.5j
    assert np.abs(second.impedance * factor - first.impedance).max() <= 1e-6 * first.impedance.max()
    assert off(first, replace(second, potential=tuple(factor * part for part in second.potential))) <= 1e-6


def test_a_larger_box_holds_the_values_of_the_finer() -> None:
    field = concentric(0.5)
    fine, coarse = field.potential[0][0], field.potential[1][0]
    first = box_in_next(*field.boxes[:2])
    inside = coarse[tuple(slice(a, a + n // 2 + 1) for a, n in zip(first, field.boxes[0].cells, strict=True))]
    held = ~np.isnan(inside) & ~np.isnan(fine[::2, ::2, ::2])
    assert held.sum() > 0.8 * held.size - np.isnan(fine[::2, ::2, ::2]).sum()
    assert np.array_equal(inside[held], fine[::2, ::2, ::2][held])


def test_the_same_bits_with_one_thread_or_several(monkeypatch: pytest.MonkeyPatch) -> None:
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            monkeypatch.setattr(_threads, "_pool", lambda pool=pool: pool)
            monkeypatch.setattr(_threads, "CORES", threads)
            assert same(solved(), solve(*several(), tolerance=1e-9))


def test_what_else_the_field_says_of_itself() -> None:
    problem, boxes = small()
    told: list[int] = []
    field = solve(problem, boxes, progress=lambda step, left: told.append(step), about={"preset": "test"})
    assert field.about["preset"] == "test"
    (residuals,) = field.about["residuals"]
    assert residuals[-1] <= solver.TOLERANCE
    assert told == list(range(1, len(residuals)))
    assert field.contacts == ("C1",)
    assert field.boxes == boxes
    assert field.space == "test"


def test_the_field_says_how_many_sub_voxels_its_cells_had(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, boxes = small()
    assert solve(problem, boxes).about["subsamples"] == [6, 4, 4][: len(boxes)]
    monkeypatch.setattr("spinemodel.field.sub_voxels.REACH", 20)
    taken = [one.subsamples for one in cells_of(problem.medium, boxes, solver.SUBSAMPLES)]
    assert taken[0] < 6
    assert solve(problem, boxes).about["subsamples"] == taken


def test_a_problem_without_contacts_is_refused() -> None:
    problem, boxes = small()
    with pytest.raises(InputError, match="has no contact; place a lead first"):
        solve(replace(problem, contacts=()), boxes)


def test_a_contact_that_touches_nothing_is_refused() -> None:
    problem, boxes = small()
    outside = sphere_contact("C9", 1.0, at=(6.9, 6.9, 6.9))
    with pytest.raises(GeometryError, match="C9"):
        solve(replace(problem, contacts=(outside,)), boxes)


@pytest.mark.parametrize("currents", ["floating", "uniform"])
def test_tissue_ends_at_insulators_beside_contacts(monkeypatch: pytest.MonkeyPatch, currents: solver.Currents) -> None:
    problem, boxes = small()
    assert problem.insulators == ()  # a contact's own metal is none
    body, own, walls = ball("body", 1.0, at=ASIDE), solver.lay_out, []
    whole = replace(problem.medium, parts={**problem.medium.parts, "body": body})
    monkeypatch.setattr(
        solver, "lay_out", lambda *given, **more: walls.extend(more.get("walls", ())) or own(*given, **more)
    )
    solve(replace(problem, medium=whole), boxes, currents=currents)
    assert walls == [body]


def test_a_contact_smaller_than_cells_is_refused() -> None:
    problem, boxes = small()
    with pytest.raises(InputError, match="use a smaller spacing"):
        solve(replace(problem, contacts=(sphere_contact("C9", 0.2),)), boxes)


def test_current_with_nowhere_to_go_is_an_error() -> None:
    """Tissue in an insulator, and the ground at faces that it does not reach."""
    metal = ball("C1", 1.0, steps=4)
    alone = medium({"C1": metal, "tissue": ball("tissue", 5.0, steps=4)}, {"tissue": conductivity(0.5)}, None)
    boxes = cube_boxes([2.0], 16.0, 0.5)
    with pytest.raises((GeometryError, ConvergenceError), match="its current"):
        solve(Problem(alone, (sphere_contact("C1", 1.0),), None), boxes)


def test_not_converged_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, boxes = small()
    monkeypatch.setattr(conjugate_gradients, "MOST_STEPS", 2)
    with pytest.raises(ConvergenceError, match="after 2 steps"):
        solve(problem, boxes)


@pytest.mark.parametrize("contacts", [1, 4, 16])
def test_memory_grows_with_nodes_contacts_and_sub_voxels(contacts: int) -> None:
    small, large = cube_boxes([3.0], 30.0, 0.5), cube_boxes([3.0], 30.0, 0.25)
    assert memory_bytes(small, contacts) < memory_bytes(large, contacts)
    assert memory_bytes(small, contacts) < memory_bytes(small, contacts + 1)
    assert memory_bytes(small, contacts, 4) < memory_bytes(small, contacts, 6)
