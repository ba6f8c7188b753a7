import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.errors import InputError
from spinemodel.io import bids
from spinemodel.io.bids import read_subject, write_subject
from spinemodel.io.fcsv import write_fcsv
from spinemodel.io.files import sha256
from spinemodel.io.slicer import Frame, LengthUnit, Markup, read_markups, write_markups
from spinemodel.levels import ROOTS, RootName

CIRCLE = np.stack([np.cos(np.arange(8)), np.sin(np.arange(8)), np.zeros(8)], axis=1)
EMPTY = '{"@schema": "markups-schema-v1.0.3.json#", "markups": []}'
L1_L, S2_R = RootName("L1", "L"), RootName("S2", "R")


def markers(points: np.ndarray) -> Markers:
    return Markers(points, "drawn")


def drawn(subject: str = "sub-03") -> Annotation:
    """Return a small complete annotation whose structures all differ."""
    ganglia = [np.linspace([3 * i, 4, -40], [3 * i, 4, -44], 1 + i % 2) for i in range(len(ROOTS))]
    return Annotation(
        subject=subject,
        space=f"{subject}/scanner",
        cord=tuple(markers(4 * CIRCLE + [1, 2, -2.5 * i]) for i in range(12)),
        dura=tuple(markers(8 * CIRCLE + [1, 2, -2.5 * i]) for i in range(13)),
        roots={root: markers(np.linspace([i, 3, 0], [3 * i, 4, -30], 5)) for i, root in enumerate(ROOTS)},
        ganglia={root: markers(points) for root, points in zip(ROOTS, ganglia, strict=True)},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of the marker files of a complete subject, sub-03."""
    write_subject(drawn(), tmp_path / "files")
    return tmp_path / "files"


def sorted_points(contours: tuple[Markers, ...]) -> list[list[list[float]]]:
    return sorted(contour.points.tolist() for contour in contours)


def assert_same(read: Annotation, truth: Annotation) -> None:
    for name in ("cord", "dura"):
        np.testing.assert_allclose(sorted_points(getattr(read, name)), sorted_points(getattr(truth, name)), atol=1e-12)
    for name in ("roots", "ganglia"):
        assert list(getattr(read, name)) == list(getattr(truth, name))
        for root, strand in getattr(truth, name).items():
            np.testing.assert_allclose(getattr(read, name)[root].points, strand.points, atol=1e-12)


def error_of(folder: Path, subject: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_subject(folder, subject)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(path: Path, change: Callable[[list], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document["markups"])
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("frame", ["LPS", "RAS"])
@pytest.mark.parametrize("unit", ["mm", "um"])
def test_what_is_written_is_read_back(tmp_path: Path, frame: Frame, unit: LengthUnit) -> None:
    write_subject(drawn(), tmp_path, frame, unit)
    read = read_subject(tmp_path)
    assert_same(read, drawn())
    assert (read.subject, read.space, read.notes) == ("sub-03", "sub-03/scanner", ())


def test_files_are_written_in_the_layout_of_the_dataset(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert len(names) == 12 + 13 + 14 + 14
    assert {"sub-03_cord_1.json", "sub-03_dura_13.json", "sub-03_nerveroots_S2_R.json"} <= names
    for name, kind in (("cord_1", "ClosedCurve"), ("nerveroots_L1_L", "Fiducial"), ("ganglions_L1_L", "Fiducial")):
        assert read_markups(folder / f"sub-03_{name}.json")[0].kind == kind
    assert read_markups(folder / "sub-03_ganglions_L1_R.json")[0].labels == ("ganglions_L1_R-1", "ganglions_L1_R-2")


def test_writing_again_replaces_but_never_mixes_two_subjects_contours(folder: Path) -> None:
    write_subject(drawn(), folder)
    assert len(read_subject(folder).cord) == 12
    with pytest.raises(InputError, match=r"holds other marker files \(sub-03_cord_1\.json, .* and 43 more\); give"):
        write_subject(drawn("sub-04"), folder)


@pytest.mark.parametrize("home", ["derivatives/markers/sub-03", "markers/sub-03", "sub-03", "markers/sub_03"])
def test_a_dataset_with_or_without_derivatives(tmp_path: Path, folder: Path, home: str) -> None:
    root = tmp_path / "dataset"
    shutil.copytree(folder, root / home)
    (root / "sub-07" / "anat").mkdir(parents=True)
    (root / "dataset_description.json").write_text("{}")
    for subject in (None, "sub-03", "03", "sub_03"):
        assert_same(read_subject(root, subject), drawn())


def test_a_folder_of_a_subject_in_a_dataset(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "derivatives" / "markers" / "sub-03"
    shutil.copytree(folder, home)
    assert_same(read_subject(home), drawn())


def test_several_subjects_are_listed_and_chosen_by_name(tmp_path: Path, folder: Path) -> None:
    for subject in ("sub-03", "sub-14"):
        write_subject(drawn(subject), tmp_path / "set" / "markers" / subject)
    assert "expected one subject, got sub-03, sub-14; name the subject to read" in error_of(tmp_path / "set")
    assert "subject: expected one of sub-03, sub-14, got sub-99; name one of them" in error_of(tmp_path / "set", "99")
    read = read_subject(tmp_path / "set", "14")
    assert (read.subject, read.space) == ("sub-14", "sub-14/scanner")


def test_one_subject_in_two_folders_is_refused(tmp_path: Path) -> None:
    for name in ("sub-03", "sub_03"):
        write_subject(drawn(), tmp_path / "markers" / name)
    assert "markers: expected one folder per subject, got sub-03 and sub_03; keep one" in error_of(tmp_path)


def test_the_spelling_of_subject_14(folder: Path) -> None:
    for path in folder.glob("sub-03_dura_*"):
        path.rename(folder / path.name.replace("sub-03", "sub_03"))
    read = read_subject(folder)
    assert_same(read, drawn())
    assert read.notes == ()


def test_levels_sides_and_suffixes_in_any_case(folder: Path) -> None:
    (folder / "sub-03_nerveroots_S2_R.json").rename(folder / "Sub-03_NerveRoots_s2_r.MRK.JSON")
    (folder / "sub-03_cord_1.json").rename(folder / "sub-03_cord_1.mrk.json")
    assert_same(read_subject(folder), drawn())


def test_fcsv_files_are_read_beside_json(folder: Path) -> None:
    for name, points in (("cord_1", drawn().cord[0].points), ("ganglions_S2_R", drawn().ganglia[S2_R].points)):
        (folder / f"sub-03_{name}.json").unlink()
        write_fcsv(folder / f"sub-03_{name}.fcsv", Markup("Fiducial", points))
    assert_same(read_subject(folder), drawn())


def test_each_file_has_its_own_frame_and_unit(folder: Path) -> None:
    write_markups(folder / "sub-03_cord_3.json", [Markup("ClosedCurve", drawn().cord[2].points)], "RAS", "um")
    assert_same(read_subject(folder), drawn())


def test_file_numbers_mean_nothing(folder: Path) -> None:
    numbers = list(range(1, 13))
    random.Random(1).shuffle(numbers)
    for old in range(1, 13):
        (folder / f"sub-03_cord_{old}.json").rename(folder / f"old_{old}")
    for old, new in enumerate(numbers, 1):
        (folder / f"old_{old}").rename(folder / f"sub-03_cord_{new + 100}.json")
    assert_same(read_subject(folder), drawn())


def test_the_order_of_the_directory_means_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_subject(folder)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: reversed(list(listed(path))))
    second = read_subject(folder)
    assert first.sources == second.sources
    assert [contour.source for contour in first.cord] == [contour.source for contour in second.cord]


def test_sources_are_the_files_in_name_order_with_their_hashes(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    sources = read_subject(folder).sources
    names = sorted(path.name for path in folder.glob("*.json"))
    assert [source.name for source in sources] == names
    assert [source.sha256 for source in sources] == [sha256((folder / name).read_bytes()) for name in names]


def test_markers_name_their_file(folder: Path) -> None:
    read = read_subject(folder)
    assert read.roots[L1_L].source == "sub-03_nerveroots_L1_L.json"
    assert {contour.source for contour in read.cord} == {f"sub-03_cord_{i}.json" for i in range(1, 13)}


@pytest.mark.parametrize(
    "name",
    [
        "sub-03_cord_notes.txt",
        "sub-03_cord_1a.json",
        "sub-03_nerveroots_T12_L.json",
        "sub-03_nerveroots_L1.json",
        "sub-04_cord_1.json",
        "README",
        "old/",
    ],
)
def test_stray_files_are_named_and_skipped(folder: Path, name: str) -> None:
    if name.endswith("/"):
        (folder / name).mkdir()
    else:
        (folder / name).write_text("not JSON")
    read = read_subject(folder, "03")
    assert_same(read, drawn())
    assert read.notes == (f"skipped, not a marker file of this subject: {name.rstrip('/')}",)


def test_files_of_two_subjects_in_one_folder_need_a_name_or_the_folders(tmp_path: Path) -> None:
    write_subject(drawn(), tmp_path / "sub-03")
    shutil.copy(tmp_path / "sub-03" / "sub-03_cord_1.json", tmp_path / "sub-03" / "sub-04_cord_1.json")
    assert read_subject(tmp_path / "sub-03").subject == "sub-03"
    (tmp_path / "sub-03").rename(tmp_path / "all")
    assert "expected one subject, got sub-03, sub-04; name the subject" in error_of(tmp_path / "all")
    assert "sub-04" in error_of(tmp_path / "all", "sub-04")


def test_hidden_files_are_ignored_in_silence(folder: Path) -> None:
    for name in (".DS_Store", "._sub-03_cord_1.json", ".77.sub-03_cord_1.json"):
        (folder / name).write_bytes(b"\0")
    assert read_subject(folder).notes == ()


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("sub-03_nerveroots_L1_L.json", "sub_03_nerveroots_L1_L.json"),
        ("sub-03_nerveroots_L1_L.json", "sub-03_nerveroots_l1_l.json"),
        ("sub-03_ganglions_S2_R.json", "sub-03_ganglions_S2_R.mrk.json"),
        ("sub-03_dura_1.json", "sub-03_dura_1.fcsv"),
        ("sub-03_cord_1.json", "sub-03_cord_01.json"),
    ],
)
def test_two_files_for_one_structure_are_named(folder: Path, name: str, twin: str) -> None:
    shutil.copy(folder / name, folder / twin)
    message = error_of(folder)
    assert f"got {min(name, twin)} and {max(name, twin)}; remove one of them" in message


def test_missing_roots_and_ganglia_are_noted(folder: Path) -> None:
    for name in ("nerveroots_S2_R", "ganglions_S2_R", "nerveroots_L1_L", "ganglions_L5_R"):
        (folder / f"sub-03_{name}.json").unlink()
    read = read_subject(folder)
    assert len(read.roots) == 12
    assert read.notes == (
        "no root L1_L: built without it, its ganglion is not used",
        "no ganglion L5_R: the root ends where its markers end",
        "no root S2_R: built without it",
    )


@pytest.mark.parametrize("structure", ["cord", "dura"])
def test_no_contour_at_all_is_an_error(folder: Path, structure: str) -> None:
    for path in folder.glob(f"*_{structure}_*"):
        path.unlink()
    assert f"expected contours of the {structure}, got none; add sub-03_{structure}_1.json" in error_of(folder)


@pytest.mark.parametrize("kept", ["cord", "nerveroots", "ganglions"])
def test_who_drew_only_some_can_be_read_to_be_compared(folder: Path, kept: str) -> None:
    for path in folder.iterdir():
        if kept not in path.name:
            path.unlink()
    read, whole = read_subject(folder, complete=False), drawn()
    parts = {"cord": (12, 0, 0), "nerveroots": (0, 14, 0), "ganglions": (0, 0, 14)}
    assert (len(read.cord), len(read.roots), len(read.ganglia)) == parts[kept]
    assert (read.dura, read.notes) == ((), ())
    for root, strand in read.roots.items():
        np.testing.assert_allclose(strand.points, whole.roots[root].points, atol=1e-12)
    assert "expected contours of the" in error_of(folder)


@pytest.mark.parametrize("name", ["fcsv", "json"])
def test_every_error_of_a_file_states_its_path(folder: Path, name: str) -> None:
    path = folder / f"sub-03_ganglions_S2_R.{name}"
    (folder / "sub-03_ganglions_S2_R.json").unlink()
    path.write_text("tip,1,none,3" if name == "fcsv" else "{}")
    assert error_of(folder).startswith(f"{path}: ")
    path.write_text("# CoordinateSystem = RAS" if name == "fcsv" else EMPTY)
    assert error_of(folder).startswith(f"{path}: expected points with a defined position")


@pytest.mark.parametrize("name", ["cord_3", "dura_3", "nerveroots_L1_L", "ganglions_L1_L"])
def test_a_file_without_a_usable_point_is_named(folder: Path, name: str) -> None:
    path = folder / f"sub-03_{name}.json"
    edit(path, lambda markups: [point.update(positionStatus="undefined") for point in markups[0]["controlPoints"]])
    assert f"{path.name}: expected points with a defined position, got none; draw them" in error_of(folder)
    edit(path, lambda markups: markups.clear())
    assert f"{path.name}: expected points with a defined position, got none; draw them" in error_of(folder)


def test_left_out_points_are_noted_with_the_file(folder: Path) -> None:
    path = folder / "sub-03_dura_3.json"
    edit(path, lambda markups: markups[0]["controlPoints"][2].update(positionStatus="preview"))
    assert read_subject(folder).notes == ("sub-03_dura_3.json: left out (status preview): point 3",)


def test_more_than_one_markup_with_points_is_an_error(folder: Path) -> None:
    path = folder / "sub-03_cord_3.json"
    edit(path, lambda markups: markups.append({"type": "Fiducial", "controlPoints": []}))
    assert_same(read_subject(folder), drawn())
    edit(path, lambda markups: markups.append(markups[0]))
    assert "sub-03_cord_3.json: markups: expected one with points, got 2; save each" in error_of(folder)


@pytest.mark.parametrize("kind", ["Plane", "ROI", "Angle"])
def test_a_markup_whose_points_are_no_drawing_is_an_error(folder: Path, kind: str) -> None:
    edit(folder / "sub-03_cord_3.json", lambda markups: markups[0].update(type=kind))
    assert f"sub-03_cord_3.json: markups: expected points or a curve, got {kind}; " in error_of(folder)


@pytest.mark.parametrize("name", ["cord_3.json", "nerveroots_S1_L.json"])
def test_a_damaged_file_is_named(folder: Path, name: str) -> None:
    path = folder / f"sub-03_{name}"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert error_of(folder).startswith(f"{path}: expected JSON, got text that is cut off or damaged")
    path.write_bytes(b"")
    assert f"sub-03_{name}: the file is empty" in error_of(folder)
    path.unlink()
    path.mkdir()
    assert f"sub-03_{name}: cannot be read (Is a directory)" in error_of(folder)


def test_a_number_that_is_none_is_named_with_file_and_field(folder: Path) -> None:
    path = folder / "sub-03_dura_4.json"
    edit(path, lambda markups: markups[0]["controlPoints"][3].update(position=[1, np.nan, 3]))
    assert error_of(folder) == (
        f"{path}: markups[0].controlPoints[3].position[1]: expected a finite number, got NaN; "
        "correct the file in a text editor or save it again from Slicer"
    )


def test_a_folder_without_markers_a_file_and_nothing_are_named(tmp_path: Path) -> None:
    (tmp_path / "sub-05").mkdir()
    assert "expected marker files such as sub-03_cord_1.json, or a dataset with" in error_of(tmp_path)
    assert "cannot be read (No such file or directory); give a folder" in error_of(tmp_path / "none")
    (tmp_path / "file").touch()
    assert "cannot be read (Not a directory); give a folder of marker files" in error_of(tmp_path / "file")


def test_long_lists_are_shortened() -> None:
    assert bids._some(["a", "b"]) == "a, b"
    assert bids._some([str(i) for i in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_the_real_subject(sub03: Path) -> None:
    read = read_subject(sub03)
    assert (read.subject, read.notes, len(read.sources)) == ("sub-03", (), 174)
    assert (len(read.cord), len(read.dura), len(read.roots), len(read.ganglia)) == (66, 80, 14, 14)
    assert {len(ganglion.points) for ganglion in read.ganglia.values()} == {1}
    assert sum(len(root.points) for root in read.roots.values()) == 536
    cord, dura = (np.vstack([contour.points for contour in contours]) for contours in (read.cord, read.dura))
    np.testing.assert_allclose([cord[:, 2].min(), cord[:, 2].max()], [-481.6, -351.6], atol=0.1)
    np.testing.assert_allclose([dura[:, 2].min(), dura[:, 2].max()], [-509.6, -351.6], atol=0.1)
    assert read.ganglia[L1_L].points[0, 0] < dura[:, 0].mean() < read.ganglia[RootName("L1", "R")].points[0, 0]


def test_files_in_different_frames_are_believed_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "sub-phantom"
    write_subject(annotate(Phantom()), folder)
    odd = folder / "sub-phantom_cord_3.json"
    (markup,) = read_markups(odd)
    write_markups(odd, [markup], frame="RAS")
    annotation = read_subject(folder)
    assert "frames differ: sub-phantom_cord_3.json stated as RAS, the others not" in annotation.notes
    read = next(markers for markers in annotation.cord if markers.source == odd.name)
    np.testing.assert_allclose(read.points, markup.points, atol=1e-12)
