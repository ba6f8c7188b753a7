import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.compartments import Partition, Solid, check_partition, partition, volumes
from spinemodel.anatomy.tetrahedra import cell_volumes, quality, skin, tetrahedra_volumes
from spinemodel.errors import BackendUnavailableError, GeometryError
from spinemodel.io.exports import tetrahedra
from spinemodel.io.exports.tetrahedra import fill, meshable
from tests.needs import needs_gmsh
from tests.shapes import box, sphere


def shells() -> Partition:
    """A thin shell about a core, a ball through the shell's wall, and the same flesh inside and outside the shell."""
    solids = [
        Solid(sphere(0.5, (0, 0, 2.1), rows=12), "Ball"),
        Solid(sphere(1.9, rows=16), "Flesh"),
        Solid(sphere(2.1, rows=16), "Shell"),
        Solid(sphere(3.0, rows=12), "Flesh"),
    ]
    return partition(solids, box((-4, -4, -4), 8), "Rest")


@needs_gmsh
def test_shells_are_filled_by_label_with_their_volumes_and_interfaces() -> None:
    parted, told = shells(), []
    mesh = fill(parted, told.append)
    assert (cell_volumes(mesh) > 0).all()
    assert tetrahedra_volumes(mesh) == pytest.approx(volumes(parted), rel=0.005)
    assert mesh.labels == parted.labels
    outside = skin(mesh)
    assert check_partition(outside, 512.0) == ()
    # The same pairs of parts touch, and over the same area.
    assert areas(outside) == pytest.approx(areas(parted), rel=0.005)
    found = quality(mesh, parted)
    assert found.least_gamma > 1e-4
    assert found.mean_gamma > 0.5
    assert found.least_dihedral_deg > 0.1
    assert told[0] == "merging what is smaller than 0.02 mm"
    assert "Gmsh: placing points" in told


@needs_gmsh
def test_the_same_surfaces_give_the_same_tetrahedra() -> None:
    one, two = fill(shells()), fill(shells())
    np.testing.assert_array_equal(one.cells, two.cells)
    np.testing.assert_array_equal(one.vertices, two.vertices)


def areas(parted: Partition) -> dict[tuple[int, int], float]:
    a, b, c = np.moveaxis(parted.vertices[parted.faces], 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    pairs, where = np.unique(np.sort(parted.sides, axis=1), axis=0, return_inverse=True)
    return dict(zip(map(tuple, pairs.tolist()), np.bincount(where.ravel(), area).tolist(), strict=True))


def test_without_gmsh_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tetrahedra, "find_spec", lambda _: None)
    with pytest.raises(BackendUnavailableError, match=r"install spinemodel\[meshing\]"):
        fill(shells())


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let a script stand in for the process that meshes."""
    program = folder / "python"
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(tetrahedra, "find_spec", lambda _: True)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a first line")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('Info    : x'); print('Error   : Found two exactly self-intersecting facets')", "Found two exactly"),
        ("import time; time.sleep(60)", "stopped, not done after 1 s"),
        ("raise SystemExit(1)", "otherwise: it said nothing;"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9"),
    ],
)
def test_a_mesher_that_fails_is_one_line(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, script)
    monkeypatch.setattr(tetrahedra, "LONGEST_S", 1.0)
    monkeypatch.setattr(tetrahedra, "ATTEMPTS", ((0.02, 0.0), (0.02, 1e-6)))
    with pytest.raises(GeometryError, match=reason) as problem:
        fill(shells())
    assert "\n" not in str(problem.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a first line")
def test_wrong_volumes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import sys, numpy as np\n"
        "np.savez(sys.argv[-1], nodes=np.vstack([np.zeros(3), np.eye(3)]), cells=[[0, 1, 2, 3]], region=[0])"
    )
    stand_in(tmp_path, monkeypatch, script)
    with pytest.raises(GeometryError, match=r"its tetrahedra fill .* mm3, \d+\.\d+% from its volume"):
        fill(shells())


def test_meshable_keeps_parts_and_merges_what_is_small() -> None:
    parted = shells()
    coarse = meshable(parted, 0.05)
    assert check_partition(coarse, 512.0) == ()
    assert volumes(coarse) == pytest.approx(volumes(parted), rel=0.01)
    assert len(coarse.faces) < len(parted.faces)
    np.testing.assert_array_equal(meshable(parted).faces, parted.faces)
