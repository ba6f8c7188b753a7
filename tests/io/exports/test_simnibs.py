import csv
import json
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.compartments import volumes
from spinemodel.errors import InputError
from spinemodel.io.exports.contents import Contents
from spinemodel.io.exports.folder import write_export
from spinemodel.io.exports.simnibs import FORMAT, tags
from spinemodel.levels import TISSUES
from tests.io.exports.toy_contents import full_contents, toy_contents, whole_folder
from tests.needs import needs_gmsh

meshio = pytest.importorskip("meshio", reason="meshio (dev) is not installed")

# github.com/simnibs/simnibs, simnibs/utils/mesh_element_properties.py, class ElementTags.
ELEMENT_TAGS = {
    "WM": 1,
    "GM": 2,
    "CSF": 3,
    "BONE": 4,
    "SCALP": 5,
    "EYE_BALLS": 6,
    "COMPACT_BONE": 7,
    "SPONGY_BONE": 8,
    "BLOOD": 9,
    "MUSCLE": 10,
    "EDEMA": 11,
    "FAT": 12,
    "NECROSIS": 16,
    "BURRHOLES": 19,
    "RESECTION_CAVITIES": 20,
    "TUMOR_SHELL": 24,
    "RESIDUAL_TUMOR": 25,
}
SAME = {"White": "WM", "Grey": "GM", "CSF": "CSF", "Bone": "BONE", "Muscle": "MUSCLE", "Fat": "FAT"}
ELECTRODE_RUBBER_START, ELECTRODE_RUBBER_END, TH_SURFACE_START = 100, 499, 1000


def contents(tmp_path: Path, **options: object) -> Contents:
    (tmp_path / "sub-toy").mkdir()
    return full_contents(whole_folder(tmp_path / "sub-toy"), **options)


def test_tags_are_simnibs_own_or_free() -> None:
    found = tags([*TISSUES, "Backing", *(f"C{k}" for k in range(1, 17))])
    assert len(set(found.values())) == len(found)
    for name, tag in found.items():
        if name in SAME:
            assert tag == ELEMENT_TAGS[SAME[name]]
        elif name.startswith("C") and name[1:].isdigit():
            assert tag == ELECTRODE_RUBBER_START + int(name[1:]) - 1 <= ELECTRODE_RUBBER_END
        else:
            assert tag not in ELEMENT_TAGS.values()
            assert max(ELEMENT_TAGS.values()) < tag < ELECTRODE_RUBBER_START


def test_surfaces_have_1000_and_the_inner_tissues_tag(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    files = FORMAT.write(whole, tmp_path)
    assert [(file.path.name, file.frame) for file in files] == [("sub-toy.msh", "RAS"), ("tags.csv", "")]
    read = meshio.read(tmp_path / "sub-toy.msh")
    own = tags(whole.partition.labels)
    found = np.concatenate(read.cell_data["gmsh:physical"])
    # Boxes of twelve faces each: the lead's come before the bulk round them, the contacts' before the backing's.
    expected = {own["White"]: 12, own["CSF"]: 12, own["Bulk"]: 12, own["Backing"]: 12, own["C1"]: 12, own["C2"]: 12}
    counts = dict(zip(*(values.tolist() for values in np.unique(found, return_counts=True)), strict=True))
    assert counts == {TH_SURFACE_START + tag: count for tag, count in expected.items()}
    for name, mm3 in {"White": 27.0, "CSF": 216.0, "C1": 0.125}.items():
        a, b, c = np.moveaxis(read.points[read.cells_dict["triangle"][found == TH_SURFACE_START + own[name]]], 1, 0)
        assert np.einsum("ij,ij->", np.cross(a, b), c) / 6 == pytest.approx(mm3), "normals look outwards"
    np.testing.assert_allclose(read.points.max(axis=0), 10.0)


@needs_gmsh
def test_volumes_have_the_tissues_tag(tmp_path: Path) -> None:
    whole = contents(tmp_path, tetrahedra=True)
    FORMAT.write(whole, tmp_path)
    read = meshio.read(tmp_path / "sub-toy.msh")
    tag = dict(zip((block.type for block in read.cells), read.cell_data["gmsh:physical"], strict=True))["tetra"]
    a, b, c, d = np.moveaxis(read.points[read.cells_dict["tetra"]], 1, 0)
    size = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    assert size.min() > 0
    for name, number in tags(whole.partition.labels).items():
        assert size[tag == number].sum() == pytest.approx(volumes(whole.partition)[name], rel=0.005)


def test_the_table_has_every_tag_with_its_conductivity(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    FORMAT.write(whole, tmp_path)
    with (tmp_path / "tags.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert {name: int(row["tag"]) for name, row in rows.items()} == tags(whole.partition.labels)
    assert all(int(row["surface_tag"]) == 1000 + int(row["tag"]) for row in rows.values())
    for name, value in whole.conductivities.items():
        assert float(rows[name]["along"]) == pytest.approx(value.along)
        assert float(rows[name]["isotropic"]) == pytest.approx((value.along * value.across**2) ** (1 / 3))
        assert (rows[name]["source"], rows[name]["verified"]) == (value.source, "yes" if value.verified else "no")


def test_the_readme_and_the_record_have_the_files_own_tags(tmp_path: Path) -> None:
    out = write_export(contents(tmp_path), FORMAT, tmp_path / "out").folder
    with (out / "tags.csv").open(newline="") as file:
        stated = {row["name"]: row["tag"] for row in csv.DictReader(file)}
    lines = [line.split() for line in (out / "README.txt").read_text().splitlines()]
    assert {row[1]: row[0] for row in lines if len(row) > 3 and row[1] in stated} == stated
    parts = json.loads((out / "export.json").read_text())["parts"]
    assert {row["name"]: str(row["label"]) for row in parts if row["kind"] != "structure"} == stated
    assert {row["label"] for row in parts if row["kind"] == "structure"} == {None}


def test_without_conductivities_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "sub-toy").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InputError, match="name a preset"):
        FORMAT.write(toy_contents(whole_folder(tmp_path / "sub-toy")), out)
    assert list(out.iterdir()) == []
