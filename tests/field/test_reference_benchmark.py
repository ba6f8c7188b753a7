"""The measures of the benchmark that holds fields against tetrahedra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import field_reference as bench
from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.lead_field import LeadField
from tests.shapes import sphere

SLOPE, BEND = 3.0, 2.0
"""Of the potential along z, mV/mm and mV/mm2."""


def places() -> bench.Places:
    """Two straight fibres along z and a ball, 0 to 12 mm from a contact."""
    z = np.arange(0, 12.01, 0.25)
    paths = tuple(FibrePath(name, "L3_R", "", "lab", np.stack([0 * z + x, 0 * z, z], axis=1)) for name, x in
                  (("L3_R_fibre1", 0.0), ("L3_R_fibre2", 1.0)))  # fmt: skip
    inner, before, after = zip(*(bench.nodes_beside(path) for path in paths), strict=True)
    points = np.vstack([path.points for path in paths])
    columns = bench.lattice(sphere(1.5), 0.5)
    return bench.Places(
        paths, points, np.concatenate(inner), np.vstack(before), np.vstack(after), points[:, 2], columns
    )


def values(x: FloatArray) -> FloatArray:
    """Without sources, as in even tissue."""
    return SLOPE * x[..., 2] + BEND / 2 * (x[..., 2] ** 2 - (x[..., 0] ** 2 + x[..., 1] ** 2) / 2)


def test_a_lattice_fills_a_part() -> None:
    ball = bench.lattice(sphere(3.0, rows=20), 0.25)
    assert np.linalg.norm(ball, axis=1).max() < 3
    assert len(ball) * 0.25**3 == pytest.approx(4 / 3 * np.pi * 27, rel=0.03)


def test_activating_functions_of_both_are_the_second_difference() -> None:
    at = places()
    found = bench.found_from(values(at.all), 1000.0, at)
    ends = (at.distance < bench.NODES_MM) | (at.distance > 12 - bench.NODES_MM)
    np.testing.assert_array_equal(np.isnan(found.bend), ends)
    np.testing.assert_allclose(found.bend[~ends], BEND, atol=1e-9)
    box = Box((-8, -8, -8), (17, 17, 37), 0.5)
    grid = np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1)
    tissue = np.ones(box.halves, dtype=np.uint8)
    held = (values(grid)[None].astype(np.float32),)
    field = LeadField("lab", ("C1",), (box,), held, (tissue,), {1: "DorsalColumns"}, np.array([[900.0]]))
    ours = bench.found_in(field, at, "C1")
    assert (ours.ohm, found.ohm) == (900.0, 1000.0)
    np.testing.assert_array_equal(np.isnan(ours.bend), ends)
    for part in ("roots", "columns", "bend"):
        assert bench.relative(getattr(ours, part), getattr(found, part)) < 2e-3


def test_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond 10 mm the potential bends half as much, and one errs by a tenth there."""
    at = places()
    right = bench.found_from(values(at.all), 1000.0, at)
    far = at.distance >= 10
    two = bench.Found(right.roots, np.where(far, BEND / 2, right.bend), right.columns, 1000.0)
    one = bench.Found(1.02 * two.roots, np.where(far, 1.1, 1.0) * two.bend, two.columns, 990.0)
    bench.tell("C1", one, two, at)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "C1: impedance 990 and 1000 ohm"
    assert lines[1].split()[4] == "2.00"
    assert lines[2].split()[5] == "0.00"
    near, beyond = (line.split() for line in lines[4:])
    assert float(near[4]) + float(beyond[4]) == pytest.approx(100, abs=0.11)
    assert (near[-2], beyond[-2]) == ("0.00", "10.00")


def test_a_solution_is_kept_for_its_own_points(tmp_path: Path) -> None:
    at = places()
    given = {"points": at.all, "distance": at.distance, "potential": values(at.all)[None]}
    np.savez(tmp_path / "one.npz", **given, driven=["C1"], impedance=[1000.0])
    found = bench.read_solution(tmp_path / "one.npz", at)["C1"]
    assert bench.relative(found.roots, values(at.points)) == 0
    for name in ("points", "distance"):
        np.savez(tmp_path / "two.npz", **{**given, name: given[name] + 1}, driven=["C1"], impedance=[1000.0])
        with pytest.raises(SystemExit, match=f"its {name} differ"):
            bench.read_solution(tmp_path / "two.npz", at)
