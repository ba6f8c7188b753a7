"""Patches of small cells: what boxes leave out stands in them, what boxes have right stays, and all that samples."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from spinemodel.arrays import FloatArray
from spinemodel.errors import ConvergenceError
from spinemodel.field import conjugate_gradients, patches
from spinemodel.field.boxes import Box
from spinemodel.field.crop import crop
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.field.montage import Montage, superpose
from spinemodel.field.patches import patches_memory_bytes, with_patches
from spinemodel.field.problem import Electrode, Problem
from spinemodel.field.sampling import gradient, potential, tissue_at
from spinemodel.io.lead_field import read_lead_field, write_lead_field
from spinemodel.volume import _threads
from tests.field.boxed import conductivity, cube, medium, points_of, slab, tube
from tests.field.closed_forms import cylinders_in_field

RADIUS, ROOT, FLUID = 0.2, 0.1, 1.7
PLACE = Box((-14, -12, -8), (29, 25, 17), 0.08)
"""Of a patch round a thread along z."""


def across(points: FloatArray) -> FloatArray:
    return np.asarray(points[..., 0])


def along(points: FloatArray) -> FloatArray:
    return np.asarray(points[..., 2])


def boxed(value: Callable[[FloatArray], FloatArray], contacts: int = 1) -> LeadField:
    """Return a field in one box, whose cells of 0.4 mm know of no thread."""
    box = cube(3.2, 0.4)
    one = value(points_of(box)).astype(np.float32 if np.isrealobj(value(np.zeros((1, 3)))) else np.complex64)
    values = np.stack([(n + 1) * one for n in range(contacts)])
    names = tuple(f"C{n + 1}" for n in range(contacts))
    return LeadField("test", names, (box,), (values,), (np.full(box.halves, 7, np.uint8),), {4: "L1_R", 7: "CSF"},
                     np.eye(contacts))  # fmt: skip


def thread(*contacts: Electrode, inside: float = ROOT) -> Problem:
    parts = {"L1_R": tube("L1_R", RADIUS)}
    return Problem(medium(parts, {"L1_R": conductivity(inside), "CSF": conductivity(FLUID)}, "CSF"), contacts, None)


@cache
def mended() -> LeadField:
    return with_patches(boxed(across, 2), thread(), [PLACE])


INSIDE = np.random.default_rng(1).uniform(-0.1, 0.1, (200, 3))


def test_in_a_thread_that_the_boxes_leave_out_the_potential_is_that_of_the_closed_form() -> None:
    true = cylinders_in_field(INSIDE, [RADIUS], [ROOT, FLUID])
    missed = np.linalg.norm(potential(boxed(across), INSIDE)[0] - true) / np.linalg.norm(true)
    left = np.linalg.norm(potential(mended(), INSIDE, within="L1_R")[0] - true) / np.linalg.norm(true)
    assert missed > 0.4
    assert left < 0.06  # of which 0.03 are the thread's own field at the faces, which the boxes have not


def test_slopes_and_tissues_are_the_patch_s_too() -> None:
    middle = np.zeros((1, 3))
    assert gradient(mended(), middle, within="L1_R")[0, 0, 0] == pytest.approx(2 * FLUID / (FLUID + ROOT), rel=0.06)
    assert tissue_at(mended(), middle) == 4
    assert tissue_at(mended(), np.array([[2.5, 2.5, 2.5]])) == 7


def test_every_contact_is_solved_for() -> None:
    one, two = potential(mended(), INSIDE)
    np.testing.assert_allclose(two, 2 * one, rtol=1e-5, atol=1e-6)
    assert np.moveaxis(mended().patches[0].potential, 0, 3).flags.c_contiguous


@pytest.mark.parametrize("lanes", [1, 2])
def test_contacts_in_several_passes_give_the_same(monkeypatch: pytest.MonkeyPatch, lanes: int) -> None:
    monkeypatch.setattr(patches, "LANES", lanes)
    again = with_patches(boxed(across, 3), thread(), [PLACE])
    for n, values in enumerate(again.patches[0].potential):
        np.testing.assert_allclose(values, (n + 1) * mended().patches[0].potential[0], atol=2e-6)


def test_what_is_right_stays() -> None:
    field = with_patches(boxed(along), thread(), [PLACE])
    np.testing.assert_allclose(field.patches[0].potential[0], along(points_of(PLACE)), atol=2e-6)


def test_nodes_on_faces_and_beside_contacts_keep_their_potential() -> None:
    triangle = np.array([[[0.9, 0.0, -0.1], [0.9, 0.1, 0.1], [0.9, -0.1, 0.1]]])
    field = with_patches(boxed(across), thread(Electrode("C1", triangle)), [PLACE])
    found, points = field.patches[0].potential[0], points_of(PLACE)
    kept = np.ones(PLACE.nodes, dtype=bool)
    kept[1:-1, 1:-1, 1:-1] = False
    kept |= (points[..., 0] > 0.1) & (np.abs(points[..., 1]) < 0.9)
    np.testing.assert_allclose(found[kept], across(points)[kept], atol=2e-6)
    assert np.abs(found - across(points))[~kept].max() > 0.05


FAT, DURA, THICK = 0.04, 0.03, 0.3
"""S/m; S/m and mm of a layer between fat and fluid."""


@pytest.mark.parametrize(
    ("spacing", "normal", "at"),
    [(0.28, (-0.22, -0.1, -0.97), -0.27), (0.28, (0.01, 0.94, 0.33), -0.15), (0.28, (0.02, 1.0, 0.1), -0.17),
     (0.4, (-0.25, 0.97, 0.07), 0.01), (0.4, (0.83, 0.55, 0.09), -0.16)],
)  # fmt: skip
def test_where_a_face_cuts_a_layer_of_a_poor_conductor_no_current_leaks_through(
    spacing: float, normal: tuple[float, float, float], at: float
) -> None:
    """With what boxes have there, 0.04 to 0.07 of what falls across the layer are found beside it; now 0.014."""

    def beyond(points: FloatArray) -> FloatArray:
        return points @ (np.array(normal) / np.linalg.norm(normal)) - at

    def across_layer(points: FloatArray) -> FloatArray:
        s = beyond(points)
        in_fat = 1 - (s + THICK) * DURA / FAT / THICK
        return np.where(s > 0, -s * DURA / FLUID / THICK, np.where(s > -THICK, -s / THICK, in_fat))

    box, place = cube(8 * spacing, spacing), cube(1.0, 0.1)
    s = beyond(points_of(Box(tuple(2 * n for n in box.first), box.halves, spacing / 2)))
    labels = np.where(s > 0, 2, np.where(s > -THICK, 1, 3)).astype(np.uint8)
    names = {1: "DuraShell", 2: "CSF", 3: "Fat"}
    field = LeadField("test", ("C1",), (box,), (across_layer(points_of(box)).astype(np.float32)[None],), (labels,),
                      names, np.eye(1))  # fmt: skip
    parts = {"DuraShell": slab("DuraShell", normal, at - THICK, at), "CSF": slab("CSF", normal, at, at + 50)}
    sigma = {name: conductivity(value) for name, value in (("DuraShell", DURA), ("CSF", FLUID), ("Fat", FAT))}
    found = with_patches(field, Problem(medium(parts, sigma, "Fat"), (), None), [place]).patches[0].potential[0]
    in_fluid = beyond(points_of(place))[1:-1, 1:-1, 1:-1] > 0
    wrong = (found - across_layer(points_of(place)))[1:-1, 1:-1, 1:-1][in_fluid]
    assert np.abs(wrong).max() < 0.02


def test_outside_and_at_its_faces_a_patch_has_no_say() -> None:
    points = np.array([[2.0, 0.1, 0.2], [0.0, 0.0, 0.63], [1.1, 0.2, 0.0]])
    np.testing.assert_array_equal(potential(mended(), points), potential(boxed(across, 2), points))


def test_between_patch_and_box_there_is_no_step() -> None:
    x = np.linspace(0.3, 1.3, 201)
    values = potential(mended(), np.stack([x, 0 * x, 0 * x], axis=1))[0]
    assert np.abs(np.diff(values, 2)).max() < 1.5e-3


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_patches_the_one_in_which_a_point_lies_deeper_counts_more(order: int) -> None:
    below, above = (Box((-10, -10, first), (21, 21, 31), 0.1) for first in (-22, -8))
    both = tuple(
        Patch(box, np.full((1, *box.nodes), value, np.float32), np.full(box.halves, 7, np.uint8))
        for box, value in ((below, 1.0), (above, 2.0))
    )
    z = np.linspace(-1.6, 1.6, 33)
    values = potential(replace(boxed(across), patches=both[::order]), np.stack([0 * z, 0 * z, z], axis=1))[0]
    assert (np.diff(values) >= -1e-6).all()
    np.testing.assert_allclose(values + values[::-1], 3.0, atol=1e-5)
    assert (values[0], values[-1]) == pytest.approx((1.0, 2.0))


def test_complex_conductivities() -> None:
    field = with_patches(boxed(lambda x: (1 + 2j) * across(x)), thread(inside=ROOT), [PLACE])
    assert field.patches[0].potential.dtype == np.complex64
    np.testing.assert_allclose(field.patches[0].potential[0], (1 + 2j) * mended().patches[0].potential[0], atol=1e-5)


def test_the_same_bits_whatever_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(5) as pool:
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        monkeypatch.setattr(_threads, "CORES", 5)
        again = with_patches(boxed(across, 2), thread(), [PLACE])
    np.testing.assert_array_equal(again.patches[0].potential, mended().patches[0].potential)


def test_not_converged_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conjugate_gradients, "MOST_STEPS", 1)
    with pytest.raises(ConvergenceError):
        with_patches(boxed(across), thread(), [PLACE])


def test_a_residual_of_what_the_boxes_leave_is_enough() -> None:
    exact = with_patches(boxed(across, 2), thread(), [PLACE], tolerance=1e-8)
    change = exact.patches[0].potential - across(points_of(PLACE)) * np.array([1, 2])[:, None, None, None]
    left = mended().patches[0].potential - exact.patches[0].potential
    assert np.linalg.norm(left) < 0.01 * np.linalg.norm(change)


def test_several_patches_are_the_same_as_each_by_itself_and_are_counted() -> None:
    told: list[tuple[int, float]] = []
    places = [replace(PLACE, first=(-14, -12, first)) for first in (-10, -8, -6)]
    field = with_patches(boxed(across), thread(), places, progress=lambda done, left: told.append((done, left)))
    assert [one.box for one in field.patches] == places
    assert sorted(done for done, _ in told) == [1, 2, 3]
    assert max(left for _, left in told) <= patches.TOLERANCE
    for n, place in enumerate(places):
        alone = with_patches(boxed(across), thread(), [place]).patches[0].potential
        np.testing.assert_array_equal(field.patches[n].potential, alone)


def test_smaller_patches_take_what_is_given_on_their_faces_from_larger_ones() -> None:
    small = Box((-12, -10, -8), (25, 21, 17), 0.04)
    field = with_patches(boxed(across), thread(), [small, PLACE])
    assert [patch.box for patch in field.patches] == [small, PLACE]
    face = points_of(small)[0].reshape(-1, 3)
    given = potential(replace(field, patches=field.patches[1:]), face)[0]
    np.testing.assert_allclose(field.patches[0].potential[0, 0].ravel(), given, atol=2e-6)
    assert np.abs(given - across(face)).max() > 0.02


def test_memory_is_the_field_s_and_that_of_patches_done_and_at_work() -> None:
    boxes, one = [cube(3.2, 0.4)], patches_memory_bytes([], [PLACE], 2)
    held = (4 * 2 + 8) * np.prod(PLACE.nodes)
    assert patches_memory_bytes([], [PLACE] * 9, 2) == pytest.approx(2 * one + 7 * held, rel=1e-6)
    assert patches_memory_bytes(boxes, [PLACE], 2) == pytest.approx(one + 16 * np.prod(boxes[0].nodes), rel=1e-6)
    assert patches_memory_bytes(boxes, [PLACE], 2, complex_values=True) > patches_memory_bytes(boxes, [PLACE], 2)


class TestWithPatches:
    """What is made of a field holds its patches."""

    def test_sums(self) -> None:
        made = superpose(mended(), Montage({"C1": -1.0, "C2": 2.0}))
        np.testing.assert_allclose(potential(made, INSIDE)[0], [-1, 2] @ potential(mended(), INSIDE), atol=1e-6)
        assert len(made.patches) == 1

    def test_files(self, tmp_path: Path) -> None:
        write_lead_field(mended(), tmp_path / "a.h5")
        back = read_lead_field(tmp_path / "a.h5")
        assert [one.box for one in back.patches] == [PLACE]
        np.testing.assert_array_equal(potential(back, INSIDE), potential(mended(), INSIDE))
        np.testing.assert_array_equal(tissue_at(back, INSIDE), tissue_at(mended(), INSIDE))

    def test_parts(self) -> None:
        part = crop(mended(), (-0.1, -0.1, -0.1), (0.1, 0.1, 0.1))
        assert part.patches[0].potential.size < mended().patches[0].potential.size
        np.testing.assert_allclose(potential(part, INSIDE), potential(mended(), INSIDE), rtol=1e-6)
        assert crop(mended(), (2, 2, 2), (3, 3, 3)).patches == ()

    def test_more_come_after(self) -> None:
        more = with_patches(mended(), thread(), [replace(PLACE, first=(-14, -12, -6))])
        assert [one.box.first for one in more.patches] == [(-14, -12, -8), (-14, -12, -6)]
        one, two = (part.potential for part in more.patches)
        np.testing.assert_allclose(two[..., 7:8], one[..., 9:10], atol=5e-3)
