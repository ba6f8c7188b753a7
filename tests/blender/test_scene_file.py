"""Scenes as files, without Blender: what is written is read, and what is spoilt is refused in one line."""

from __future__ import annotations

import doctest
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import numpy as np
import package
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spine_model import colour_maps, looks, names
from spine_model.contents import triangles_of, values_of
from spine_model.mesh_files import MeshFileError, Triangles, open_edges, parse_mesh, ply_bytes
from spine_model.records import SceneError
from spine_model.scene_file import read_scene

from spinemodel import __version__
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.exports import blender
from spinemodel.io.exports.blend_file import VARIABLE, blender_python, blender_scripts, run_script, write_blend
from spinemodel.io.exports.blender_fields import COLOUR_MAPS, distance_field
from spinemodel.io.exports.contents import part_colour
from spinemodel.io.exports.folder import write_export
from spinemodel.io.files import sha256
from spinemodel.io.mesh_writers import WRITERS, MeshFile
from spinemodel.io.surfaces import read_surface, write_surface
from spinemodel.levels import LEVELS, STRUCTURES, TISSUES
from tests.blender.conftest import SCRIPTS
from tests.blender.toy_scene import AT, SPACE, toy_contents, toy_extras
from tests.shapes import box, sphere

PURE = ("colour_maps", "contents", "looks", "mesh_files", "model_folder", "names", "records", "scene_file")


@pytest.mark.parametrize("name", PURE)
def test_the_examples_of_modules_without_blender_run(name):
    found = doctest.testmod(import_module(f"spine_model.{name}"))
    assert found.failed == 0


def test_the_scripts_never_import_this_package():
    for path in SCRIPTS.rglob("*.py"):
        assert "import spinemodel" not in path.read_text(), path
        assert "from spinemodel" not in path.read_text(), path


def test_both_halves_know_the_same_names_and_looks():
    assert looks.LEVELS == LEVELS
    assert looks.OPACITY == blender.OPACITY
    assert tuple(colour_maps.COLOUR_MAPS) == COLOUR_MAPS
    for group, table in (("structures", STRUCTURES), ("tissues", TISSUES)):
        for name in table:
            look = looks.look_of(name, group)
            assert look is not None, name
            assert look.opacity == blender.OPACITY.get(name, 1.0)
            assert look.shown == (group == "structures" or name in blender.SHOWN_TISSUES), name
    assert [looks.look_of(name, "structures") for name in ("Bone", "L1_L_rootlets", "L6_L", "cord")] == [None] * 4


def test_a_scene_comes_back(scene, structures, parts):
    found = read_scene(scene)
    assert (found.subject, found.space) == ("sub-toy", SPACE)
    by_name = {(mesh.group, mesh.name): mesh for mesh in found.every_mesh}
    assert {name for _, name in by_name} == {*structures, *parts}
    for (group, name), mesh in by_name.items():
        surface = structures[name] if group == "structures" else parts[name]
        triangles = triangles_of(mesh)
        assert np.abs(triangles.vertices - surface.vertices).max() < 1e-4
        np.testing.assert_array_equal(triangles.faces, surface.faces)
        assert mesh.colour == part_colour(name)
    root = by_name["structures", "L1_L"]
    assert (root.kind, root.level, root.side, root.opacity) == ("root", "L1", "L", 1.0)
    assert by_name["leads", "Backing"].kind == "backing"
    assert [contact.name for contact in found.leads[0].contacts] == ["C1", "C2", "C3"]
    np.testing.assert_allclose(found.leads[0].contacts[0].middle, AT + np.array([0, -4.15, -1]))
    np.testing.assert_allclose(found.leads[0].contacts[0].normal, [0, 1, 0], atol=1e-12)


