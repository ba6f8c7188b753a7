"""The folder of an export: whole or not at all, and only its own files."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.exports.contents import ExportedFile, ExportFormat
from spinemodel.io.exports.folder import write_export
from spinemodel.io.exports.formats import find_format
from spinemodel.io.whole_model import WholeModel, read_model
from tests.io.exports.toy_contents import full_contents, toy_contents, toy_lead, whole_folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> WholeModel:
    return read_model(whole_folder(tmp_path_factory.mktemp("models") / "sub-toy"))


def form(*names: str, text: str = "x", list_of: tuple[str, ...] | None = None) -> ExportFormat:
    """A format that writes text files of these names."""

    def write(contents, folder):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return [ExportedFile(Path(name), "text", "RAS", "mm") for name in (names if list_of is None else list_of)]

    return ExportFormat("toy", "a toy", "Open {subject}.", write)


def contents_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_record_says_what_was_written_from_what(model, tmp_path) -> None:
    lead = tmp_path / "some_lead.json"
    lead.write_text("{}")
    contents = replace(full_contents(model, frame="RAS", spacing_mm=1.0), lead_file=lead)
    written = write_export(contents, form("a/b.txt", "c.txt"), tmp_path / "out")
    record = json.loads((tmp_path / "out" / "export.json").read_text())
    assert (record["to"], record["subject"], record["space"]) == ("toy", "sub-toy", "sub-toy/scanner")
    assert record["options"] == {"frame": "RAS", "spacing_mm": 1.0, "tetrahedra": False}
    digests = {row["name"]: row["sha256"] for row in record["sources"]}
    assert digests["model.json"] == hashlib.sha256((model.folder / "model.json").read_bytes()).hexdigest()
    assert digests["lead.json"] == hashlib.sha256(b"{}").hexdigest()
    assert record["conductivities"]["name"] == "capogrosso2013"
    assert record["lead"] == {"name": "toy", "verified": False}
    for row in record["files"]:
        content = (tmp_path / "out" / row["path"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert [row["path"] for row in record["files"]] == ["README.txt", "a/b.txt", "c.txt"]
    assert (record["files"][1]["frame"], record["files"][1]["unit"]) == ("RAS", "mm")
    assert written.readme.exists()
    parts = {(part["kind"], part["name"]): part for part in record["parts"]}
    assert parts["tissue", "White"]["conductivity"]["across"] == 0.083
    assert parts["lead", "C2"]["label"] == 102


def test_the_same_export_gives_the_same_bytes_anywhere(model, tmp_path) -> None:
    for out in (tmp_path / "a", tmp_path / "deep" / "b", tmp_path / "a"):
        write_export(full_contents(model), form("a/b.txt"), out)
    assert contents_of(tmp_path / "a") == contents_of(tmp_path / "deep" / "b")
    assert str(tmp_path).encode() not in b"".join(contents_of(tmp_path / "a").values())


def test_an_earlier_exports_files_go_and_others_stay(model, tmp_path) -> None:
    contents = toy_contents(model)
    write_export(contents, form("old/gone.txt", "kept.txt"), tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    write_export(contents, form("kept.txt", "new.txt", text="y"), tmp_path)
    assert sorted(contents_of(tmp_path)) == ["README.txt", "export.json", "kept.txt", "mine.txt", "new.txt"]
    assert (tmp_path / "kept.txt").read_text() == "y"
    assert not (tmp_path / "old").exists()
    assert not (tmp_path / ".partial").exists()


def test_a_file_that_no_export_wrote_is_never_replaced(model, tmp_path) -> None:
    (tmp_path / "README.txt").write_text("mine")
    with pytest.raises(InputError, match=r"README\.txt: is there, and no export wrote it"):
        write_export(toy_contents(model), form("a.txt"), tmp_path)
    assert contents_of(tmp_path) == {"README.txt": b"mine"}


def test_an_export_that_was_stopped_before_its_record_can_be_repeated(model, tmp_path) -> None:
    write_export(toy_contents(model), form("a.txt"), tmp_path)
    before = contents_of(tmp_path)
    (tmp_path / "export.json").unlink()
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "half.txt").write_text("half")
    write_export(toy_contents(model), form("a.txt"), tmp_path)
    assert contents_of(tmp_path) == before


def test_the_models_folder_and_its_files_are_refused(model, tmp_path) -> None:
    before = contents_of(model.folder)
    for out in (model.folder, model.folder / "tissues", model.folder / "new" / "deep"):
        with pytest.raises(InputError, match="is the folder of the model"):
            write_export(toy_contents(model), form("a.txt"), out)
    above = model.folder.parent
    with pytest.raises(InputError, match="is an input of this export"):
        write_export(toy_contents(model), form("sub-toy/a.txt"), above)
    assert contents_of(model.folder) == before
    other = whole_folder(tmp_path / "sub-toy")
    with pytest.raises(InputError, match=r"is the folder of a model \(it holds model\.json\)"):
        write_export(toy_contents(model), form("a.txt"), other)


def test_a_false_record_removes_nothing_of_the_model_or_outside(model, tmp_path) -> None:
    (tmp_path / "outside.txt").write_text("x")
    out = model.folder.parent
    rows = [{"path": "sub-toy/model.json"}, {"path": str(tmp_path / "outside.txt")}, {"path": "../../etc"}]
    (out / "export.json").write_text(json.dumps({"files": rows}))
    write_export(toy_contents(model), form("a.txt"), out)
    assert (model.folder / "model.json").exists()
    assert (tmp_path / "outside.txt").exists()
    for name in ("a.txt", "README.txt", "export.json"):
        (out / name).unlink()


def test_a_lead_file_is_not_replaced(model, tmp_path) -> None:
    lead = tmp_path / "Lead.json"
    lead.write_text("{}")
    contents = toy_contents(model, lead=toy_lead(), lead_file=lead)
    with pytest.raises(InputError, match="is an input of this export"):
        write_export(contents, form("lead.json"), tmp_path)
    assert lead.read_text() == "{}"


def test_a_folder_that_cannot_be_written_to_is_one_line(model, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file; choose a folder"):
        write_export(toy_contents(model), form("a.txt"), tmp_path / "file")
    with pytest.raises(InputError, match="cannot be written to"):
        write_export(toy_contents(model), form("a.txt"), tmp_path / "file" / "out")


def test_a_format_that_fails_leaves_nothing(model, tmp_path) -> None:
    def fail(contents, folder):
        (folder / "half.txt").write_text("half")
        raise InputError("no")

    broken = ExportFormat("toy", "a toy", "", fail)
    with pytest.raises(InputError, match="no"):
        write_export(toy_contents(model), broken, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    write_export(toy_contents(model), form("a.txt"), tmp_path / "out")
    before = contents_of(tmp_path)
    with pytest.raises(InputError, match="no"):
        write_export(toy_contents(model), broken, tmp_path / "out")
    assert contents_of(tmp_path) == before


@pytest.mark.parametrize("names", [("a.txt", "A.TXT"), ("readme.txt",), ("x/a.txt", "X/A.txt")])
def test_files_that_collide_are_refused(model, tmp_path, names) -> None:
    with pytest.raises(InputError, match="collide"):
        write_export(toy_contents(model), form(*names), tmp_path / "out")


def test_a_file_name_that_windows_keeps_is_refused(model, tmp_path) -> None:
    with pytest.raises(InputError, match="Windows"):
        write_export(toy_contents(model), form("aux.txt"), tmp_path / "out")


def test_unlisted_files_are_a_bug_of_the_format(model, tmp_path) -> None:
    with pytest.raises(RuntimeError, match=r"wrote \['b\.txt'\] unlisted, lists \['c\.txt'\]"):
        write_export(toy_contents(model), form("a.txt", "b.txt", list_of=("a.txt", "c.txt")), tmp_path / "out")


def test_every_mesh_format_is_the_same_twice(model, tmp_path) -> None:
    for name in ("vtk", "gifti", "stl", "obj", "ply", "glb", "slicer"):
        for copy in ("a", "b"):
            write_export(full_contents(model), find_format(name), tmp_path / copy / name)
    assert contents_of(tmp_path / "a") == contents_of(tmp_path / "b")
