import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.io.archive import NoRoomError, unpack
from spinemodel.io.members import MAX_RATIO, is_archive, member_path

INTO = PurePosixPath("derivatives/markers")
GOOD = {"markers/sub-03/a.json": b"{}", "markers/sub-03/b.json": b"[1]"}


def zipped(path: Path, files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as target:
        for name, content in files:
            target.writestr(name, content)
    return path


def tarred(path: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as target:
        for info, content in members:
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
    return path


def linked(name: str, to: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info, to.encode()


def tar_info(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


def everything_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def assert_refused(path: Path, member: str, reason: str) -> None:
    """The archive is refused in one line that names it and the member, and the disk is as it was before."""
    around = path.parent
    before = everything_under(around)
    with pytest.raises(InputError, match=reason) as caught:
        unpack(path, around / "data", INTO)
    message = str(caught.value)
    assert path.name in message
    assert member in message
    assert "\n" not in message
    assert not {name for name in everything_under(around) - before if not (around / name).is_dir()}
    assert not list(around.rglob(".unpack-*"))
    assert not (around / "data" / INTO).exists()


def test_zip_becomes_its_folder_with_the_repeated_one_dropped(tmp_path: Path) -> None:
    path = zipped(tmp_path / "markers.zip", GOOD.items())
    members = unpack(path, tmp_path / "data", INTO)
    assert list(members) == ["derivatives/markers/sub-03/a.json", "derivatives/markers/sub-03/b.json"]
    assert (tmp_path / "data/derivatives/markers/sub-03/b.json").read_bytes() == b"[1]"
    empty_object = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert members["derivatives/markers/sub-03/a.json"] == empty_object
    assert [path.name for path in (tmp_path / "data/derivatives").iterdir()] == ["markers"]


@pytest.mark.parametrize("prefix", ["", "markers/", "derivatives/markers/", "./markers/"])
def test_every_depth_of_packing_gives_the_same_tree(tmp_path: Path, prefix: str) -> None:
    path = tarred(tmp_path / "m.tar.gz", [(tar_info(f"{prefix}sub-0{i}/a.json"), b"{}") for i in (1, 2)])
    assert list(unpack(path, tmp_path, INTO)) == [f"derivatives/markers/sub-0{i}/a.json" for i in (1, 2)]


def test_folder_that_only_some_members_share_is_kept(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.zip", [("markers/a", b""), ("other/b", b"")])
    assert set(unpack(path, tmp_path, INTO)) == {"derivatives/markers/markers/a", "derivatives/markers/other/b"}


def test_macos_leftovers_are_skipped(tmp_path: Path) -> None:
    junk = [("__MACOSX/markers/._a", b"x"), ("markers/.DS_Store", b"x"), ("markers/._a", b"x"), ("markers/a", b"1")]
    assert list(unpack(zipped(tmp_path / "m.zip", junk), tmp_path, INTO)) == ["derivatives/markers/a"]


def test_unpacked_files_have_the_usual_rights_not_those_of_the_archive(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a")
    info.external_attr = (stat.S_IFREG | stat.S_ISUID | 0o777) << 16
    unpack(zipped(tmp_path / "m.zip", [(info, b"1")]), tmp_path, INTO)
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a").touch()
    assert (tmp_path / INTO / "a").stat().st_mode == (plain / "a").stat().st_mode
    assert (tmp_path / INTO).stat().st_mode == plain.stat().st_mode


def test_what_lies_in_the_place_already_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / INTO).mkdir(parents=True)
    (tmp_path / INTO / "mine").write_text("keep")
    with pytest.raises(InputError, match="move it away"):
        unpack(zipped(tmp_path / "m.zip", GOOD.items()), tmp_path, INTO)
    assert (tmp_path / INTO / "mine").read_text() == "keep"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil", "climbs"),
        ("a/../../evil", "climbs"),
        ("/etc/evil", "absolute"),
        ("//server/evil", "absolute"),
        ("C:evil", "colon"),
        ("C:/evil", "colon"),
        ("..\\evil", "backslash"),
        ("a:stream", "colon"),
        ("a\x1b[2Jb", "control"),
        ("a\nb", "control"),
    ],
)
@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str, reason: str, packed: str) -> None:
    if packed == "zip":
        path = zipped(tmp_path / "bad.zip", [("fine", b"1"), (name, b"2")])
    else:
        path = tarred(tmp_path / "bad.tar.gz", [(tar_info("fine"), b"1"), (tar_info(name), b"2")])
    assert_refused(path, repr(name), reason)


def test_zip_name_cut_by_a_null_byte_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bad.zip", [("fine-and-long", b"1")])
    path.write_bytes(path.read_bytes().replace(b"fine-and-long", b"fine\0and-long"))
    assert_refused(path, "fine", "control|broken")


def test_zip_links_are_refused_with_and_without_a_child(tmp_path: Path) -> None:
    assert_refused(zipped(tmp_path / "link.zip", [linked("out", "/etc")]), "out", "link")
    assert_refused(zipped(tmp_path / "child.zip", [linked("out", ".."), ("out/evil", b"1")]), "out", "link")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"]
)
def test_tar_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    members = [(tar_info("fine"), b"1"), (tar_info("out", kind, "../.."), b""), (tar_info("out/evil"), b"2")]
    assert_refused(tarred(tmp_path / "bad.tar.gz", members), "out", "link, a device or of an unknown kind")


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("a", "a", "same file"),
        ("a/b", "./a/b", "same file"),
        ("A.json", "a.json", "same file"),
        ("e\u0301", "\u00e9", "same file"),
        ("a", "a/b", "which is a file"),
        ("a/b", "A", "which is a file"),
    ],
)
def test_two_names_for_one_place_are_refused(tmp_path: Path, first: str, second: str, reason: str) -> None:
    path = tarred(tmp_path / "bad.tar.gz", [(tar_info(first), b"1"), (tar_info(second), b"2")])
    assert_refused(path, first, reason)