def test_a_model_folder_is_read_as_our_own_reader_does(model):
    found = read_scene(model)
    assert found.model_sha256 == sha256((model / "model.json").read_bytes())
    for mesh in found.meshes:
        ours, theirs = read_surface(mesh.file.path, SPACE), triangles_of(mesh)
        np.testing.assert_array_equal(theirs.vertices, ours.vertices)
        np.testing.assert_array_equal(theirs.faces, ours.faces)
    assert {marker.name for marker in found.markers} == {"entry L1_L", "ganglion L1_L", "segment L1", "vertebra L1"}


def test_fields_come_back(scene, structures):
    potential, displacement = read_scene(scene).fields
    cord = structures["Cord"].vertices
    values = values_of(potential.on["structures", "Cord"], len(cord))
    np.testing.assert_allclose(values, cord[:, 2] - AT[2] + 5)
    assert (potential.unit, potential.range, displacement.range) == ("mV", None, (-2.0, 2.0))
    with pytest.raises(SceneError, match="one per vertex"):
        values_of(potential.on["structures", "Cord"], len(cord) + 1)


@given(st.integers(0, 2**32 - 1))
def test_doubles_come_back_to_the_bit(seed):
    shape = sphere(rows=5)
    vertices = shape.vertices + np.random.default_rng(seed).normal(scale=300, size=3)
    found = parse_mesh(".ply", ply_bytes(Triangles(vertices, shape.faces), "Cord"), "RAS")
    np.testing.assert_array_equal(found.vertices, vertices)
    np.testing.assert_array_equal(found.faces, shape.faces)


def test_our_reader_reads_their_ply(tmp_path):
    shape = sphere(rows=6)
    (tmp_path / "a.ply").write_bytes(ply_bytes(Triangles(shape.vertices + AT, shape.faces), "Cord"))
    np.testing.assert_array_equal(read_surface(tmp_path / "a.ply", SPACE).vertices, shape.vertices + AT)


def test_open_edges_are_found():
    faces = box().faces
    assert len(open_edges(faces)) == 0
    assert len(open_edges(faces[1:])) == 3
    assert len(open_edges(np.vstack([faces, faces[:1]]))) == 3
    turned = np.vstack([faces[1:], faces[:1, ::-1]])
    assert len(open_edges(turned)) == 3


