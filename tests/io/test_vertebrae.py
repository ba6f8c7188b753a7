"""Folders of vertebra meshes."""

import pytest

from spinemodel import write_surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.vertebrae import read_vertebrae
from tests.shapes import box, sphere


def test_vertebrae_are_named_by_their_files_and_read_in_their_frame(tmp_path) -> None:
    write_surface(tmp_path / "L1.stl", box((1.0, 2.0, 3.0), 30.0), frame="LPS")
    write_surface(tmp_path / "sub-03_t12.ply", sphere(20.0), frame="RAS")
    write_surface(tmp_path / "Cord.stl", box(), frame="RAS")
    (tmp_path / "L2.txt").write_text("not a mesh")
    found = read_vertebrae(tmp_path, "sub-03/scanner")
    assert sorted(found) == ["L1", "T12"]
    assert found["L1"].space == "sub-03/scanner"
    assert found["L1"].vertices.min(axis=0) == pytest.approx([1.0, 2.0, 3.0])


def test_a_level_twice_is_refused(tmp_path) -> None:
    write_surface(tmp_path / "L1.stl", box(size=30.0))
    write_surface(tmp_path / "a_L1.stl", box(size=30.0))
    with pytest.raises(InputError, match=r"a_L1\.stl: a second mesh of vertebra L1"):
        read_vertebrae(tmp_path, "test")


def test_open_meshes_are_refused(tmp_path) -> None:
    cube = box(size=30.0)
    write_surface(tmp_path / "L1.ply", type(cube)("L1", "test", cube.vertices, cube.faces[1:]))
    with pytest.raises(GeometryError, match=r"L1\.ply: surface L1: not a closed"):
        read_vertebrae(tmp_path, "test")


def test_meshes_turned_inside_out_are_refused(tmp_path) -> None:
    cube = box(size=30.0)
    write_surface(tmp_path / "L1.ply", type(cube)("L1", "test", cube.vertices, cube.faces[:, ::-1]))
    with pytest.raises(GeometryError, match=r"L1\.ply: surface L1: its faces look inwards: it bounds -2\.7e\+04 mm3"):
        read_vertebrae(tmp_path, "test")


def test_meshes_in_metres_are_refused(tmp_path) -> None:
    write_surface(tmp_path / "L1.stl", box(size=0.03))
    with pytest.raises(InputError, match=r"L1\.stl: 0\.03 mm wide, expected 15 to 250 mm; is it in millimetres"):
        read_vertebrae(tmp_path, "test")


def test_folder_without_vertebrae_is_refused(tmp_path) -> None:
    (tmp_path / "Cord.stl").write_text("")
    with pytest.raises(InputError, match=r"no vertebra mesh, but Cord\.stl; expected files such as L1\.stl"):
        read_vertebrae(tmp_path, "test")
    with pytest.raises(InputError, match="missing: no such folder"):
        read_vertebrae(tmp_path / "missing", "test")
