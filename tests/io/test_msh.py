from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemodel.io.msh import Entity, MshMesh, write_msh22, write_msh41

meshio = pytest.importorskip("meshio", reason="meshio (dev) is not installed")

POINTS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]])
UPPER, LOWER = np.array([[0, 1, 2, 3]]), np.array([[0, 2, 1, 4]])


def two_tetrahedra() -> MshMesh:
    shared = Entity(2, 1, np.array([[0, 1, 2]]), (1001,))
    outer = Entity(2, 2, np.array([[0, 3, 1], [1, 3, 2], [2, 3, 0]]), (1002, 1003))
    above = Entity(3, 1, UPPER, (7,), (-1, 2))
    below = Entity(3, 2, LOWER, (9,), (1,))
    names = {(2, 1001): "A-B", (2, 1002): "A-Outside", (2, 1003): "A_surface", (3, 7): "A", (3, 9): "B"}
    return MshMesh(POINTS, [below, outer, above, shared], names)


def test_41_is_read_with_its_groups(tmp_path: Path) -> None:
    write_msh41(tmp_path / "a.msh", two_tetrahedra())
    read = meshio.read(tmp_path / "a.msh")
    assert {name: tuple(value.tolist()) for name, value in read.field_data.items()} == {
        "A-B": (1001, 2),
        "A-Outside": (1002, 2),
        "A_surface": (1003, 2),
        "A": (7, 3),
        "B": (9, 3),
    }
    order = np.array([int(np.flatnonzero((read.points == point).all(axis=1))[0]) for point in POINTS])
    cells = read.cells_dict
    np.testing.assert_array_equal(cells["tetra"], order[np.vstack([UPPER, LOWER])])
    assert len(cells["triangle"]) == 4
    sets = read.cell_sets_dict
    assert [len(sets[name]["triangle"]) for name in ("A-B", "A-Outside", "A_surface")] == [1, 3, 3]
    assert cells["tetra"][sets["B"]["tetra"]].tolist() == order[LOWER].tolist()


def test_41_states_what_bounds_a_volume(tmp_path: Path) -> None:
    write_msh41(tmp_path / "a.msh", two_tetrahedra())
    content = (tmp_path / "a.msh").read_bytes()
    section = content[content.index(b"$Entities\n") + 10 : content.index(b"\n$EndEntities")]
    assert np.frombuffer(section[:32], "<u8").tolist() == [0, 0, 2, 2]
    # A volume: tag, box, groups, and at the end the signed tags of its surfaces.
    assert np.frombuffer(section[-4:], "<i4").tolist() == [1]
    first = 32 + 2 * (4 + 48 + 8 + 8) + 3 * 4
    assert np.frombuffer(section[first : first + 4], "<i4").tolist() == [1]
    np.testing.assert_array_equal(np.frombuffer(section[first + 4 : first + 52], "<f8"), [0, 0, 0, 1, 1, 1])
    assert np.frombuffer(section[first + 72 : first + 80], "<i4").tolist() == [-1, 2]


def test_41_of_surfaces_alone_has_empty_volumes(tmp_path: Path) -> None:
    whole = two_tetrahedra()
    none = np.empty((0, 4), dtype=np.int64)
    entities = [replace(entity, cells=none) if entity.dimension == 3 else entity for entity in whole.entities]
    write_msh41(tmp_path / "a.msh", MshMesh(POINTS, entities, whole.names))
    read = meshio.read(tmp_path / "a.msh")
    assert {block.type for block in read.cells} == {"triangle"}
    # The last point belongs to no surface.
    assert len(read.points) == 4


def test_22_has_the_header_that_simnibs_reads(tmp_path: Path) -> None:
    triangles = np.array([[1001, 0, 1, 2]])
    tetrahedra = np.array([[1, *UPPER[0]], [52, *LOWER[0]]])
    write_msh22(tmp_path / "a.msh", POINTS, triangles, tetrahedra)
    content = (tmp_path / "a.msh").read_bytes()
    assert content.startswith(b"$MeshFormat\n2.2 1 8\n\x01\x00\x00\x00\n$EndMeshFormat\n$Nodes\n5\n")
    assert content.endswith(b"\n$EndElements\n")
    read = meshio.read(tmp_path / "a.msh")
    np.testing.assert_array_equal(read.points, POINTS)
    found = dict(zip((block.type for block in read.cells), read.cell_data["gmsh:physical"], strict=True))
    assert {kind: tags.tolist() for kind, tags in found.items()} == {"triangle": [1001], "tetra": [1, 52]}
    np.testing.assert_array_equal(read.cells_dict["tetra"], np.vstack([UPPER, LOWER]))


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        write_msh41(tmp_path / "a.msh", MshMesh(POINTS[:2], two_tetrahedra().entities))
    assert list(tmp_path.iterdir()) == []
