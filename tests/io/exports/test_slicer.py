"""The Slicer scene: valid by Slicer's schemas and by readers that are not ours, and the same model read back."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import nibabel
import numpy as np
import pytest
import pyvista as pv

from spinemodel.errors import InputError
from spinemodel.io.exports.contents import part_colour
from spinemodel.io.exports.folder import write_export
from spinemodel.io.exports.formats import find_format
from spinemodel.io.exports.mrml import Scene, add_model, to_mrml
from spinemodel.io.exports.slicer import contact_middles
from spinemodel.io.nifti import read_volume
from spinemodel.io.sidecar import stated_space
from spinemodel.io.slicer import read_markups
from spinemodel.io.surfaces import read_surface
from spinemodel.io.whole_model import WholeModel, read_model
from tests.io.exports.toy_contents import LINE, SPACE, full_contents, toy_contents, toy_lead, whole_folder

TAGS = {
    "Model": "vtkMRMLModelNode",
    "ModelDisplay": "vtkMRMLModelDisplayNode",
    "ModelStorage": "vtkMRMLModelStorageNode",
    "MarkupsCurve": "vtkMRMLMarkupsCurveNode",
    "MarkupsFiducial": "vtkMRMLMarkupsFiducialNode",
    "MarkupsDisplay": "vtkMRMLMarkupsDisplayNode",
    "MarkupsJsonStorage": "vtkMRMLMarkupsJsonStorageNode",
    "LabelMapVolume": "vtkMRMLLabelMapVolumeNode",
    "LabelMapVolumeDisplay": "vtkMRMLLabelMapVolumeDisplayNode",
    "VolumeArchetypeStorage": "vtkMRMLVolumeArchetypeStorageNode",
    "ColorTable": "vtkMRMLColorTableNode",
    "ColorTableStorage": "vtkMRMLColorTableStorageNode",
    "SliceComposite": "vtkMRMLSliceCompositeNode",
}
"""Elements and their classes, as in Slicer's sources (``GetNodeTagName`` of each class)."""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> WholeModel:
    return read_model(whole_folder(tmp_path_factory.mktemp("models") / "sub-toy"))


@pytest.fixture(scope="module", params=["LPS", "RAS"])
def out(request, model, tmp_path_factory) -> Path:
    contents = full_contents(model, frame=request.param, spacing_mm=0.25)
    return write_export(contents, find_format("slicer"), tmp_path_factory.mktemp("out") / "slicer").folder


@pytest.fixture
def scene(out) -> ElementTree.Element:
    return ElementTree.parse(out / "sub-toy.mrml").getroot()


def references(node: ElementTree.Element) -> dict[str, str]:
    """Roles and ids, read as Slicer reads them."""
    return dict(part.split(":") for part in (node.get("references") or "").split(";") if part)


def test_every_node_is_of_a_class_of_slicers_and_refers_to_nodes_that_are_there(scene) -> None:
    assert scene.tag == "MRML"
    ids = Counter(node.get("id") for node in scene)
    assert set(ids.values()) == {1}
    for node in scene:
        assert re.fullmatch(rf"{TAGS[node.tag]}(\d+|Red|Green|Yellow)", node.get("id", ""))
        assert node.get("name")
        for role, target in references(node).items():
            assert role in ("display", "storage", "labelVolume")
            assert target in ids
        if node.tag in ("Model", "MarkupsCurve", "MarkupsFiducial", "LabelMapVolume"):
            assert references(node).keys() == {"display", "storage"}
    (labels,) = scene.iter("LabelMapVolumeDisplay")
    assert labels.get("colorNodeID") in ids


def test_every_file_of_the_scene_is_there_and_every_mesh_states_its_frame(scene, out) -> None:
    files = [node for node in scene if node.get("fileName")]
    assert len(files) == 8 + 1 + 1 + 2
    for node in files:
        path = out / unquote(node.get("fileName", ""))
        assert path.is_file()
        if path.suffix == ".vtp":
            mesh = pv.read(path)
            assert mesh.field_data["SPACE"][0] == node.get("coordinateSystem")
            assert mesh.n_cells > 0