@pytest.mark.parametrize("suffix", ["ply", "stl"])
def test_bytes_that_are_no_mesh_are_refused(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write_surface(path, box(), frame="RAS")
    content = path.read_bytes()
    assert len(parse_mesh(f".{suffix}", content, "RAS").faces) == 12
    for spoilt in (b"", content[:-1], content[: len(content) // 2], b"solid" + content[5:60], content + b"\0"):
        with pytest.raises(MeshFileError):
            parse_mesh(f".{suffix}", spoilt, "RAS")
    with pytest.raises(MeshFileError, match="states SPACE=RAS, its record LPS"):
        parse_mesh(f".{suffix}", content, "LPS")


@given(st.integers(0, 400), st.integers(0, 255), st.sampled_from(["ply", "stl"]))
def test_a_byte_that_changed_is_a_mesh_or_refused(place, byte, suffix):
    mesh = MeshFile(box().vertices, box().faces, "RAS", "box")
    content = bytearray(WRITERS[f".{suffix}"](mesh))
    content[place] = byte
    with suppress(MeshFileError):
        found = parse_mesh(f".{suffix}", bytes(content), "RAS")
        assert found.faces.max() < len(found.vertices)


def set_to(*keys: object, value: object) -> Callable[[dict], None]:
    """Return a change of one value of a record."""

    def change(record: dict) -> None:
        place = record
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


SPOILT = {
    "another version": (set_to("format", value=9), "format is 9, expected 1"),
    "another frame": (set_to("frame", value="LPS"), "frame is 'LPS', expected 'RAS'"),
    "another unit": (set_to("unit", value="m"), "unit is 'm', expected 'mm'"),
    "an unknown structure": (set_to("structures", 0, "name", value="Liver"), "unknown structure 'Liver'"),
    "a wrong kind": (set_to("structures", 0, "kind", value="dura"), "unknown structure 'Cord' of kind 'dura'"),
    "one name twice": (set_to("structures", 1, value={}), "name is missing"),
    "a path outside": (set_to("structures", 0, "file", "path", value="../a.ply"), "leaves the folder"),
    "a path from the root": (set_to("structures", 0, "file", "path", value="/etc/passwd"), "leaves the folder"),
    "a drive": (set_to("structures", 0, "file", "path", value="C:a.ply"), "leaves the folder"),
    "no hash": (set_to("structures", 0, "file", "sha256", value="12"), "expected 64 hexadecimal digits"),
    "a wrong size": (set_to("structures", 0, "vertices", value=3), "vertices, stated 3"),
    "a colour as text": (set_to("structures", 0, "colour", value=["1", "1", "1"]), "expected 3 finite numbers"),
    "a colour too bright": (set_to("structures", 0, "colour", value=[2, 0, 0]), "between 0 and 1"),
    "no list": (set_to("structures", value={}), "structures is {}, expected list"),
    "no place": (set_to("markers", 0, "position", value=[0, 0]), "expected 3 finite numbers"),
    "no direction": (set_to("leads", 0, "contacts", 0, "normal", value=[0, 0, 0]), "has no direction"),
    "an unknown colour map": (set_to("fields", 0, "colour_map", value="jet"), "unknown colour map 'jet'"),
    "a subject outside": (set_to("subject", value="../../../../x/PWN2"), "expected a name of 64 letters"),
    "a hidden subject": (set_to("subject", value=".x"), "expected a name of 64 letters"),
    "a long subject": (set_to("subject", value="x" * 65), "expected a name of 64 letters"),
    "a lead outside": (set_to("leads", 0, "name", value="../x"), "expected a name of 64 letters"),
    "a contact outside": (set_to("leads", 0, "contacts", 0, "name", value="a/b"), "expected a name of 64 letters"),
    "a part outside": (set_to("leads", 0, "parts", 1, "name", value="a b"), "expected a name of 64 letters"),
    "a field outside": (set_to("fields", 0, "name", value="../heat"), "expected a name of 64 letters"),
    "a field on an outside": (set_to("fields", 0, "on", 0, "mesh", value="../Cord"), "expected a name of 64 letters"),
    "a field upside down": (set_to("fields", 1, "range", value=[1, 0]), "range is [1, 0], expected the lower limit"),
    "a long marker": (set_to("markers", 0, "name", value="m" * 100), "100 letters, expected 64 at most"),
    "a marker of 500 letters": (set_to("markers", 0, "name", value="m" * 500), "500 letters"),
    "a long kind": (set_to("markers", 0, "kind", value="m" * 100), "100 letters, expected 64 at most"),
    "a long level": (set_to("markers", 0, "level", value="m" * 500), "500 letters, expected 255 at most"),
    "a long title": (set_to("leads", 0, "title", value="m" * 500), "500 letters, expected 255 at most"),
    "a great label": (set_to("structures", 0, "label", value=99999999999999), "expected 2147483647 at most"),
    "a great label of a part": (set_to("leads", 0, "parts", 0, "label", value=-(2**40)), "expected 2147483647 at most"),
    "a number beyond all": (set_to("markers", 0, "position", value=[0, 0, 10**400]), "expected 3 finite numbers"),
    "a field on nothing": (set_to("fields", 0, "on", 0, "mesh", value="Liver"), "lies on Liver"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_record_is_one_line_that_names_the_file(scene, tmp_path, case):
    change, expected = SPOILT[case]
    folder = shutil.copytree(scene, tmp_path / "scene")
    record = json.loads((folder / "scene.json").read_text())
    change(record)
    (folder / "scene.json").write_text(json.dumps(record))
    with pytest.raises(SceneError) as problem:
        _ = [triangles_of(mesh) for mesh in read_scene(folder).every_mesh]
    line = str(problem.value)
    assert expected in line
    assert "\n" not in line
    assert str(folder.resolve()) in line


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"format": NaN}', "[" * 100_000])
def test_a_record_that_is_no_record_is_one_line(tmp_path, content):
    (tmp_path / "scene.json").write_text(content)
    with pytest.raises(SceneError) as problem:
        read_scene(tmp_path)
    assert str(tmp_path) in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("which", ["structures/sub-toy_Cord.ply", "fields/sub-toy_potential_structures_Cord.npy"])
def test_a_missing_or_changed_file_is_one_line(scene, tmp_path, which):
    folder = shutil.copytree(scene, tmp_path / "scene")
    content = bytearray((folder / which).read_bytes())
    content[-5] ^= 1
    (folder / which).write_bytes(content)
    with pytest.raises(SceneError, match=r"changed since it was written \(SHA-256 differs\)"):
        read_scene(folder)
    (folder / which).unlink()
    with pytest.raises(SceneError, match="is named but missing"):
        read_scene(folder)
    (folder / which).mkdir()
    with pytest.raises(SceneError, match="cannot be read"):
        read_scene(folder)


def test_a_model_folder_with_a_spoilt_file_is_refused_too(model, tmp_path):
    folder = shutil.copytree(model, tmp_path / "sub-toy")
    record = json.loads((folder / "model.json").read_text())
    for change, expected in (
        (set_to("format", value=1), "format is 1, expected 2"),
        (set_to("structures", 0, "name", value="Liver"), "unknown structure 'Liver'"),
        (set_to("structures", 0, "files", value=[]), "no STL or PLY file"),
        (set_to("subject", value="../../x"), "expected a name of 64 letters"),
        (set_to("structures", 0, "name", value="../Cord"), "expected a name of 64 letters"),
        (set_to("structures", 0, "label", value=99999999999999), "expected 2147483647 at most"),
        (set_to("spinal_segments", 0, "name", value="L" * 100), "100 letters, expected 64 at most"),
    ):
        spoilt = json.loads(json.dumps(record))
        change(spoilt)
        (folder / "model.json").write_text(json.dumps(spoilt))
        with pytest.raises(SceneError, match=expected):
            read_scene(folder)
    with pytest.raises(SceneError, match=r"no scene\.json or model\.json"):
        read_scene(tmp_path)


def test_centrelines_of_what_is_no_root_are_refused(model, tmp_path):
    folder = shutil.copytree(model, tmp_path / "sub-toy")
    table = folder / "centrelines" / "sub-toy_centrelines.tsv"
    table.write_text(table.read_text().replace("L1_L", "L" * 500))
    record = json.loads((folder / "model.json").read_text())
    record["together"][0]["sha256"] = sha256(table.read_bytes())
    (folder / "model.json").write_text(json.dumps(record))
    with pytest.raises(SceneError, match="expected roots such as L2_R"):
        read_scene(folder)


@given(st.text() | st.text("./\\a:-", max_size=90))
def test_a_file_is_called_by_a_name_whatever_a_property_says(text):
    stem = names.file_stem(text)
    assert names.is_name(stem)
    assert (Path("out") / f"{stem}_001.png").resolve().parent == Path("out").resolve()
    if text[:1].isalnum() and text[-1:].isalnum() and names.is_name(text):
        assert stem == text


def test_an_array_of_objects_is_not_loaded(scene, tmp_path):
    folder = shutil.copytree(scene, tmp_path / "scene")
    path = folder / "fields" / "sub-toy_potential_structures_Cord.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    record = json.loads((folder / "scene.json").read_text())
    record["fields"][0]["on"][0]["file"]["sha256"] = sha256(path.read_bytes())
    (folder / "scene.json").write_text(json.dumps(record))
    with pytest.raises(SceneError, match="not an array of numbers"):
        values_of(read_scene(folder).fields[0].on["structures", "Cord"], 1)


def test_fields_that_do_not_fit_are_refused_when_written(model, tmp_path):
    contents = toy_contents(model)
    for field, expected in (
        (blender.SceneField("heat", "K", {("structures", "Liver"): np.zeros(3)}), "has no Liver among structures"),
        (blender.SceneField("heat", "K", {("structures", "Cord"): np.zeros(3)}), "one per vertex"),
        (blender.SceneField("a/b", "K", {}), "expected a name"),
        (blender.SceneField("heat", "K", {}, "jet"), "colour map"),
    ):
        with pytest.raises(InputError, match=expected):
            blender.write_scene(contents, tmp_path, blender.SceneExtras((field,)))


def test_the_distance_from_another_model_is_signed():
    one, other = sphere(2.0, rows=30), sphere(2.5, rows=30)
    field = distance_field({"Cord": one, "Dura": one}, {"Cord": other, "L1_L": one}, "annotator-distance")
    assert set(field.values) == {("structures", "Cord")}
    np.testing.assert_allclose(field.values["structures", "Cord"], -0.5, atol=0.02)
    outward = distance_field({"Cord": other}, {"Cord": one}, "displacement")
    np.testing.assert_allclose(outward.values["structures", "Cord"], 0.5, atol=0.02)
    assert outward.limits == pytest.approx((-0.5, 0.5), abs=0.02)
    with pytest.raises(InputError, match="no structure in common"):
        distance_field({"Cord": one}, {"Dura": one}, "displacement")


def test_the_export_takes_fields_and_markers(model, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    contents = toy_contents(model)
    exported = write_export(contents, blender.format_with(toy_extras(contents)), tmp_path / "out")
    found = read_scene(exported.folder)
    assert [field.name for field in found.fields] == ["potential", "displacement"]
    assert "Cord 1-3" in {marker.name for marker in found.markers}


def test_the_export_without_bpy_is_whole_and_the_same_each_time(model, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    contents = toy_contents(model)
    first, second = (write_export(contents, blender.FORMAT, tmp_path / name) for name in "ab")
    assert read_scene(first.folder).subject == "sub-toy"
    assert "Install the extension once" in first.readme.read_text()
    for file in first.files:
        assert (first.folder / file.path).read_bytes() == (second.folder / file.path).read_bytes(), file.path


def test_the_export_with_bpy_holds_a_blend_file(model, tmp_path, run):
    exported = write_export(toy_contents(model), blender.FORMAT, tmp_path / "out")
    assert Path("sub-toy.blend") in [file.path for file in exported.files]
    done = run(SCRIPTS / "export_edits.py", exported.folder / "sub-toy.blend", "--out", tmp_path / "edits")
    assert "nothing is edited; nothing was written" in done.stdout, done.stderr
    assert not (tmp_path / "edits").exists()


def test_a_program_that_is_not_there_or_fails_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InputError, match="no such program"):
        blender_python()
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'error: no module named bpy' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(broken))
    with pytest.raises(BackendUnavailableError, match="no module named bpy"):
        write_blend(tmp_path, tmp_path / "a.blend")
    monkeypatch.setenv(VARIABLE, "")
    assert blender_python() is None
    assert not write_blend(tmp_path, tmp_path / "a.blend")
    assert blender_scripts() == SCRIPTS


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script")
def test_blender_itself_is_asked_in_its_own_way(tmp_path):
    program = tmp_path / "blender-4.2"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    said = run_script(program, Path("a.py"), "scene", "--out", "x")
    assert said.strip() == "--background --python-exit-code 1 --python a.py -- scene --out x"


def test_the_manifest_is_what_blender_asks_for(tmp_path, monkeypatch):
    archive = package.build(tmp_path)
    assert archive.name == f"spine_model-{__version__}.zip"
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
    assert {"__init__.py", "blender_manifest.toml", "edits.py", "panel.py"} <= set(names)
    assert all("/" not in name for name in names)
    monkeypatch.setattr(package, "SOURCE", tmp_path)
    (tmp_path / "blender_manifest.toml").write_text('id = "a b"\ntagline = "Ends."\n')
    with pytest.raises(ValueError, match=r"version is missing.*64 letters at most.*id must be a name of Python"):
        package.build(tmp_path)
