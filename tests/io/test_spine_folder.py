"""The folder of a spine, written and read back with the real readers."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.surface import volume
from spinemodel.io.files import sha256
from spinemodel.io.partition import read_partition
from spinemodel.io.slicer import read_markups
from spinemodel.io.spine_folder import RECORD, is_done, write_spine
from spinemodel.io.spine_tables import landmarks, spine_rows
from spinemodel.io.surfaces import read_surface
from spinemodel.vertebrae.endplates import fit
from tests.spines import LUMBAR, lumbar_spine


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("spine")
    return write_spine(lumbar_spine(), out, request={"a": 1}).parent


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_record_names_every_file_with_its_hash(folder: Path) -> None:
    record = json.loads((folder / RECORD).read_text())
    listed = [*record["together"], *(file for row in record["structures"] for file in row["files"])]
    assert {row["path"] for row in listed} | {RECORD} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert all(sha256((folder / row["path"]).read_bytes()) == row["sha256"] for row in listed)
    assert (record["unit"], record["space"]) == ("mm", lumbar_spine().mask.space)


def test_surfaces_come_back_with_their_volume(folder: Path) -> None:
    spine = lumbar_spine()
    for name in spine.surfaces.labels:
        path = folder / "surfaces" / f"{spine.mask.subject}_{name}.stl"
        assert volume(read_surface(path, "here")) == pytest.approx(volume(spine.surfaces.parts[name]), rel=1e-4)
    parted = read_partition(folder / f"{spine.mask.subject}_partition.vtp")
    assert parted.labels == spine.surfaces.labels
    np.testing.assert_allclose(parted.vertices, spine.surfaces.vertices, atol=1e-4)


def test_tables_have_a_row_per_thing(folder: Path) -> None:
    spine = lumbar_spine()
    name = spine.mask.subject
    bodies = rows(folder / f"{name}_vertebrae.tsv")
    assert tuple(row["vertebra"] for row in bodies) == LUMBAR
    for row in bodies:
        assert float(row["middle_height_mm"]) == pytest.approx(spine.heights[row["vertebra"]].middle, abs=0.006)
        assert row["genant_grade"] == "0"
        sizes = spine.heights[row["vertebra"]]
        assert float(row["anterior_ratio"]) == pytest.approx(sizes.anterior / sizes.posterior, abs=6e-4)
        assert float(row["middle_ratio"]) == pytest.approx(sizes.middle / sizes.posterior, abs=6e-4)
    assert [row["disc"] for row in rows(folder / f"{name}_discs.tsv")] == ["T12-L1", "L1-L2", "L2-L3"]
    assert len(rows(folder / f"{name}_structures.tsv")) == len(spine.surfaces.labels)


def test_landmarks_are_read_by_slicer_s_reader(folder: Path) -> None:
    spine = lumbar_spine()
    (markup,) = read_markups(folder / f"{spine.mask.subject}_landmarks.mrk.json")
    points = landmarks(spine)
    assert list(markup.labels) == list(points)
    np.testing.assert_allclose(markup.points, np.array(list(points.values())), atol=1e-4)


def test_a_sacrum_adds_its_slope_and_its_landmark() -> None:
    plate = fit(np.array([[0, 0, 0], [9, 0, 0], [0, 9, -9.0], [9, 9, -9]]), np.array([0.0, 0, 1]))
    spine = replace(lumbar_spine(), sacrum=plate, curves={"sacral slope": 45.0})
    assert spine_rows(spine)[0] == {
        "measure": "sacral slope",
        "value": "45.00",
        "unit": "deg",
        "of": "S1 upper endplate, against the scanner's axial plane",
    }
    assert landmarks(spine)["S1 upper endplate"] == pytest.approx(plate.centre)
    assert "S1 upper endplate" not in landmarks(lumbar_spine())


def test_what_was_asked_before_is_known(folder: Path) -> None:
    assert is_done(folder / RECORD, {"a": 1})
    assert not is_done(folder / RECORD, {"a": 2})
    assert not is_done(folder / "nothing.json", {"a": 1})


def test_written_again_it_replaces_its_own_files_only(tmp_path: Path) -> None:
    spine = lumbar_spine()
    first = write_spine(spine, tmp_path, formats=("stl", "ply"))
    (first.parent / "mine.txt").write_text("kept")
    write_spine(spine, tmp_path, formats=("stl",))
    assert (first.parent / "mine.txt").read_text() == "kept"
    assert not list(first.parent.rglob("*.ply"))
    (first.parent / "surfaces" / f"{spine.mask.subject}_L2.stl").unlink()
    assert not is_done(first, {})