def test_models_have_the_tables_colours_and_come_back_to_the_bit(scene, out, model) -> None:
    nodes = {node.get("id"): node for node in scene}
    contents = full_contents(model)
    for node in scene.iter("Model"):
        name = node.get("name", "").split()[-1]
        refs = references(node)
        colour = [float(part) for part in nodes[refs["display"]].get("color", "").split()]
        assert colour == pytest.approx(part_colour(name))
        assert 0 < float(nodes[refs["display"]].get("opacity", "0")) <= 1
        surface = (contents.parts if " " in node.get("name", "") else model.surfaces)[name]
        back = read_surface(out / nodes[refs["storage"]].get("fileName", ""), SPACE, name)
        assert np.array_equal(back.vertices, surface.vertices)
        assert np.array_equal(back.faces, surface.faces)
    shown = {n.get("name") for n in scene.iter("Model") if nodes[references(n)["display"]].get("visibility") == "true"}
    assert shown == {"Dura", "Cord", "lead Backing", "lead C1", "lead C2"}


def test_slicers_own_schema_accepts_every_markup(out, slicer_schema) -> None:
    import jsonschema

    schema = json.loads((slicer_schema / "markups-schema-v1.0.3.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    files = sorted(out.rglob("*.mrk.json"))
    assert len(files) == 3
    for path in files:
        assert list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == []


def test_a_markup_is_of_the_class_that_its_file_holds(out, scene) -> None:
    """Slicer refuses others (``vtkMRMLMarkupsJsonStorageNode::ReadDataInternal``)."""
    nodes = {node.get("id"): node for node in scene}
    markups = [node for node in scene if node.tag in ("MarkupsCurve", "MarkupsFiducial")]
    assert len(markups) == 2
    for node in markups:
        path = out / nodes[references(node)["storage"]].get("fileName", "")
        (stored,) = json.loads(path.read_text())["markups"]
        assert f"Markups{stored['type']}" == node.tag
        assert stored["coordinateSystem"] == nodes[references(node)["storage"]].get("coordinateSystem")


def test_centrelines_read_back_are_the_models(out, model) -> None:
    (line,) = read_markups(out / "centrelines" / "sub-toy_L1_L.mrk.json")
    assert np.abs(line.points - model.centrelines["L1_L"].points).max() < 1e-6
    assert np.abs(line.points - LINE).max() < 1e-6
    assert line.labels == ("L1_L-1", "L1_L-2", "L1_L-3 extrapolated")
    (curve,) = read_markups(out / "markups" / "sub-toy_L1_L.mrk.json")
    assert curve.kind == "Curve"
    assert np.abs(curve.points[[0, -1]] - LINE[[0, -1]]).max() < 1e-6
    assert len(curve.points) == 4


def test_contacts_are_points_with_their_names(out) -> None:
    (points,) = read_markups(out / "markups" / "sub-toy_contacts.mrk.json")
    assert points.labels == ("C1", "C2")
    assert points.points == pytest.approx(np.array([[5.25, 5.45, 8.0], [5.95, 5.45, 8.0]]))
    assert contact_middles(toy_lead())["C2"] == pytest.approx((5.95, 5.45, 8.0))


def test_nibabel_reads_the_label_map_where_the_tissues_are(out) -> None:
    image = nibabel.load(out / "labels" / "sub-toy_dseg.nii.gz")
    values = np.asanyarray(image.dataobj)
    counts = {int(label): int((values == label).sum()) for label in np.unique(values)}
    voxel = 0.25**3
    assert (counts[32] * voxel, counts[33] * voxel) == (27.0, 189.0)
    assert counts[101] * voxel == pytest.approx(0.125, rel=0.3)
    assert sum(n for label, n in counts.items() if label) * voxel == 1000.0
    i, j, k = np.round(np.linalg.inv(image.affine) @ [3.4, 3.4, 3.4, 1])[:3].astype(int)
    assert values[i, j, k] == 32
    assert image.header.get_xyzt_units()[0] == "mm"
    assert stated_space(out / "labels" / "sub-toy_dseg.nii.gz") == SPACE
    assert read_volume(out / "labels" / "sub-toy_dseg.nii.gz", space=SPACE).values.max() == 102


def test_the_colour_table_names_every_label(out, scene) -> None:
    rows = [
        line.split()
        for line in (out / "labels" / "sub-toy_dseg.ctbl").read_text().splitlines()
        if not line.startswith("#")
    ]
    names = {int(row[0]): row[1] for row in rows}
    assert names == {0: "Background", 32: "White", 33: "CSF", 39: "Bulk", 100: "Backing", 101: "C1", 102: "C2"}
    for label, name, *channels in rows[1:]:
        assert int(label) < int(next(scene.iter("ColorTable")).get("numcolors", "0"))
        assert [int(c) for c in channels] == [*(round(255 * c) for c in part_colour(name)), 255]


def test_without_tissues_structures_fill_the_label_map(model, tmp_path) -> None:
    bare = replace(model, partition=None, record={k: v for k, v in model.record.items() if k != "tissues"})
    out = write_export(toy_contents(bare), find_format("slicer"), tmp_path / "out").folder
    values = np.asanyarray(nibabel.load(out / "labels" / "sub-toy_dseg.nii.gz").dataobj)
    assert [round(float((values == label).sum()) * 0.125) for label in (1, 2)] == [189, 27]


def test_voxels_too_small_to_hold_are_one_line(model, tmp_path) -> None:
    with pytest.raises(InputError, match=r"--spacing 0\.0001: .*use larger voxels"):
        write_export(toy_contents(model, options=full_contents(model, spacing_mm=1e-4).options),
                     find_format("slicer"), tmp_path / "out")  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_parts_too_small_for_the_voxels_are_named_with_a_spacing_that_holds_them(model, tmp_path) -> None:
    heard: list[str] = []
    contents = replace(full_contents(model, spacing_mm=1.0), tell=heard.append)
    told = write_export(contents, find_format("slicer"), tmp_path / "coarse").readme.read_text()
    text = " ".join(told.split())
    values = np.asanyarray(nibabel.load(tmp_path / "coarse" / "labels" / "sub-toy_dseg.nii.gz").dataobj)
    lost = [name for name, label in contents.labels.items() if not (values == label).any()]
    assert {"C1", "C2"} & set(lost)
    assert f"These fill none: {', '.join(lost)}." in text
    backing = (values == 100).sum() / (1.9**3 - 0.25) - 1
    assert f"Backing {100 * backing:+.0f} %" in text
    assert [line for line in heard if f"{len(lost)} of 6 parts fill none" in line and "--spacing" in line] == heard
    spacing = float(re.search(r"--spacing ([0-9.]+) puts two voxels across C[12]", text)[1])
    assert spacing <= 0.5**3 / (6 * 0.5**2)
    heard.clear()
    fine = replace(contents, options=replace(contents.options, spacing_mm=spacing))
    text = (write_export(fine, find_format("slicer"), tmp_path / "fine").folder / "README.txt").read_text()
    assert "fill none" not in text


def test_nothing_is_said_of_a_label_map_that_loses_nothing(model, tmp_path) -> None:
    heard: list[str] = []
    contents = replace(toy_contents(model), tell=heard.append)
    text = (write_export(contents, find_format("slicer"), tmp_path / "out").folder / "README.txt").read_text()
    assert heard == []
    assert "Before you rely" not in text


def test_names_and_paths_are_escaped() -> None:
    scene = Scene()
    add_model(scene, 'a "b" <c>', Path("a b/ü.vtp"), "LPS", (0, 0, 0), 1.0, shown=True)
    root = ElementTree.fromstring(to_mrml(scene))
    assert root[0].get("name") == 'a "b" <c>'
    assert root[0].get("fileName") == "a%20b/%C3%BC.vtp"
