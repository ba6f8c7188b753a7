"""What Blender makes of a scene, and what comes back; skipped without a Python that has bpy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemodel.anatomy.surface import Surface, volume
from spinemodel.io.surfaces import read_surface
from spinemodel.levels import DURA, STRUCTURES
from tests.blender.conftest import SCRIPTS
from tests.blender.toy_scene import AT, LINE, SPACE

WITHIN_MM = 1e-4


@pytest.fixture(scope="session")
def imported(inside):
    """The scene, as it lies in Blender."""
    return inside["imported"]


def test_the_scene_is_in_millimetres_and_says_its_axes(imported):
    system, length, scale = imported["unit"]
    assert (system, length) == ("METRIC", "MILLIMETERS")
    assert scale == pytest.approx(1e-3)
    assert imported["about"]["spine_axes"] == "x right, y anterior, z towards the head (RAS), 1 unit = 1 mm"
    assert imported["about"]["spine_space"] == SPACE
    assert imported["camera"] == "Camera"


def test_collections_go_by_kind_and_level(imported):
    nested, inside = imported["nested"], imported["collections"]
    assert {"Cord", "Dura", "Roots", "Tissues", "Leads", "Markers", "Stage"} <= nested.keys()
    assert nested["Roots"] == ["Roots L1"]
    assert inside["Roots L1"] == ["L1_L"]
    assert set(inside["Tissues"]) == {"Bone", "Bulk"}
    assert inside["Rootlets"] == ["L1_L_rootlets"]
    assert {"Backing", "C1", "C2", "C3"} <= set(inside["Leads"])
    assert imported["loose"] == []


def test_every_mesh_lies_where_the_model_has_it(imported, structures, parts):
    for name, surface in {**structures, **parts}.items():
        vertices = np.array(imported["vertices"][name])
        assert vertices.shape == surface.vertices.shape, name
        assert np.abs(vertices - surface.vertices).max() < WITHIN_MM, name
        np.testing.assert_array_equal(imported["objects"][name]["matrix"], np.eye(4), err_msg=name)


def test_a_model_folder_gives_the_same_meshes(inside, imported, structures):
    assert "C1" not in inside["model"]["objects"]
    for name in structures:
        assert inside["model"]["vertices"][name] == imported["vertices"][name], name
    assert inside["model"]["about"]["spine_model_sha256"] == imported["about"]["spine_model_sha256"]
    np.testing.assert_allclose(place(inside["model"], "ganglion L1_L"), LINE[-1], atol=WITHIN_MM)


def test_materials_have_the_colours_of_the_table(imported):
    for name in ("Cord", "Dura", "L1_L"):
        srgb = np.array(STRUCTURES[name].colour)
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        np.testing.assert_allclose(imported["objects"][name]["colour"][:3], linear, atol=1e-6)
    assert DURA.name == "Dura"
    alphas = {name: imported["objects"][name]["alpha"] for name in ("Cord", "L1_L", "Dura", "Bone")}
    assert alphas["Cord"] == alphas["L1_L"] == 1
    assert 0 < alphas["Dura"] < 0.5
    assert 0 < alphas["Bone"] < 0.5


def test_what_hides_the_rest_is_hidden(imported):
    assert imported["objects"]["Bulk"]["hidden"] == [True, True]
    assert imported["objects"]["Bone"]["hidden"] == [False, False]
    assert imported["objects"]["L1_L_rootlets"]["hidden"] == [False, False]


def place(found: dict, name: str) -> np.ndarray:
    """Where an object lies."""
    return np.array(found["objects"][name]["matrix"])[:3, 3]


def test_markers_are_empties_at_their_places(imported):
    objects = imported["objects"]
    assert {objects[name]["type"] for name in ("entry L1_L", "ganglion L1_L", "Cord 1-2")} == {"EMPTY"}
    np.testing.assert_allclose(place(imported, "entry L1_L"), LINE[0], atol=WITHIN_MM)
    np.testing.assert_allclose(place(imported, "ganglion L1_L"), LINE[-1], atol=WITHIN_MM)
    np.testing.assert_allclose(place(imported, "segment L1"), AT, atol=WITHIN_MM)
    np.testing.assert_allclose(place(imported, "Cord 1-2"), AT + np.array([0.0, 2, 0]), atol=WITHIN_MM)
    assert len([name for name in objects if name.startswith("root L1_L marker")]) == len(LINE)


def test_contacts_are_numbered_from_behind_and_face_the_dura(imported):
    for number, v in ((1, -1.0), (2, 0.0), (3, 1.0)):
        face, label = (np.array(imported["objects"][f"C{number} {what}"]["matrix"]) for what in ("face", "label"))
        np.testing.assert_allclose(face[:3, 3], AT + np.array([0, -4.15, v]), atol=WITHIN_MM)
        np.testing.assert_allclose(face[:3, 2], [0, 1, 0], atol=1e-6)  # its arrow points to the front
        assert imported["objects"][f"C{number} label"]["text"] == f"C{number}"
        np.testing.assert_allclose(label[:3, 0], [1, 0, 0], atol=1e-6)  # read from behind, head up
        np.testing.assert_allclose(label[:3, 1], [0, 0, 1], atol=1e-6)
        assert label[1, 3] < AT[1] - 7.35  # in front of the back of the lead, for who looks from there


def test_fields_are_numbers_colours_and_a_legend(inside, structures):
    cord, dura = (inside["shown"][name] for name in ("potential", "displacement"))
    heights = structures["Cord"].vertices[:, 2] - AT[2]
    shown = np.array(cord["colours"])[:, :3]
    np.testing.assert_allclose(cord["numbers"], heights + 5, atol=1e-5)
    np.testing.assert_allclose(shown[heights.argmax()], linear((0.993, 0.906, 0.144)), atol=1e-5)
    np.testing.assert_allclose(shown[heights.argmin()], linear((0.267, 0.005, 0.329)), atol=1e-5)
    assert cord["texts"] == ["3", "7", "potential (mV), viridis"]
    assert dura["texts"] == ["<= -2\ngrey: no value", ">= 2", "displacement (mm), blue-white-red"]
    gaps = np.array(dura["numbers"]) == -99
    assert gaps.any()
    assert np.abs(np.array(dura["colours"])[gaps, :3] - linear((0.5, 0.5, 0.5))).max() < 1e-5
    assert cord["parents"] == ["Camera"]
    assert cord["materials"] == ["Field potential", "Dura"]
    assert dura["materials"] == ["Cord", "Field displacement"]


def test_without_a_field_everything_has_its_own_colour_again(inside):
    assert inside["shown"]["after"] == ["Cord", "Dura"]
    assert inside["shown"]["legend left"] == 0
    assert "no field 'heat'" in inside["shown"]["unknown"]


def linear(srgb: tuple[float, float, float]) -> np.ndarray:
    """Linear values of sRGB (IEC 61966-2-1)."""
    values = np.array(srgb)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def edited(inside: dict, case: str) -> dict[str, Surface]:
    """The meshes of an edits folder, its record checked."""
    folder = inside["work"] / case
    record = json.loads((folder / "edits.json").read_text())
    assert {key: record[key] for key in ("format", "subject", "space", "frame", "unit")} == {
        **{"format": 1, "subject": "sub-toy", "space": SPACE, "frame": "RAS", "unit": "mm"},
    }
    assert record["model_sha256"] == inside["imported"]["about"]["spine_model_sha256"]
    assert record["made_with"].startswith("Blender ")
    assert record["tolerance_mm"] == 1e-5
    found = {}
    for row in record["structures"]:
        content = (folder / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert content.startswith(b"ply\nformat binary_little_endian 1.0\ncomment SPACE=RAS\n")
        assert b"property double x" in content
        found[row["name"]] = read_surface(folder / row["file"], SPACE, row["name"])
        assert (row["vertices"], row["faces"]) == (len(found[row["name"]].vertices), len(found[row["name"]].faces))
    return found


def test_nothing_edited_writes_nothing(inside):
    assert inside["edits"]["nothing"] == {"line": "", "names": [], "notes": [], "written": []}


@pytest.mark.parametrize(("case", "vertex", "shift"), [("moved", 7, (0.3, 0, 0)), ("edit_mode", 3, (0, -0.25, 0))])
def test_a_moved_vertex_comes_out_and_the_others_stay_to_the_bit(inside, structures, case, vertex, shift):
    assert inside["edits"][case]["names"] == ["Cord"]
    before, after = structures["Cord"], edited(inside, case)["Cord"]
    np.testing.assert_array_equal(after.faces, before.faces)
    change = after.vertices - before.vertices
    np.testing.assert_allclose(change[vertex], shift, atol=WITHIN_MM)
    assert not np.delete(change, vertex, axis=0).any()


def test_a_transform_is_applied(inside, structures):
    before, after = structures["L1_L"], edited(inside, "transformed")["L1_L"]
    turned = before.vertices * [-1, -1, 1] + np.array([24.6, -170, 0.5])
    np.testing.assert_allclose(after.vertices, turned, atol=WITHIN_MM)
    assert volume(after) == pytest.approx(1.2**3, rel=1e-4)


def test_a_mirrored_or_flat_structure_is_refused(inside):
    assert inside["edits"]["mirrored"]["line"].startswith("L1_L is mirrored (negative scale); undo it, or apply it")
    assert inside["edits"]["flat"]["line"].startswith("Cord is flat (a scale of 0)")
    assert [inside["edits"][case]["written"] for case in ("mirrored", "flat")] == [[], []]


def test_properties_that_were_changed_are_one_line(inside):
    said = {case: inside["edits"][case]["line"] for case in ("renamed", "numbered", "converted")}
    assert "has no structure '../../evil'" in said["renamed"]
    assert said["numbered"].startswith("Cord: its property spine_name is 5, expected text")
    assert said["converted"].startswith("Cord: Curve is no mesh any more")
    for tag in ("structures", "file", "space", "subject", "fields"):
        assert f"property spine_{tag}" in inside["spoilt"][f"spine_{tag}"], tag
    assert "is not what sub-toy was imported from" in inside["spoilt"]["spine_model_sha256"]
    assert "holds the models: 5;" in inside["spoilt"]["spine_subject of the model"]
    assert inside["spoilt"]["written before spine_fields"] == "False"
    lines = [*said.values(), *inside["spoilt"].values()]
    assert not any("\n" in line for line in lines)


def test_without_digests_the_files_are_compared(inside):
    assert inside["edits"]["undigested"]["names"] == ["Dura"]
    assert inside["edits"]["undigested"]["notes"] == [
        "Bone: was changed, but is left out: only cord, dura and roots are taken back"
    ]


def test_a_picture_of_a_lead_is_about_it_and_nothing_covers_it(inside):
    found = inside["leads"]
    assert found["default"]["about"] == ["Backing", "C1", "C2", "C3"]
    assert {"Backing", "C1", "C1 label", "Cord", "Dura", "L1_L"} <= set(found["default"]["picture"])
    assert "Bone" not in found["default"]["picture"]
    assert "Bone" in found["kept"]["picture"]
    assert found["none"]["about"] == []
    assert "Bone" in found["none"]["picture"]


def test_pictures_stay_in_their_folder_whatever_the_file_says(run, inside, tmp_path):
    out = tmp_path / "a" / "b" / "pictures"
    options = ("--frames", 1, "--size", "32x32", "--samples", 1, "--film")
    done = run(SCRIPTS / "render_model.py", inside["work"] / "evil.blend", "--out", out, *options)
    assert done.returncode == 0, done.stderr
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in out.iterdir()} == files
    assert "evil_001.png" in files


def test_modifiers_are_applied(inside, structures):
    before, after = structures["Dura"], edited(inside, "subdivided")["Dura"]
    assert len(after.faces) == 6 * len(before.faces)  # each triangle became three quads
    assert volume(after) == pytest.approx(volume(before), rel=1e-5)
    cord = edited(inside, "hidden")["Cord"]
    np.testing.assert_allclose(cord.vertices, structures["Cord"].vertices + np.array([0, 0, 0.5]), atol=WITHIN_MM)


def test_an_edit_that_cannot_be_taken_back_is_one_line(inside):
    said = {case: found["line"] for case, found in inside["edits"].items() if isinstance(found, dict)}
    assert "3 open edges" in said["opened"]
    assert "fill the holes" in said["opened"]
    assert said["twice"] == "Cord is there twice: Cord and Cord.001; delete one or join them"
    for case in ("switched_off", "collection_hidden"):
        assert said[case].startswith("Cord: its collection is switched off or hidden")
    for case in ("opened", "twice", "switched_off", "collection_hidden"):
        assert inside["edits"][case]["written"] == []
    assert "holds edits already" in inside["edits"]["kept"]
    assert "already in this file" in inside["again"]
    assert all("\n" not in line for line in said.values())


def test_changed_tissues_and_deleted_structures_are_said(inside):
    notes = inside["edits"]["others"]["notes"]
    assert notes[0].startswith("L1_L: was deleted here")
    assert notes[1].startswith("Bone: was changed, but is left out")
    assert inside["edits"]["others"]["written"] == []


def test_the_operators_do_the_same(inside):
    found = inside["operators"]
    assert found["panel"] == "Spine"
    used = ("imported", "stage", "field", "render", "edits")
    assert [found[name] for name in used] == [["FINISHED"]] * len(used)
    assert picture_in(inside["work"] / "pictures" / "sub-toy.png").shape == (64, 48, 3)
    assert "already in this file" in found["twice"]
    assert "save it first" in found["unsaved"]
    assert found["turn"] == pytest.approx(np.radians(270 + 90))  # from the left, and a quarter of a turn on
    assert found["gone"]
    np.testing.assert_array_equal(
        edited(inside, "by operator")["Cord"].vertices, edited(inside, "moved")["Cord"].vertices
    )


def test_the_panel_says_what_the_model_is_and_offers_every_operator(inside):
    labels = inside["operators"]["labels"]
    assert f"sub-toy in {SPACE}" in labels
    assert {"z towards the head (RAS)", "1 unit = 1 mm", "potential (mV), viridis: 3 to 7"} <= set(labels)
    offered = {"import_scene.spine_model", "spine.field", "spine.stage", "spine.render", "spine.export_edits"}
    assert offered <= set(labels)


def test_the_scripts_edit_and_refuse(run, inside, scene, tmp_path):
    script = SCRIPTS / "export_edits.py"
    done = run(script, inside["work"] / "moved.blend", "--out", tmp_path / "edits")
    assert done.returncode == 0, done.stderr
    assert "edits.json: Cord\n" in done.stdout
    for name in ("edits.json", "Cord.ply"):
        assert (tmp_path / "edits" / name).read_bytes() == (inside["work"] / "moved" / name).read_bytes()
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    (spoilt / "scene.json").write_bytes((scene / "scene.json").read_bytes())
    refused = run(script, inside["work"] / "moved.blend", "--out", tmp_path / "no", "--source", spoilt)
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines()[-1].startswith(f"error: {spoilt.resolve()}")
    assert "missing" in refused.stderr
    assert not (tmp_path / "no").exists()


def picture_in(path: Path) -> np.ndarray:
    """The pixels of a picture, red, green and blue."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=float)


