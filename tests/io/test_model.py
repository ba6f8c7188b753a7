import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from spinemodel import Phantom, annotate, audit, build, marker_errors
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.fidelity import summarise
from spinemodel.anatomy.surface import volume
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, sha256
from spinemodel.io.model import extrapolated_spans, find_models, read_record, read_surfaces, write_model
from spinemodel.io.slicer import read_markups
from spinemodel.levels import ROOTS, RootName


@pytest.fixture(scope="module")
def made():
    anatomy = build(annotate(Phantom(missing=(RootName("L5", "R"),))))
    return anatomy, audit(anatomy.surfaces), summarise(marker_errors(anatomy))


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    return write_model(*made, tmp_path_factory.mktemp("model"), formats=("stl", "ply")).parent


def test_folder_holds_the_names_of_the_dataset(folder) -> None:
    names = {path.name for path in (folder / "surfaces").iterdir()}
    assert {"sub-phantom_Cord.stl", "sub-phantom_Dura.stl", "sub-phantom_Nerveroots.stl"} <= names
    assert "sub-phantom_L5_R.stl" not in names
    assert len(names) == 2 * (2 + 13 + 1)


def test_every_file_is_listed_with_frame_unit_and_hash(folder) -> None:
    record = read_record(folder)
    listed = [*record["together"], *(f for structure in record["structures"] for f in structure["files"])]
    assert {f["path"] for f in listed} == {
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != "model.json"
    }
    for entry in listed:
        assert sha256((folder / entry["path"]).read_bytes()) == entry["sha256"]
        assert entry["unit"] == "mm"
        assert entry["frame"] == ("RAS" if entry["path"].endswith(".tsv") else "LPS")


def test_record_says_what_was_drawn_and_what_was_not(folder) -> None:
    record = read_record(folder)
    root = next(structure for structure in record["structures"] if structure["name"] == "S1_R")
    assert (root["level"], root["side"]) == ("S1", "R")
    assert root["extrapolated_mm"][-1][1] == pytest.approx(root["length_mm"])
    cord = next(structure for structure in record["structures"] if structure["name"] == "Cord")
    assert cord["ends"] == {"caudal": "dome", "rostral": "flat"}
    assert record["failures"] == []
    assert record["parameters"]["edge_mm"] == 0.5


def test_surfaces_come_back_with_their_volume(made, folder) -> None:
    back = read_surfaces(folder)
    assert back.keys() == made[0].surfaces.keys()
    for name, surface in made[0].surfaces.items():
        assert volume(back[name]) == pytest.approx(volume(surface), rel=1e-4)
        np.testing.assert_allclose(back[name].vertices.min(axis=0), surface.vertices.min(axis=0), atol=1e-3)
    assert audit(back).failures == ()


def test_centrelines_are_slicer_curves_and_a_table(made, folder) -> None:
    line = made[0].centrelines["L4_L"]
    (curve,) = read_markups(folder / "centrelines" / "sub-phantom_L4_L.mrk.json")
    assert curve.kind == "Curve"
    assert curve.labels[-1].endswith(" extrapolated")
    assert not curve.labels[20].endswith(" extrapolated")
    np.testing.assert_allclose(curve.points[[0, -1]], line.points[[0, -1]], atol=1e-9)
    with (folder / "centrelines" / "sub-phantom_centrelines.tsv").open() as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if row["root"] == "L4_L"]
    xyz = np.array([[float(row[k]) for k in ("x_mm", "y_mm", "z_mm")] for row in rows])
    np.testing.assert_allclose(xyz, line.points, atol=6e-5)


def test_same_model_gives_same_bytes(made, folder, tmp_path) -> None:
    again = write_model(*made, tmp_path, formats=("stl", "ply")).parent
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), path.name


def test_files_of_an_earlier_model_do_not_stay(made, tmp_path) -> None:
    model = write_model(*made, tmp_path, formats=("stl", "obj")).parent
    mine, figure = model / "surfaces" / "notes.txt", model / "figures" / "sub-phantom_model.png"
    figure.parent.mkdir()
    for path in (mine, figure):
        path.write_text("older")
    write_model(*made, tmp_path, formats=("stl",))
    assert not list(tmp_path.rglob("*.obj"))
    assert mine.exists()
    assert not figure.exists()
    assert not list(model.glob(".*"))


def test_a_build_that_is_stopped_leaves_the_model_before_it(made, tmp_path, monkeypatch) -> None:
    model = write_model(*made, tmp_path).parent

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("spinemodel.io.model.write_centreline_table", stop)
    with pytest.raises(KeyboardInterrupt):
        write_model(*made, tmp_path, formats=("ply",))
    assert audit(read_surfaces(model)).failures == ()
    monkeypatch.undo()
    write_model(*made, tmp_path)
    assert not list(model.glob(".*"))


def test_two_subjects_share_a_folder(made, tmp_path) -> None:
    anatomy, *rest = made
    other = replace(anatomy, annotation=replace(anatomy.annotation, subject="sub-other"))
    write_model(anatomy, *rest, tmp_path)
    write_model(other, *rest, tmp_path)
    assert [path.name for path in find_models(tmp_path)] == ["sub-other", "sub-phantom"]
    for model in find_models(tmp_path):
        assert len(read_surfaces(model)) == 15


def test_a_place_that_cannot_be_written_is_one_line(made, tmp_path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(InputError, match=r"file: cannot be written to \(Not a directory\)"):
        write_model(*made, taken)


def test_files_outside_the_folder_are_never_removed(made, tmp_path) -> None:
    path, victim = write_model(*made, tmp_path), tmp_path / "victim.stl"
    victim.write_text("mine")
    record = json.loads(path.read_text())
    record["together"][0]["path"] = "../victim.stl"
    path.write_text(json.dumps(record))
    write_model(*made, tmp_path)
    assert victim.exists()


def test_changed_and_missing_files_are_named(made, tmp_path) -> None:
    model = write_model(*made, tmp_path).parent
    for name in ("surfaces/sub-phantom_Cord.stl", "surfaces/sub-phantom_Nerveroots.stl"):
        file = model / name
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(InputError, match=rf"{file.name}: changed"):
            read_surfaces(model)
        file.unlink()
        with pytest.raises(InputError, match=rf"{file.name}: named in model\.json but missing"):
            read_surfaces(model)
        file.write_bytes(content)


BROKEN = ["", "{", "[]", '{"format": 99}', '{"format": 1}', '{"format": 1, "structures": [{}]}']


@pytest.mark.parametrize("content", BROKEN)
def test_broken_records_are_one_clear_line(content, tmp_path) -> None:
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(InputError, match=r"model\.json.*build the model again"):
        read_surfaces(tmp_path)


def test_folder_without_a_model_is_named(tmp_path) -> None:
    for read in (read_surfaces, find_models):
        with pytest.raises(InputError, match=r"no model\.json"):
            read(tmp_path)


def test_extrapolated_spans_are_found() -> None:
    flags = np.array([True, False, False, True, True])
    line = Centreline(str(ROOTS[0]), "test", np.arange(15.0).reshape(5, 3) * [0, 0, 1 / 3], np.ones(5), flags)
    np.testing.assert_allclose(extrapolated_spans(line), [[0.0, 1.0], [3.0, 4.0]])


def test_a_write_that_fails_leaves_the_old_file(tmp_path) -> None:
    path = tmp_path / "model.json"
    path.write_text("old")


    def write() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