def test_duplicate_name_in_a_zip_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path / "bad.zip", [("a", b"1"), ("a", b"2")])
    assert_refused(path, "'a'", "same file")


@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_bomb_is_refused_before_anything_is_written(tmp_path: Path, packed: str) -> None:
    zeros = bytes(20_000_000)
    if packed == "zip":
        path = zipped(tmp_path / "bomb.zip", [("bomb", zeros)], zipfile.ZIP_BZIP2)
    else:
        path = tmp_path / "bomb.tar.xz"
        with tarfile.open(path, "w:xz") as target:
            info = tar_info("bomb")
            info.size = len(zeros)
            target.addfile(info, io.BytesIO(zeros))
    assert len(zeros) > MAX_RATIO * path.stat().st_size
    assert_refused(path, "bomb", "1000 times")


def test_archive_that_the_disk_cannot_hold_is_told_from_a_hostile_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "m.zip", GOOD.items())
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 8191}))
    with pytest.raises(NoRoomError, match=r"needs 8192 bytes .* 8191 are free"):
        unpack(path, tmp_path, INTO)
    assert everything_under(tmp_path) == {"m.zip"}


@pytest.mark.parametrize("declared", [10, 5000])
def test_member_that_lies_about_its_size_is_refused(tmp_path: Path, declared: int) -> None:
    path = zipped(tmp_path / "bad.zip", [("liar", os.urandom(1000))], zipfile.ZIP_STORED)
    content, honest = path.read_bytes(), struct.pack("<I", 1000)
    directory = content.rindex(b"PK\x01\x02")
    patched = content[:directory] + content[directory:].replace(honest, struct.pack("<I", declared))
    path.write_bytes(patched)
    assert_refused(path, "", "broken|bytes than")


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bad.zip", [("secret", b"1")])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert_refused(path, "secret", "encrypted")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_every_truncation_is_refused(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    content = os.urandom(300)
    if suffix == ".zip":
        zipped(whole, [("a", content), ("b", content)])
    else:
        tarred(whole, [(tar_info("a"), content), (tar_info("b"), content)])
    packed = whole.read_bytes()
    for length in range(0, len(packed) - 1, 37):
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(packed[:length])
        assert_refused(cut, "", "broken|holds no files")


def test_archive_without_files_is_refused(tmp_path: Path) -> None:
    assert_refused(zipped(tmp_path / "empty.zip", [("folder/", b"")]), "", "no files")


def damaged(content: bytes, changes: Iterable[tuple[int, int]]) -> bytes:
    patched = bytearray(content)
    for place, value in changes:
        patched[place % len(patched)] = value
    return bytes(patched)


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
@given(changes=st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_gives_an_input_error_or_a_tree_inside_the_folder(
    tmp_path_factory: pytest.TempPathFactory, make: Callable[..., Path], changes: list[tuple[int, int]]
) -> None:
    around = tmp_path_factory.mktemp("damage")
    if make is zipped:
        path = zipped(around / "m.zip", [(name, name.encode() * 9) for name in ("d/a", "d/b", "c")])
    else:
        path = tarred(around / "m.tar", [(tar_info(name), b"12345") for name in ("d/a", "d/b", "c")])
    path.write_bytes(damaged(path.read_bytes(), changes))
    try:
        members = set(unpack(path, around / "data", INTO))
    except InputError:
        members = set()
    assert {name for name in everything_under(around) if (around / name).is_file()} == {
        path.name, *(f"data/{name}" for name in members)
    }
    assert not list(around.rglob(".unpack-*"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.zip", True), ("A.ZIP", True), ("a.tar.gz", True), ("a.tgz", True), ("ct.nii.gz", False), ("a.json", False)],
)
def test_images_are_not_taken_for_archives(name: str, expected: bool) -> None:
    assert is_archive(name) is expected


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        member_path("./")
