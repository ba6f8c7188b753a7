"""Plain mesh formats, read back through readers that are not ours."""

import json
from dataclasses import replace
from pathlib import Path

import meshio
import nibabel
import numpy as np
import pytest
import pyvista as pv
import trimesh

from spinemodel.anatomy.surface import Surface, volume
from spinemodel.io.exports.contents import Contents, part_colour
from spinemodel.io.exports.folder import write_export
from spinemodel.io.exports.formats import find_format
from spinemodel.io.exports.meshes import pieces
from spinemodel.io.surfaces import read_surface
from spinemodel.io.whole_model import WholeModel, read_model
from tests.io.exports.toy_contents import SPACE, full_contents, toy_contents, toy_lead, whole_folder

SUFFIXES = {"vtk": "vtp", "gifti": "surf.gii", "stl": "stl", "obj": "obj", "ply": "ply", "glb": "glb"}

LPS = np.array([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> WholeModel:
    return read_model(whole_folder(tmp_path_factory.mktemp("models") / "sub-toy"))


@pytest.fixture(scope="module")
def contents(model) -> Contents:
    return full_contents(model)


@pytest.fixture(scope="module")
def written(contents, tmp_path_factory) -> Path:
    """A folder with an export in every format, in LPS."""
    out = tmp_path_factory.mktemp("out")
    for name in SUFFIXES:
        write_export(contents, find_format(name), out / name)
    return out


def paths(contents: Contents, folder: Path, suffix: str) -> dict[tuple[str, str], Path]:
    """Files of the parts, by kind and name."""
    return {(one.kind, one.name): folder / one.path("sub-toy", suffix) for one in pieces(contents)}


def surfaces(contents: Contents) -> dict[tuple[str, str], Surface]:
    return {(one.kind, one.name): one.surface for one in pieces(contents)}


def same_triangles(vertices: np.ndarray, faces: np.ndarray, surface: Surface, tolerance: float) -> None:
    """Triangles are those of a surface, corner by corner."""
    assert np.abs(np.asarray(vertices)[faces] - surface.vertices[surface.faces]).max() < tolerance


def test_every_structure_tissue_and_part_of_the_lead_is_written(contents, written) -> None:
    expected = {("structure", name) for name in ("Dura", "Cord")}
    expected |= {("tissue", name) for name in ("White", "CSF", "Bulk")}
    expected |= {("lead", name) for name in ("Backing", "C1", "C2")}
    assert set(surfaces(contents)) == expected
    for name, suffix in SUFFIXES.items():
        assert all(path.exists() for path in paths(contents, written / name, suffix).values())


@pytest.mark.parametrize(("name", "suffix"), SUFFIXES.items())
def test_our_own_reader_gives_the_same_surfaces(contents, written, name, suffix) -> None:
    for key, path in paths(contents, written / name, suffix).items():
        back = read_surface(path, SPACE)
        assert volume(back) == pytest.approx(volume(surfaces(contents)[key]), rel=1e-5)
        assert np.abs(back.vertices.mean(axis=0) - surfaces(contents)[key].vertices.mean(axis=0)).max() < 1e-5


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
def test_meshio_and_trimesh_read_the_same_triangles(contents, written, suffix) -> None:
    for key, path in paths(contents, written / suffix, suffix).items():
        mesh = meshio.read(path)
        same_triangles(mesh.points * LPS, mesh.cells_dict["triangle"], surfaces(contents)[key], 1e-5)
        other = trimesh.load_mesh(path, process=False)
        same_triangles(other.vertices * LPS, other.faces, surfaces(contents)[key], 1e-5)


def test_neighbouring_tissues_share_their_interface_to_the_bit(contents, written) -> None:
    for name, suffix in SUFFIXES.items():
        files = paths(contents, written / name, suffix)
        places = {k: set(map(tuple, read_surface(files[k], SPACE).vertices.tolist())) for k in files}
        white, csf, bulk, backing = (
            places[key] for key in (("tissue", "White"), ("tissue", "CSF"), ("tissue", "Bulk"), ("lead", "Backing"))
        )
        assert white < csf
        assert len(csf & bulk) == len(csf - white)
        assert backing - places["lead", "C1"] - places["lead", "C2"] <= bulk


def test_colours_of_ply_and_glb_are_the_parts_own(contents, written) -> None:
    for (kind, name), path in paths(contents, written / "ply", "ply").items():
        colour = np.round(255 * np.array(part_colour(name)))
        found = pv.read(path).point_data["RGB"]
        assert (found == colour).all(), kind
    for (_, name), path in paths(contents, written / "glb", "glb").items():
        linear = np.array(trimesh.load_mesh(path).visual.material.baseColorFactor[:3]) / 255
        srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        assert srgb == pytest.approx(part_colour(name), abs=0.02)


def test_one_glb_holds_all_parts_by_name_in_metres(contents, written) -> None:
    content = (written / "glb" / "sub-toy.glb").read_bytes()
    assert int.from_bytes(content[8:12], "little") == len(content)
    length = int.from_bytes(content[12:16], "little")
    document = json.loads(content[20 : 20 + length])
    assert [node["name"] for node in document["nodes"]] == [one.name for one in pieces(contents)]
    scene = trimesh.load(written / "glb" / "sub-toy.glb", process=False)
    assert len(scene.geometry) == len(pieces(contents))
    total = sum(abs(mesh.volume) for mesh in scene.geometry.values()) * 1e9
    assert total == pytest.approx(sum(volume(one.surface) for one in pieces(contents)), rel=1e-5)
    for one, material in zip(pieces(contents), document["materials"], strict=True):
        assert material["name"] == one.name
    csf = scene.geometry["CSF"]
    x, y, z = csf.vertices.T * 1000
    same_triangles(np.stack([x, -z, y], axis=1) * LPS, csf.faces, surfaces(contents)["tissue", "CSF"], 1e-5)


def test_obj_materials_are_found_by_trimesh(contents, written) -> None:
    for (_, name), path in paths(contents, written / "obj", "obj").items():
        mesh = trimesh.load_mesh(path)
        assert mesh.visual.material.name == name
        assert mesh.visual.material.diffuse[:3] == pytest.approx(np.round(255 * np.array(part_colour(name))), abs=1)


def test_vtk_reads_every_block_by_its_name_and_what_it_is(contents, written) -> None:
    blocks = pv.read(written / "vtk" / "sub-toy.vtm")
    assert blocks.keys() == ["structures", "tissues", "lead"]
    for (kind, name), surface in surfaces(contents).items():
        mesh = blocks[{"structure": "structures", "tissue": "tissues"}.get(kind, "lead")][name]
        assert np.array_equal(mesh.points * LPS, surface.vertices)
        assert np.array_equal(mesh.regular_faces, surface.faces)
        said = {key: mesh.field_data[key][0] for key in ("SPACE", "space", "unit", "kind", "name")}
        assert said == {"SPACE": "LPS", "space": SPACE, "unit": "mm", "kind": kind, "name": name}
        assert mesh.field_data["colour"].ravel().tolist() == list(part_colour(name))
        assert set(mesh.cell_data["label"]) == {mesh.field_data["label"][0]}
        assert mesh.cell_data["RGB"].shape == (len(surface.faces), 3)


def test_the_conforming_mesh_bounds_every_part_with_its_own_volume(contents, written) -> None:
    mesh = pv.read(written / "vtk" / "sub-toy_partition.vtp")
    names = dict(str(row).split(" ", 1) for row in mesh.field_data["labels"])
    assert set(names.values()) == set(contents.parts)
    a, b, c = np.moveaxis((mesh.points * LPS)[mesh.regular_faces], 1, 0)
    under = np.einsum("ij,ij->i", np.cross(a, b), c) / 6
    for label, name in names.items():
        inner, outer = (mesh.cell_data[side] == int(label) for side in ("inner", "outer"))
        assert under[inner].sum() - under[outer].sum() == pytest.approx(volume(contents.parts[name]), rel=1e-9)


def test_nibabel_reads_gifti_with_names_labels_and_colours(contents, written) -> None:
    for one in pieces(contents):
        image = nibabel.load(written / "gifti" / one.path("sub-toy", "surf.gii"))
        points, triangles = image.agg_data()
        same_triangles(points, triangles, one.surface, 1e-5)
        assert image.meta["Name"] == one.name
        assert image.meta["SPACE"] == "RAS"
        assert image.darrays[0].meta["AnatomicalStructurePrimary"] == one.name
        assert image.labeltable.get_labels_as_dict() == {one.label: one.name}
        assert image.labeltable.labels[0].rgba == (*one.colour, 1.0)


@pytest.mark.parametrize("frame", ["LPS", "RAS"])
def test_files_state_the_frame_that_was_asked_for(model, tmp_path, frame) -> None:
    out = tmp_path / frame
    files = write_export(full_contents(model, frame=frame), find_format("stl"), out).files
    assert {file.frame for file in files if file.path.suffix == ".stl"} == {frame}
    header = (out / "structures" / "sub-toy_Dura.stl").read_bytes()[:80]
    assert f"SPACE={frame}".encode() in header
    corners = meshio.read(out / "tissues" / "sub-toy_White.stl").points
    assert corners.min(axis=0).tolist() == ([2, 2, 2] if frame == "RAS" else [-5, -5, 2])


def test_the_table_of_parts_names_every_file(contents, written) -> None:
    lines = (written / "stl" / "sub-toy_parts.tsv").read_text().splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    assert {row["file"] for row in rows} == {one.path("sub-toy", "stl").as_posix() for one in pieces(contents)}
    (contact,) = (row for row in rows if row["name"] == "C2")
    assert (contact["kind"], contact["label"], contact["colour"]) == ("lead", "102", "#f58230")


def test_a_model_without_tissues_writes_structures_and_the_lead(model, tmp_path) -> None:
    bare = replace(model, partition=None, record={k: v for k, v in model.record.items() if k != "tissues"})
    write_export(toy_contents(bare, lead=toy_lead()), find_format("vtk"), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["lead", "structures"]
    assert not (tmp_path / "out" / "sub-toy_partition.vtp").exists()
    assert pv.read(tmp_path / "out" / "sub-toy.vtm").keys() == ["structures", "lead"]
