"""A lead field on points: which points a volume has, and that values there are the solver's, or between its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.field.montage import Montage, combined
from spinemodel.field.sampling import potential
from spinemodel.io.field_exports import every_contact
from spinemodel.io.field_points import lattice, on_points, sampled
from spinemodel.volume.grid import Grid, to_mm
from tests.io.made_fields import patched, point_field

SOURCES = {"C1": (0.0, 0.0, 0.0), "C2": (1.0, 0.0, 2.0)}
FIELD = point_field(SOURCES)
PATCHED = patched(FIELD, SOURCES, (-3, 1, 0), (3, 3.4, 3.4))
DEEP = ((-2, 1.8, 1.2), (2, 2.6, 2.6))
"""A box deep in the patch."""
BIPOLE = Montage({"C1": -1.0, "C2": 1.0})


def nodes(grid: Grid) -> np.ndarray:
    return to_mm(grid, np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3).astype(float))


class TestLattice:
    def test_is_the_nodes_of_the_finest_box(self) -> None:
        grid, finest = lattice(FIELD), FIELD.boxes[0]
        assert grid.shape == finest.nodes
        np.testing.assert_allclose(grid.affine[:3, 3], finest.low)
        np.testing.assert_allclose(np.diag(grid.affine)[:3], 0.5)

    def test_is_the_box_of_the_cells_asked_for_where_the_field_tells(self) -> None:
        for wanted, number in ((0.5, 0), (1.0, 1), (0.2, 0)):
            grid = lattice(replace(FIELD, about={"settings": {"spacing_mm": wanted}}))
            assert grid.shape == FIELD.boxes[number].nodes
            np.testing.assert_allclose(np.diag(grid.affine)[:3], FIELD.boxes[number].spacing_mm)

    def test_as_many_points_as_several_volumes_may_have(self) -> None:
        lattice(FIELD, ((0, 0, 0), (20, 20, 20)), 0.05)
        with pytest.raises(InputError, match=r"16 volumes of 401 x 401 x 401 points .* a spacing of 0.079 mm"):
            lattice(FIELD, ((0, 0, 0), (20, 20, 20)), 0.05, 16)

    def test_of_a_box_and_a_spacing(self) -> None:
        grid = lattice(FIELD, ((-1.1, 0, 0), (2, 1, 3)), 0.4)
        points = nodes(grid)
        np.testing.assert_allclose(points.min(axis=0), [-0.8, 0, 0], atol=1e-12)
        np.testing.assert_allclose(points.max(axis=0), [2.0, 0.8, 2.8])

    @pytest.mark.parametrize(
        ("region", "spacing", "said"),
        [
            (((0, 0, 0), (1, 0, 1)), 0.5, "expected a box at a spacing above 1e-06 mm"),
            (None, 0.0, "expected a box at a spacing above 1e-06 mm"),
            (None, float("nan"), "expected a box at a spacing above 1e-06 mm"),
            (((0, 0, 0), (20, 20, 20)), 0.01, r"are 8e\+09 numbers, and one .* a spacing of 0.032 mm would fit"),
            (((0, 0, 0), (20, 20, 20)), 1e-320, "expected a box at a spacing above 1e-06 mm"),
            (((5000, 0, 0), (5001, 1, 1)), 0.5, "the box 5000 to 5001, 0 to 1, 0 to 1 mm is not all in the field"),
            (((0, 0, -25), (1, 1, 1)), 0.5, "is not all in the field"),
            (((0, 0, 0), (1, 30, 1)), 0.5, "is not all in the field"),
        ],
    )
    def test_refused(self, region: object, spacing: float, said: str) -> None:
        with pytest.raises(InputError, match=said):
            lattice(FIELD, region, spacing)  # type: ignore[arg-type]


class TestSampled:
    def test_on_nodes_it_is_the_solvers_own(self) -> None:
        grid = lattice(FIELD, ((-2, -1, 0), (2, 1, 3)))
        found = sampled(FIELD, grid, every_contact(FIELD))
        i, j, k = np.rint((nodes(grid) - FIELD.boxes[0].low) / 0.5).astype(int).T
        expected = FIELD.potential[0][:, i, j, k].reshape(2, *grid.shape)
        np.testing.assert_array_equal(found, expected)

    def test_elsewhere_it_is_sampled(self) -> None:
        grid = lattice(FIELD, ((5, 5, 5), (7, 7, 8)), 0.7)
        found = sampled(FIELD, grid, {"sum": BIPOLE})
        each = potential(FIELD, nodes(grid))
        np.testing.assert_allclose(found[0].ravel(), each[1] - each[0], rtol=1e-3)

    def test_slabs_make_no_difference(self, monkeypatch: pytest.MonkeyPatch) -> None:
        grid = lattice(FIELD, ((-6, -1, 0), (6, 1, 2)), 0.8)
        whole = sampled(FIELD, grid, every_contact(FIELD))
        monkeypatch.setattr("spinemodel.io.field_points.SLAB", 1)
        np.testing.assert_allclose(sampled(FIELD, grid, every_contact(FIELD)), whole, rtol=1e-6)

    @pytest.mark.parametrize("spacing", [0.8, 0.5])
    def test_how_many_points_are_done_is_told(self, spacing: float, monkeypatch: pytest.MonkeyPatch) -> None:
        """Plane by plane; on nodes, of which only those in patches are sampled, one by one after the others."""
        grid = lattice(PATCHED, ((-4, -1, 0), (4, 2, 2)), spacing)
        planes, rows, columns = grid.shape
        on_nodes = spacing == PATCHED.boxes[0].spacing_mm
        first = planes * rows * columns - 13 * 3 * 5 + 1 if on_nodes else rows * columns
        told: list[tuple[int, int]] = []
        monkeypatch.setattr("spinemodel.io.field_points.SLAB", 1)
        sampled(PATCHED, grid, {"sum": BIPOLE}, lambda done, of: told.append((done, of)))
        done = range(first, planes * rows * columns + 1, 1 if on_nodes else first)
        assert told == [(number, planes * rows * columns) for number in done]

    def test_beyond_the_field_there_is_none(self) -> None:
        points = np.array([[0, 0, 3.0], [500, 0, 0]])
        found = on_points(FIELD, points, [BIPOLE, Montage({"C1": 2.0})])
        assert np.isfinite(found[:, 0]).all()
        assert np.isnan(found[:, 1]).all()
        assert np.isnan(on_points(FIELD, points[1:], [BIPOLE])).all()

    def test_contacts_that_are_not_there(self) -> None:
        with pytest.raises(InputError, match="no contact C9; expected some of C1, C2"):
            on_points(FIELD, np.zeros((1, 3)), [Montage({"C9": 1.0})])

    def test_of_another_space(self) -> None:
        with pytest.raises(SpaceMismatchError):
            sampled(FIELD, Grid((2, 2, 2), np.eye(4), "elsewhere"), every_contact(FIELD))

    def test_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("spinemodel.io.export_room.MOST_VALUES", 5000)
        with pytest.raises(InputError, match=r"2 volumes of 17 x 17 x 17 points are 9.8e\+03 numbers, and one file"):
            sampled(FIELD, lattice(FIELD), every_contact(FIELD))


class TestPatches:
    @pytest.mark.parametrize("spacing", [0.5, 1.0, 0.4])
    @pytest.mark.parametrize("wanted", [every_contact(FIELD), {"bipole": BIPOLE}])
    def test_what_they_hold_is_sampled(self, spacing: float, wanted: dict[str, Montage]) -> None:
        grid = lattice(PATCHED, DEEP, spacing)
        found = sampled(PATCHED, grid, wanted).reshape(len(wanted), -1)
        expected = [combined(potential(PATCHED, nodes(grid)), one, PATCHED.contacts) for one in wanted.values()]
        boxes = sampled(FIELD, grid, wanted).reshape(len(wanted), -1)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(found, 2 * boxes, atol=0.06 * np.abs(found).max())

    def test_outside_of_them_values_are_the_solvers_own(self) -> None:
        grid = lattice(PATCHED)
        found, boxes = (sampled(one, grid, every_contact(FIELD)) for one in (PATCHED, FIELD))
        low, high = PATCHED.patches[0].box.low, PATCHED.patches[0].box.high
        inside = ((nodes(grid) >= low) & (nodes(grid) <= high)).all(axis=1).reshape(grid.shape)
        np.testing.assert_array_equal(found[:, ~inside], boxes[:, ~inside])
        assert (found[:, inside] > 1.2 * boxes[:, inside]).mean() > 0.2

    def test_slabs_make_no_difference(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = sampled(PATCHED, lattice(PATCHED), every_contact(FIELD))
        monkeypatch.setattr("spinemodel.io.field_points.SLAB", 100)
        np.testing.assert_allclose(sampled(PATCHED, lattice(PATCHED), every_contact(FIELD)), whole, rtol=1e-6)
