"""Lead fields for other programs: what they read is what was solved, in the place where it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import pyvista as pv

from spinemodel.errors import InputError
from spinemodel.field.montage import Montage
from spinemodel.field.sampling import potential
from spinemodel.io.field_exports import every_contact, write_nifti, write_vti
from spinemodel.io.field_points import lattice
from spinemodel.io.field_scene import scene_field, scene_fields
from tests.io.made_fields import patched, point_field
from tests.shapes import box

SOURCES = {"C1": (0.0, 0.0, 0.0), "C2": (1.0, 0.0, 2.0)}
FIELD = point_field(SOURCES)
PATCHED = patched(FIELD, SOURCES, (-3, 1, 0), (3, 3.4, 3.4))
DEEP = ((-2, 1.8, 1.2), (2, 2.6, 2.6))
"""A box deep in the patch."""
BIPOLE = Montage({"C1": -1.0, "C2": 1.0})


def test_files_hold_what_patches_hold(tmp_path: Path) -> None:
    grid = lattice(PATCHED, DEEP)
    write_vti(tmp_path / "a.vti", PATCHED, grid, {"C2": Montage({"C2": 1.0})})
    write_nifti(tmp_path / "a.nii", PATCHED, grid, {"C2": Montage({"C2": 1.0})})
    image, voxels = pv.read(tmp_path / "a.vti"), nibabel.load(tmp_path / "a.nii")
    expected = potential(PATCHED, np.asarray(image.points, float))[1]
    np.testing.assert_allclose(image.point_data["C2"], expected, rtol=1e-5)
    np.testing.assert_allclose(voxels.get_fdata().ravel(order="F"), expected, rtol=1e-5)


def test_scenes_show_what_patches_hold() -> None:
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

    def test_how_many_structures_are_done_is_told(self) -> None:
        field, told = point_field({"C1": (0, 0, 0), "C2": (1, 0, 2)}, space=SURFACES["Cord"].space), []
        scene_fields(field, SURFACES, every_contact(field), lambda done, of: told.append((done, of)))
        assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def test_outside_the_field_is_refused(self) -> None:
        field = point_field({"C1": (0, 0, 0)}, space=SURFACES["Cord"].space)
        with pytest.raises(InputError, match="no vertex of a structure lies in it"):
            scene_field(field, {"Cord": box((90, 90, 90), 3.0, "Cord")}, "potential", Montage({"C1": 1.0}))
