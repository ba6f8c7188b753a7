from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.tetrahedra import Tetrahedra, cell_volumes
from spinemodel.io.nastran import write_nastran

meshio = pytest.importorskip("meshio", reason="meshio (dev) is not installed")

FIRST, LAST = [0.123456789, 0, -683.311985791], [-1000.000000001, 0, 0]
PLACES = np.array([FIRST, [1, 0, -680], [0, 1, -680], [0, 0, -600.5], LAST])


def mesh() -> Tetrahedra:
    return Tetrahedra("lab", PLACES, np.array([[0, 1, 2, 3], [1, 4, 2, 3]]), np.array([1, 2]), ("CSF", "C1"))


def test_meshio_reads_the_same_cells_with_their_properties(tmp_path: Path) -> None:
    write_nastran(tmp_path / "a.nas", mesh(), {"CSF": 33, "C1": 101}, ["unit mm"])
    read = meshio.read(tmp_path / "a.nas")
    np.testing.assert_allclose(read.points, PLACES, rtol=0, atol=5e-10)
    np.testing.assert_array_equal(read.cells_dict["tetra"], mesh().cells)
    assert np.concatenate(read.cell_data["nastran:ref"]).tolist() == [33, 101]
    again = Tetrahedra("lab", read.points, read.cells_dict["tetra"], mesh().label, mesh().labels)
    np.testing.assert_allclose(cell_volumes(again), cell_volumes(mesh()), rtol=1e-7)


def test_fields_stand_in_their_columns(tmp_path: Path) -> None:
    write_nastran(tmp_path / "a.nas", mesh(), {"CSF": 33, "C1": 101}, ["unit mm", "frame LPS"])
    lines = (tmp_path / "a.nas").read_text().splitlines()
    assert lines[:3] == ["$ unit mm", "$ frame LPS", "BEGIN BULK"]
    assert lines[-1] == "ENDDATA"
    assert [line for line in lines if line.startswith(("PSOLID", "$ C1"))] == [
        "PSOLID  33      33      ",
        "$ C1",
        "PSOLID  101     101     ",
    ]
    grid = next(k for k, line in enumerate(lines) if line.startswith("GRID*"))
    first, second = lines[grid : grid + 2]
    assert [first[k : k + 16] for k in (8, 24, 40, 56)] == [
        "1               ",
        "                ",
        "     0.123456789",
        "     0.000000000",
    ]
    assert [first[:8], second[:8], second[8:]] == ["GRID*   ", "*       ", "  -683.311985791"]
    assert max(map(len, lines)) <= 72
    cell = next(line for line in lines if line.startswith("CTETRA"))
    assert [int(cell[8 * k : 8 * k + 8]) for k in range(1, 7)] == [1, 33, 1, 2, 3, 4]
