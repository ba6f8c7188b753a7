import csv
from pathlib import Path

import numpy as np
import pytest
import trimesh

from spinemodel.anatomy.compartments import edge_faults, interface, volumes
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.exports import comsol, sim4life
from spinemodel.io.exports.contents import Contents
from spinemodel.io.mesh_writers import STL_RECORD
from tests.io.exports.toy_contents import LINE, full_contents, toy_contents, whole_folder
from tests.needs import needs_gmsh

meshio = pytest.importorskip("meshio", reason="meshio (dev) is not installed")

FORMATS = [sim4life.FORMAT, comsol.FORMAT]


def contents(tmp_path: Path, **options: object) -> Contents:
    (tmp_path / "sub-toy").mkdir()
    return full_contents(whole_folder(tmp_path / "sub-toy"), **options)


def corners(path: Path) -> FloatArray:
    """The corners (m, 3, 3) of a binary STL file, as its bytes have them."""
    return np.frombuffer(path.read_bytes()[84:], STL_RECORD)["corners"]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_part_is_closed_and_has_its_volume(form: object, tmp_path: Path) -> None:
    whole = contents(tmp_path)
    files = form.write(whole, tmp_path)  # type: ignore[attr-defined]
    solids = {file.path.stem.removeprefix("sub-toy_"): file for file in files if file.path.suffix == ".stl"}
    assert set(solids) == set(whole.partition.labels)
    assert {(file.frame, file.unit) for file in solids.values()} == {("LPS", "mm")}
    for name, file in solids.items():
        points, faces = np.unique(corners(tmp_path / file.path).reshape(-1, 3), axis=0, return_inverse=True)
        assert edge_faults(faces.reshape(-1, 3)) == (0, 0)
        mesh = trimesh.load(tmp_path / file.path)
        assert mesh.is_watertight
        assert len(mesh.vertices) == len(points)
        assert mesh.volume == pytest.approx(volumes(whole.partition)[name], rel=1e-5)


def test_neighbours_have_the_same_triangles_to_the_bit(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    comsol.FORMAT.write(whole, tmp_path)

    def triangles(name: str) -> set[bytes]:
        found = np.sort(corners(tmp_path / "solids" / f"sub-toy_{name}.stl").view([("", "<f4")] * 3)[..., 0], axis=1)
        return {row.tobytes() for row in found}

    for one, other in (("White", "CSF"), ("CSF", "Bulk"), ("Bulk", "Backing"), ("Backing", "C1")):
        shared = triangles(one) & triangles(other)
        assert len(shared) == len(interface(whole.partition, one, other)) > 0


@pytest.mark.parametrize("frame", ["RAS", "LPS"])
def test_fibres_are_centrelines_with_their_length(frame: str, tmp_path: Path) -> None:
    sim4life.FORMAT.write(contents(tmp_path, frame=frame), tmp_path)
    with (tmp_path / "fibres.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["fibre", "point", "x", "y", "z", "s"]
    assert {row["fibre"] for row in rows} == {"L1_L"}
    assert [int(row["point"]) for row in rows] == [0, 1, 2]
    turn = np.array([1, 1, 1]) if frame == "RAS" else np.array([-1, -1, 1])
    np.testing.assert_allclose([[float(row[axis]) for axis in "xyz"] for row in rows], LINE * turn, atol=1e-6)
    lengths = np.cumsum([0, *np.linalg.norm(np.diff(LINE, axis=0), axis=1)])
    np.testing.assert_allclose([float(row["s"]) for row in rows], lengths, atol=1e-6)


def test_conductivities_are_a_table(tmp_path: Path) -> None:
    whole = contents(tmp_path)
    sim4life.FORMAT.write(whole, tmp_path)
    with (tmp_path / "conductivities.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "material", "along", "across", "isotropic", "unit", "source", "verified"]
    assert [row["name"] for row in rows] == list(whole.partition.labels)
    assert {row["name"]: row["material"] for row in rows if row["name"] in ("Backing", "C1", "White")} == {
        "White": "White",
        "Backing": "Silicone",
        "C1": "Metal",
    }
    assert {row["unit"] for row in rows} == {"S/m"}


@needs_gmsh
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_nastran_has_the_same_cells_and_volumes(form: object, tmp_path: Path) -> None:
    whole = contents(tmp_path, tetrahedra=True, frame="RAS")
    files = form.write(whole, tmp_path)  # type: ignore[attr-defined]
    (file,) = [file for file in files if file.path.suffix == ".nas"]
    read = meshio.read(tmp_path / file.path)
    assert file.what.startswith(f"{len(read.cells_dict['tetra'])} tetrahedra of 6 parts on {len(read.points)} nodes")
    a, b, c, d = np.moveaxis(read.points[read.cells_dict["tetra"]], 1, 0)
    size = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    assert size.min() > 0
    number = np.concatenate(read.cell_data["nastran:ref"])
    found = {name: size[number == label].sum() for name, label in whole.labels.items()}
    assert found == pytest.approx(dict(volumes(whole.partition)), rel=0.005)
    head = (tmp_path / file.path).read_text()[:200]
    assert head.startswith("$ sub-toy: tissues and lead; unit mm; frame RAS\n$ extent 10.0 x 10.0 x 10.0 mm")


def test_without_conductivities_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "sub-toy").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InputError, match="name a preset"):
        comsol.FORMAT.write(toy_contents(whole_folder(tmp_path / "sub-toy")), out)
    assert list(out.iterdir()) == []