def test_a_turn_is_rendered_and_is_not_empty(run, scene, tmp_path):
    options = ("--frames", 2, "--size", "96x128", "--samples", 2, "--hide", "Bone", "--field", "potential", "--film")
    options += ("--focus", "Dura,Roots,Leads")
    done = run(SCRIPTS / "render_model.py", scene, "--out", tmp_path, *options)
    assert done.returncode == 0, done.stderr
    pictures = [picture_in(tmp_path / f"sub-toy_00{i}.png") for i in (1, 2)]
    for picture in pictures:
        assert picture.shape == (128, 96, 3)
        drawn = (np.abs(picture - np.median(picture[:3], axis=(0, 1))) > 20).any(axis=2)
        assert 0.05 < drawn.mean() < 0.9  # something before a ground of one colour
        assert not drawn[:3].any()  # the model fits
        assert picture[drawn].std() > 10  # in more than one colour
    assert np.abs(pictures[0] - pictures[1]).mean() > 1  # from two sides
    film = tmp_path / "sub-toy.mp4"
    assert film.read_bytes()[4:8] == b"ftyp" if film.exists() else "note: no film" in done.stdout


def test_a_name_that_is_not_there_is_one_line(run, scene, tmp_path):
    done = run(SCRIPTS / "render_model.py", scene, "--out", tmp_path, "--show", "Liver")
    assert done.returncode == 1
    assert "error: Liver: no such object" in done.stderr


def test_the_help_says_what_a_lead_changes(run):
    said = " ".join(run(SCRIPTS / "render_model.py", "--help").stdout.split())
    assert "With a lead, the camera looks at it and Bone, Disc, Muscle are left out" in said
    assert "--show Bone brings bone back" in said


def test_blender_installs_the_packed_extension(run, scene, tmp_path, monkeypatch):
    from package import build

    archive = build(tmp_path)
    monkeypatch.setenv("BLENDER_USER_RESOURCES", str(tmp_path / "user"))
    done = run(Path(__file__).with_name("install.py"), archive, scene / "scene.json")
    assert "enabled: True" in done.stdout, done.stderr
    assert "imported: {'FINISHED'} True" in done.stdout
    assert build(tmp_path / "again").read_bytes() == archive.read_bytes()
