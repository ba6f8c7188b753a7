"""``spinemodel build --vertebrae``: masks and meshes, as they lie or fitted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinemodel import Phantom, annotate, write_subject
from spinemodel.anatomy.model import BuildParameters
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.given_vertebrae import given_vertebrae, record_of
from spinemodel.io.surfaces import write_surface
from spinemodel.io.vertebrae import mesh_files
from spinemodel.vertebrae.mask import labels_of
from spinemodel.vertebrae.surfaces import mask_surfaces
from tests.cli.test_commands import refused
from tests.shapes import box
from tests.spines import anatomy, lumbar_mask, written_mask


def test_a_mask_in_the_subject_s_own_frame_is_taken_as_it_lies(tmp_path: Path) -> None:
    drawn = annotate(Phantom())
    given = given_vertebrae(written_mask(tmp_path), "own", None, drawn, BuildParameters())
    assert set(given.surfaces) == set(labels_of(lumbar_mask(), "vertebra"))
    assert {surface.space for surface in given.surfaces.values()} == {drawn.space}
    assert record_of(given)["fit"] == "own"
    assert len(record_of(given)["sources"][0]["sha256"]) == 64


def test_a_scan_of_the_same_person_is_brought_home(tmp_path: Path) -> None:
    """The synthetic spine, 12 mm and 8 degrees away in its file, comes back round its own cord."""
    drawn, turn = annotate(Phantom()), np.radians(8)
    parts = mask_surfaces(lumbar_mask().volume).parts
    away = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    folder = tmp_path / "meshes"
    for name in labels_of(lumbar_mask(), "vertebra"):
        moved = parts[name].vertices @ away.T + [5.0, -8.0, 8.0]
        write_surface(folder / f"{name}.ply", type(parts[name])(name, "there", moved, parts[name].faces))
    given = given_vertebrae(folder, "rigid", None, drawn, BuildParameters())
    record = record_of(given)
    assert record["fit"] == "rigid"
    assert min(record["clearance_mm"].values()) > 0
    apart = [given.surfaces[name].vertices - parts[name].vertices for name in given.surfaces]
    assert np.sqrt((np.vstack(apart) ** 2).sum(axis=1).mean()) < 4.0, "its canal leaves it some room"


def test_bone_in_the_dura_is_refused(tmp_path: Path) -> None:
    """Vertebrae of half the size have no room for the sac."""
    folder = tmp_path / "small"
    parts = mask_surfaces(lumbar_mask().volume).parts
    middle = anatomy().surfaces["Dura"].vertices.mean(axis=0)
    for name in labels_of(lumbar_mask(), "vertebra"):
        small = (parts[name].vertices - middle) * [0.55, 0.55, 1.0] + middle
        write_surface(folder / f"{name}.ply", type(parts[name])(name, "there", small, parts[name].faces))
    with pytest.raises(GeometryError, match=r"into the dura|from their foramina"):
        given_vertebrae(folder, "rigid", None, annotate(Phantom()), BuildParameters())


def test_vertebrae_of_another_place_are_refused_as_they_lie(tmp_path: Path) -> None:
    far = tmp_path / "far"
    write_surface(far / "L3.ply", box((300, 0, 0), 40.0, "L3"))
    with pytest.raises(InputError, match="mm from the dura; expected the subject's own frame"):
        given_vertebrae(far, None, None, annotate(Phantom()), BuildParameters())
    within = tmp_path / "within"
    middle = anatomy().surfaces["Dura"].vertices.mean(axis=0)
    write_surface(within / "L3.ply", box(middle - 20, 40.0, "L3"))
    with pytest.raises(GeometryError, match="into the dura as it lies"):
        given_vertebrae(within, "own", None, annotate(Phantom()), BuildParameters())


def test_options_that_do_not_fit_are_one_line(tmp_path: Path, monkeypatch, capsys) -> None:
    markers = tmp_path / "sub-phantom"
    write_subject(annotate(Phantom()), markers)
    said = refused(monkeypatch, capsys, "build", markers, "--out", tmp_path, "--tissues", "--vertebrae-fit", "rigid")
    assert "give that too" in said
    said = refused(monkeypatch, capsys, "build", markers, "--out", tmp_path, "--vertebrae", tmp_path)
    assert "ask for them with --tissues" in said
    missing = tmp_path / "none.nii.gz"
    said = refused(monkeypatch, capsys, "build", markers, "--out", tmp_path, "--tissues", "--vertebrae", missing)
    assert "none.nii.gz" in said
    assert not (tmp_path / "sub-phantom" / "model.json").exists()


def test_discs_beside_the_vertebrae_are_passed_over(tmp_path: Path) -> None:
    for name in ("sub-a_L3", "sub-a_L3-L4", "sub-a_L4", "sub-a_Sacrum", "sub-a_Canal"):
        write_surface(tmp_path / f"{name}.stl", box((0, 0, 0), 30.0))
    (tmp_path / "notes.json").write_text(json.dumps({}))
    assert {name: path.stem for name, path in mesh_files(tmp_path).items()} == {
        "L3": "sub-a_L3",
        "L4": "sub-a_L4",
        "S1": "sub-a_Sacrum",
    }
