import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.compartments import volumes
from spinemodel.errors import InputError
from spinemodel.io.exports.contents import Contents
from spinemodel.io.exports.gmsh import FORMAT
from tests.io.exports.toy_contents import full_contents, whole_folder
from tests.needs import needs_gmsh

meshio = pytest.importorskip("meshio", reason="meshio (dev) is not installed")

PARTS = {"White", "CSF", "Bulk", "Backing", "C1", "C2"}

ASK = """
import sys, gmsh
gmsh.initialize(readConfigFiles=False)
gmsh.option.setNumber("General.Terminal", 0)
gmsh.option.setNumber("General.NumThreads", 1)
gmsh.open(sys.argv[1])
for dim, group in gmsh.model.getPhysicalGroups():
    name = gmsh.model.getPhysicalName(dim, group)
    entities = gmsh.model.getEntitiesForPhysicalGroup(dim, group)
    tags = [tag for entity in entities for kind in gmsh.model.mesh.getElements(dim, entity)[1] for tag in kind]
    size = gmsh.model.mesh.getElementQualities(tags, "volume") if tags else []
    print(dim, group, name, len(tags), sum(size), min(size, default=0))
for _, volume in gmsh.model.getEntities(3):
    print("bounds", volume, *(tag for _, tag in gmsh.model.getBoundary([(3, volume)])))
"""


def asked(path: Path) -> dict[str, list[str]]:
    """What Gmsh itself says of a file, in a process of its own."""
    command = [sys.executable, "-c", ASK, str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rows = [line.split() for line in out.stdout.splitlines()]
    return {row[2] if row[0] != "bounds" else f"bounds {row[1]}": row for row in rows}


def contents(tmp_path: Path, **options: object) -> Contents:
    (tmp_path / "sub-toy").mkdir()
    return full_contents(whole_folder(tmp_path / "sub-toy"), **options)


def test_surfaces_are_discrete_entities_in_groups_by_name(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    files = FORMAT.write(whole, tmp_path)
    assert [(file.path.name, file.frame, file.unit) for file in files] == [("sub-toy.msh", "LPS", "mm")]
    read = meshio.read(tmp_path / "sub-toy.msh")
    groups = {name: tuple(value.tolist()) for name, value in read.field_data.items()}
    assert {name: number for name, (number, dimension) in groups.items() if dimension == 3} == dict(whole.labels)
    assert {name for name, (_, dimension) in groups.items() if dimension == 2} == {
        "White-CSF", "CSF-Bulk", "Bulk-Outside", "Bulk-Backing", "C1-Backing", "C2-Backing", "C1_surface", "C2_surface",
    }  # fmt: skip
    triangles = read.cells_dict["triangle"]
    assert len(triangles) == len(whole.partition.faces)
    # Normals point from the first to the second: each surface bounds the volume inside it.
    inside = {"White-CSF": 27.0, "CSF-Bulk": 216.0, "Bulk-Outside": 1000.0, "C1_surface": 0.125}
    for name, mm3 in inside.items():
        a, b, c = np.moveaxis(read.points[triangles[read.cell_sets_dict[name]["triangle"]]], 1, 0)
        assert np.einsum("ij,ij->", np.cross(a, b), c) / 6 == pytest.approx(mm3)
    # LPS: x and y are turned.
    assert read.points[:, :2].max() <= 0


@needs_gmsh
def test_gmsh_reads_the_bounds_of_every_volume(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    FORMAT.write(whole, tmp_path)
    told = asked(tmp_path / "sub-toy.msh")
    assert {name for name, row in told.items() if row[0] == "3"} == PARTS
    assert sum(key.startswith("bounds") for key in told) == len(PARTS)
    assert all(len(row) > 2 for key, row in told.items() if key.startswith("bounds"))


@needs_gmsh
def test_tetrahedra_are_read_by_gmsh_and_meshio_with_groups_and_volumes(tmp_path: Path) -> None:
    whole = contents(tmp_path, tetrahedra=True, frame="RAS")
    (file,) = FORMAT.write(whole, tmp_path)
    assert "gamma" in file.what
    assert "dihedral" in file.what
    told = asked(tmp_path / file.path)
    parts = {name: row for name, row in told.items() if row[0] == "3"}
    assert {name: int(row[1]) for name, row in parts.items()} == dict(whole.labels)
    expected = dict(volumes(whole.partition))
    assert {name: float(row[4]) for name, row in parts.items()} == pytest.approx(expected, rel=0.005)
    assert min(float(row[5]) for row in parts.values()) > 0
    assert float(told["C1_surface"][4]) == pytest.approx(6 * 0.25)
    read = meshio.read(tmp_path / file.path)
    a, b, c, d = np.moveaxis(read.points[read.cells_dict["tetra"]], 1, 0)
    size = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    for name, mm3 in expected.items():
        assert size[read.cell_sets_dict[name]["tetra"]].sum() == pytest.approx(mm3, rel=0.005)
    # Every triangle is a face of one or two tetrahedra: nodes on interfaces are shared.
    corners = np.sort(read.cells_dict["tetra"], axis=1)
    faces = {tuple(row) for drop in range(4) for row in np.delete(corners, drop, axis=1).tolist()}
    assert {tuple(row) for row in np.sort(read.cells_dict["triangle"], axis=1).tolist()} <= faces


def test_a_model_without_tissues_is_refused(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    bare = replace(whole, model=replace(whole.model, partition=None))
    with pytest.raises(InputError, match="has no tissues"):
        FORMAT.write(bare, tmp_path)
