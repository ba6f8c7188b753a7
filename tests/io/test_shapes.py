"""Whatever a user may give as a shape."""

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.label_table import write_label_table
from spinemodel.io.nifti import write_volume
from spinemodel.io.shapes import known_space, read_parts, states_frame, structure_in
from spinemodel.io.surfaces import write_surface
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from tests.shapes import box
from tests.toys import nested_model, toy_model


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return nested_model(tmp_path_factory.mktemp("models") / "sub-toy")


@pytest.fixture
def mask(tmp_path) -> Path:
    values = np.zeros((4, 4, 4), np.uint16)
    values[1], values[2] = 2, 40
    path = tmp_path / "m_dseg.nii.gz"
    write_volume(path, LabelVolume(Grid((4, 4, 4), np.eye(4), "sub-toy/scanner"), values, {}))
    write_label_table(path.with_name("m_dseg.tsv"), {2: "Cord", 33: "CSF"})
    return path


def test_model_gives_its_structures(model) -> None:
    parts = read_parts(model)
    assert parts.names == ("Dura", "Cord")
    assert parts.space == "sub-toy/scanner" == known_space(model)
    assert {surface.space for surface in parts.surfaces.values()} == {"sub-toy/scanner"}
    assert read_parts(model, ["cord"]).names == ("Cord",)


def test_model_gives_its_tissues_where_asked(model) -> None:
    assert read_parts(model, tissues=True).names == ("White", "CSF", "Bulk")
    assert read_parts(model, ["CSF", "Dura"]).names == ("CSF", "Dura")
    assert read_parts(model, ["CSF", "White"], tissues=True).names == ("CSF", "White")
    bare = toy_model(model.parent / "sub-bare", {"Dura": box(name="Dura")}, None)
    assert read_parts(bare, tissues=True).names == ("Dura",)


def test_mesh_is_called_by_what_its_name_says(tmp_path) -> None:
    path = tmp_path / "sub-toy_L2_R.stl"
    write_surface(path, box())
    parts = read_parts(path, space="here")
    assert (parts.names, parts.space, parts.mask) == (("L2_R",), "here", None)
    assert read_parts(path).space == "sub-toy_L2_R.stl"
    assert structure_in("sub-03_thing") == "sub-03_thing"


def test_mask_gives_its_labels_by_the_table(mask) -> None:
    parts = read_parts(mask)
    assert parts.mask is not None
    assert dict(parts.mask.names) == {2: "Cord", 40: "40"}
    assert parts.space == "sub-toy/scanner", "as the sidecar says"
    for chosen in ("2", "cord"):
        assert read_parts(mask, [chosen]).names == ("Cord",)
    assert read_parts(mask, ["40", "Cord"]).names == ("40", "Cord")


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        (lambda faces: faces[:, ::-1], "its faces look inwards"),
        (lambda faces: np.vstack([faces, faces[:1]]), "1 of its 13 faces stand there twice"),
    ],
)
def test_surfaces_that_look_inwards_or_have_faces_twice_are_refused(faces, said, tmp_path) -> None:
    cube, path = box(name="Dura"), tmp_path / "Dura.ply"
    wrong = Surface("Dura", "test", cube.vertices, faces(cube.faces))
    write_surface(path, wrong)
    with pytest.raises(GeometryError, match=rf"^{path}: surface Dura: {said}"):
        read_parts(path)
    model = toy_model(tmp_path / "sub-toy", {"Dura": wrong, "Cord": box(name="Cord")}, None)
    with pytest.raises(GeometryError, match=rf"^{model}: surface Dura: {said}"):
        read_parts(model)
    assert read_parts(model, ["Cord"]).names == ("Cord",), "the other is not asked for"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [("7", "no label 7; there are 2 Cord, 40"), ("CSF", "no label CSF"), ("Bone", "no label Bone")],
)
def test_label_that_is_not_there(chosen, said, mask) -> None:
    with pytest.raises(InputError, match=said):
        read_parts(mask, [chosen])


def test_label_that_is_there_twice(mask) -> None:
    write_label_table(mask.with_name("m_dseg.tsv"), {2: "Cord", 40: "Cord"})
    with pytest.raises(InputError, match="several labels called Cord; there are 2 Cord, 40 Cord"):
        read_parts(mask, ["Cord"])
    assert read_parts(mask, ["40"]).names == ("Cord",)


def test_labels_of_one_name_are_told_apart(mask) -> None:
    write_label_table(mask.with_name("m_dseg.tsv"), {2: "Cord", 40: "cord"})
    assert read_parts(mask).names == ("Cord (2)", "cord (40)")
    assert read_parts(mask, ["cord (2)"]).mask.names == {2: "Cord"}


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj", "vtp", "gii"])
def test_frames_that_are_stated(suffix, tmp_path) -> None:
    path = tmp_path / f"a.{suffix}"
    write_surface(path, box())
    assert states_frame(path)
    path.write_bytes(path.read_bytes().replace(b"SPACE=LPS", b"SPOCE=LPS"))
    assert states_frame(path) == (suffix in ("vtp", "gii")), "whose frame is no text of that form"


def test_unknown_structure_and_files_that_are_no_shape(model, tmp_path) -> None:
    with pytest.raises(InputError, match="no part Spleen; there are White, CSF, Bulk, Dura, Cord"):
        read_parts(model, ["Spleen"])
    with pytest.raises(InputError, match=r"none\.stl: no such file or folder"):
        read_parts(tmp_path / "none.stl")
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(InputError, match="neither mesh nor mask by its name"):
        read_parts(tmp_path / "x.png")
    with pytest.raises(InputError, match=r"no model\.json"):
        read_parts(tmp_path)
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)), tmp_path / "empty.nii")
    with pytest.raises(InputError, match=r"empty\.nii: every voxel is 0"):
        read_parts(tmp_path / "empty.nii")


def test_changed_model_is_refused(model, tmp_path) -> None:
    spoilt = tmp_path / "sub-toy"
    shutil.copytree(model, spoilt)
    with (spoilt / "surfaces" / "Dura.stl").open("ab") as file:
        file.write(b" ")
    with pytest.raises(InputError, match="changed since the model was built"):
        read_parts(spoilt)
