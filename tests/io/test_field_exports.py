"""Lead fields for other programs: what they read is what was solved, in the place where it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import pyvista as pv

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.field.montage import Montage, combined
from spinemodel.field.sampling import potential
from spinemodel.io.field_exports import (
    every_contact,
    lattice,
    on_points,
    sampled,
    write_nifti,
    write_vti,
)
from spinemodel.io.field_scene import scene_field, scene_fields
from spinemodel.volume.grid import Grid, to_mm
from tests.io.made_fields import patched, point_field
from tests.shapes import box

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

    def test_of_a_box_and_a_spacing(self) -> None:
        grid = lattice(FIELD, ((-1.1, 0, 0), (2, 1, 3)), 0.4)
        points = nodes(grid)
        np.testing.assert_allclose(points.min(axis=0), [-0.8, 0, 0], atol=1e-12)
        np.testing.assert_allclose(points.max(axis=0), [2.0, 0.8, 2.8])

    @pytest.mark.parametrize(
        ("region", "spacing", "said"),
        [
            (((0, 0, 0), (1, 0, 1)), 0.5, "expected a box at a spacing above 0"),
            (None, 0.0, "expected a box at a spacing above 0"),
            (None, float("nan"), "expected a box at a spacing above 0"),
            (((0, 0, 0), (20, 20, 20)), 0.01, "points, expected at most"),
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
        monkeypatch.setattr("spinemodel.io.field_exports.SLAB", 1)
        np.testing.assert_allclose(sampled(FIELD, grid, every_contact(FIELD)), whole, rtol=1e-6)

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
        monkeypatch.setattr("spinemodel.io.field_exports.MOST_VALUES", 5000)
        with pytest.raises(InputError, match="2 volumes of 17 x 17 x 17 points are too many"):
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
        monkeypatch.setattr("spinemodel.io.field_exports.SLAB", 100)
        np.testing.assert_allclose(sampled(PATCHED, lattice(PATCHED), every_contact(FIELD)), whole, rtol=1e-6)

    def test_files_hold_them(self, tmp_path: Path) -> None:
        grid = lattice(PATCHED, DEEP)
        write_vti(tmp_path / "a.vti", PATCHED, grid, {"C2": Montage({"C2": 1.0})})
        write_nifti(tmp_path / "a.nii", PATCHED, grid, {"C2": Montage({"C2": 1.0})})
        image, voxels = pv.read(tmp_path / "a.vti"), nibabel.load(tmp_path / "a.nii")
        expected = potential(PATCHED, np.asarray(image.points, float))[1]
        np.testing.assert_allclose(image.point_data["C2"], expected, rtol=1e-5)
        np.testing.assert_allclose(voxels.get_fdata().ravel(order="F"), expected, rtol=1e-5)

    def test_scenes_show_them(self) -> None:
        space, inner = SURFACES["Cord"].space, box((-1, 2, 1.2), 0.4, "Cord")
        field = replace(PATCHED, space=space)
        (one,) = scene_fields(field, {"Cord": inner}, {"C1": Montage({"C1": 1.0})})
        expected = 2000 / (4 * np.pi * 0.3 * np.linalg.norm(inner.vertices, axis=1))
        np.testing.assert_allclose(one.values["structures", "Cord"], expected, rtol=0.01)


def test_the_share_of_points_without_a_potential_is_told(tmp_path: Path) -> None:
    field = point_field(SOURCES)
    field.potential[0][:, :, :, 8:] = np.nan
    grid = lattice(field, ((-1, -1, -1), (1, 1, 0.5)), 0.5)
    told = [write_vti(tmp_path / "a.vti", field, grid, {"bipole": BIPOLE}),
            write_nifti(tmp_path / "a.nii", field, grid, {"bipole": BIPOLE})]  # fmt: skip
    assert told == [pytest.approx(0.5), pytest.approx(0.5)]


def test_vti_is_read_by_vtk_in_place(tmp_path: Path) -> None:
    path, grid = tmp_path / "field.vti", lattice(FIELD)
    write_vti(path, FIELD, grid, every_contact(FIELD) | {"bipole": BIPOLE})
    image = pv.read(path)
    assert image.point_data.keys() == ["C1", "C2", "bipole"]
    np.testing.assert_allclose(image.point_data["bipole"], image.point_data["C2"] - image.point_data["C1"], atol=1e-4)
    at = np.array(image.points[1234])
    np.testing.assert_allclose(image.point_data["C2"][1234], 1000 / (4 * np.pi * 0.3 * np.linalg.norm(at - [1, 0, 2])))
    assert list(image.field_data["SPACE"]) == ["RAS"]
    assert list(image.field_data["value_unit"]) == ["mV"]


def test_the_same_field_gives_the_same_vti(tmp_path: Path) -> None:
    for name in ("a.vti", "b.vti"):
        write_vti(tmp_path / name, FIELD, lattice(FIELD), {"bipole": BIPOLE})
    assert (tmp_path / "a.vti").read_bytes() == (tmp_path / "b.vti").read_bytes()


def test_vti_by_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends with \.vti"):
        write_vti(tmp_path / "a.vtk", FIELD, lattice(FIELD), {"bipole": BIPOLE})


def test_nifti_of_every_contact_has_four_axes(tmp_path: Path) -> None:
    path, source = tmp_path / "field.nii.gz", tmp_path / "leadfield.h5"
    source.write_bytes(b"x")
    write_nifti(path, FIELD, lattice(FIELD), every_contact(FIELD), sources=[source])
    image = nibabel.load(path)
    assert image.shape == (*FIELD.boxes[0].nodes, 2)
    np.testing.assert_allclose((image.affine @ [3, 4, 5, 1])[:3], FIELD.boxes[0].low + np.array([1.5, 2, 2.5]))
    np.testing.assert_array_equal(image.get_fdata(dtype=np.float32)[..., 1], FIELD.potential[0][1])
    assert image.header.get_xyzt_units()[0] == "mm"
    said = json.loads((tmp_path / "field.json").read_text(encoding="utf-8"))
    assert [row["Name"] for row in said["Volumes"]] == ["C1", "C2"]
    assert (said["ValueUnit"], said["Frame"], said["Space"]) == ("mV", "RAS", FIELD.space)
    assert list(said["SourceSHA256"]) == ["leadfield.h5"]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_nifti_of_one_montage_has_three_axes_and_the_same_bytes(tmp_path: Path, name: str) -> None:
    path, grid = tmp_path / name, lattice(FIELD)
    write_nifti(path, FIELD, grid, {"bipole": BIPOLE})
    first = path.read_bytes()
    write_nifti(path, FIELD, grid, {"bipole": BIPOLE})
    assert path.read_bytes() == first
    assert nibabel.load(path).shape == grid.shape
    said = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert said["Volumes"] == [{"Name": "bipole", "CurrentsMilliampere": {"C1": -1.0, "C2": 1.0}}]


SURFACES = {"Cord": box((2, 2, 2), 3.0, "Cord"), "Dura": box((-3, -3, -3), 6.0, "Dura")}


class TestScene:
    def test_a_contact_has_a_plain_scale(self) -> None:
        field = point_field({"C1": (0, 0, 0)}, space=SURFACES["Cord"].space)
        (one,) = scene_fields(field, SURFACES, every_contact(field))
        assert (one.name, one.unit, one.colour_map, one.limits) == ("potential_C1", "mV", "viridis", None)
        cord = one.values["structures", "Cord"]
        away = np.linalg.norm(SURFACES["Cord"].vertices, axis=1)
        np.testing.assert_allclose(cord, 1000 / (4 * np.pi * 0.3 * away), rtol=0.02)

    def test_both_signs_have_zero_in_the_middle(self) -> None:
        field = point_field({"C1": (0, 0, 0), "C2": (1, 0, 2)}, space=SURFACES["Cord"].space)
        one = scene_field(field, SURFACES, "potential", BIPOLE)
        assert one.colour_map == "blue-white-red"
        assert one.limits is not None
        assert one.limits[0] == -one.limits[1]
        assert one.limits[1] == max(np.abs(values).max() for values in one.values.values())

    def test_outside_the_field_is_refused(self) -> None:
        field = point_field({"C1": (0, 0, 0)}, space=SURFACES["Cord"].space)
        with pytest.raises(InputError, match="no vertex of a structure lies in it"):
            scene_field(field, {"Cord": box((90, 90, 90), 3.0, "Cord")}, "potential", Montage({"C1": 1.0}))
