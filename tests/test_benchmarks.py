"""The benchmark's own measures, against closed forms; Blender is not needed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import markers_to_model as program
import measures
import rasterise as bench
from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.build import build
from spinemodel.anatomy.model import BuildParameters
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.surface import Surface, area, merge, volume
from spinemodel.levels import ROOTS
from tests.shapes import sphere


def test_rows_of_a_small_phantom() -> None:
    annotation = annotate(Phantom(missing=ROOTS[2:]))
    anatomy = build(annotation, BuildParameters(edge_mm=1.0))
    cord, dura, one, other = anatomy.surfaces.values()
    lines = {name: line.points for name, line in anatomy.centrelines.items()}
    ordered = arrange(annotation)

    rows = measures.measure(measures.Model(cord, dura, (one, other), lines), ordered)
    doubled = measures.measure(measures.Model(cord, dura, (one, one), lines), ordered)

    assert rows["self-intersecting pairs of faces, cord / dura / roots"] == "0 / 0 / 0"
    assert rows["overlap of roots, mm3"] == "0.00"
    assert float(doubled["overlap of roots, mm3"]) == pytest.approx(volume(one), abs=0.01)
    assert float(rows["roots inside the cord, mm3"]) < 0.2
    off = [float(part) for part in rows["volume against the interpolating stack, cord / dura, %"].split(" / ")]
    assert np.abs(off).max() < 1.5
    assert float(rows["centreline's end to ganglion, mean, mm"]) < 0.05


def test_volume_of_a_leaning_stack_is_area_times_height() -> None:
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    circle = np.column_stack([5 * np.cos(angle), 5 * np.sin(angle), 0 * angle])
    stack = [Markers(circle + np.array([0.3 * z, 0, z]), "a") for z in range(0, 21, 2)]

    assert measures.stack_volume(stack) == pytest.approx(np.pi * 25 * 20, rel=1e-4)


def test_parts_and_small_faces_keep_the_shape() -> None:
    corners = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    one = Surface("one", "here", corners, faces)
    two = measures.parts(merge("two", [one, replace(one, vertices=2 * corners + 50)]))

    assert [volume(part) for part in two] == pytest.approx([121.5, 8 * 121.5])
    fine = measures.small_faces(one)
    assert len(fine.faces) > 500
    assert (area(fine), volume(fine)) == pytest.approx((area(one), volume(one)))


def test_a_process_is_timed_and_its_failure_told(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass\nblock = bytearray(200_000_000)"
    # In a process of its own, since a child's peak is never less than what its parent held, and tests hold much.
    call = f"program.run([sys.executable, '-c', {busy!r}], Path({str(tmp_path)!r}))"
    code = f"import sys; from pathlib import Path; import markers_to_model as program; cost = {call}"
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; print(cost.cpu_s, cost.peak_gb)"],
        capture_output=True, text=True, check=True, cwd=Path(program.__file__).parent,
    )  # fmt: skip
    cpu_s, peak_gb = map(float, told.stdout.split())

    assert 0.2 <= cpu_s < 2
    assert 0.2 < peak_gb < 2
    with pytest.raises(SystemExit, match="exit code 3\nno markers"):
        program.run([sys.executable, "-c", "print('no markers'); raise SystemExit(3)"], tmp_path)


def test_a_python_without_blender_is_recognised() -> None:
    assert program.bpy_version("/no/such/python") is None


def test_the_rasteriser_benchmark_tells_who_is_wrong() -> None:
    ball = sphere(5.0, rows=12)
    grid = bench.grid_round(ball, (14, 14, 14))
    right = bench.ours_volume((ball, grid), "cpu")()
    wrong = right.copy()
    wrong[7, 7, 7], wrong[0, 0, 0] = False, True
    told = bench.wrong_voxels((ball, grid), {"right": np.packbits(right), "wrong": np.packbits(wrong)})
    assert told == {"right": "0", "wrong": "2"}
