import hashlib
import io
import json
import re
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from spinemodel.errors import InputError
from spinemodel.io import download
from spinemodel.io.fetch import Outcome, choose, fetch, find_dataset
from spinemodel.io.local import SIDECAR, presence, verify
from spinemodel.io.manifest import Component, Dataset, Manifest, RemoteFile, read_manifest
from spinemodel.io.osf import list_files

BODY = bytes(range(256)) * 4000
MARKERS = {"markers/sub-03/sub-03_cord_1.json": b"{}", "markers/sub-03/sub-03_dura_1.json": b"[]", "__MACOSX/x": b""}


@dataclass
class Route:
    """What the server answers at one path; `cuts` are the bytes it sends before it drops the next connections."""

    body: bytes
    has_ranges: bool = True
    has_length: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    wait_s: float = 0.0


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, str | None]] = []

    def add(self, path: str, body: bytes, **answers: Any) -> str:
        self.routes[path] = Route(body, **answers)
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append((self.path, asked))
        route = self.server.routes.get(self.path)
        if route is None or route.statuses:
            self.send_error(404 if route is None else route.statuses.pop(0))
            return
        time.sleep(route.wait_s)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and route.has_ranges else 0
        if start >= len(route.body):
            self.send_error(416)
            return
        self.send_response(206 if asked and route.has_ranges else 200)
        if asked and route.has_ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(route.body) - 1}/{len(route.body)}")
        if route.has_length:
            self.send_header("Content-Length", str(len(route.body) - start))
        self.end_headers()
        self.wfile.write(route.body[start : start + route.cuts.pop(0) if route.cuts else None])

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name, body in files.items():
            target.writestr(name, body)
    return content.getvalue()


def row(url: str, body: bytes, **changes: Any) -> dict[str, Any]:
    name = url.rsplit("/", 1)[1]
    return {"name": name, "url": url, "bytes": len(body), "checksum": sha256(body), "note": "a test", **changes}


def dataset_of(files: dict[str, dict[str, Any]], components: dict[str, dict[str, Any]] | None = None) -> Dataset:
    about = {"title": "t", "licence": "CC0", "doi": "10.1234/x", "home": "http://127.0.0.1/", "citation": ["c"]}
    return Dataset.model_validate({**about, "files": files, "components": components or {}})


def run(dataset: Dataset, folder: Path, *parts: str) -> list[Outcome]:
    return list(fetch(choose(dataset, parts or ["all"]), folder))


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {SIDECAR}


def failure(dataset: Dataset, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        run(dataset, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_file_arrives_with_its_name_and_its_progress(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    dataset = dataset_of({"a": row(server.add("/a.csv", BODY), BODY, into="tables")})
    (outcome,) = fetch(choose(dataset, ["a"]), tmp_path, lambda *step: told.append(step))
    assert (tmp_path / "tables/a.csv").read_bytes() == BODY
    assert files_in(tmp_path) == {"tables/a.csv"}
    assert outcome.is_new
    for what in ("a.csv", "check a.csv"):
        steps = [done for name, done, total in told if name == what and total == len(BODY)]
        assert steps == sorted(set(steps))
        assert steps[-1] == len(BODY)


def test_archive_becomes_its_bids_folder_and_is_not_kept(server: Server, tmp_path: Path) -> None:
    body = packed(MARKERS)
    dataset = dataset_of({"markers": row(server.add("/markers.zip", body), body, unpack_to="derivatives/markers")})
    run(dataset, tmp_path)
    tree = {"derivatives/markers/sub-03/sub-03_cord_1.json", "derivatives/markers/sub-03/sub-03_dura_1.json"}
    assert files_in(tmp_path) == tree
    record = json.loads((tmp_path / SIDECAR).read_text())["parts"]["markers"]["derivatives/markers.zip"]
    assert record["members"]["derivatives/markers/sub-03/sub-03_cord_1.json"] == sha256(b"{}")
    assert record["file"]["checksum"] == sha256(body)


def test_second_fetch_asks_for_nothing(server: Server, tmp_path: Path) -> None:
    body = packed(MARKERS)
    dataset = dataset_of(
        {"m": row(server.add("/m.zip", body), body, unpack_to="m"), "a": row(server.add("/a", BODY), BODY)}
    )
    run(dataset, tmp_path)
    asked = len(server.asked)
    assert [outcome.is_new for outcome in run(dataset, tmp_path)] == [False, False]
    assert len(server.asked) == asked == 2


def test_dropped_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY, cuts=[600_000, 300_000]), BODY)})
    run(dataset, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for _, asked in server.asked if asked]
    assert len(server.asked) == 3
    assert 0 < starts[0] <= 600_000 < starts[1] <= 900_000


def test_later_run_resumes_from_the_part_file(server: Server, tmp_path: Path) -> None:
    url = server.add("/a", BODY, cuts=[600_000, 0])
    dataset = dataset_of({"a": row(url, BODY)})
    assert "run the same command again" in failure(dataset, tmp_path)
    assert files_in(tmp_path) == {"a.part"}
    kept = (tmp_path / "a.part").stat().st_size
    assert (tmp_path / "a.part").read_bytes() == BODY[:kept] != b""
    run(dataset, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.asked[-1] == ("/a", f"bytes={kept}-")


@pytest.mark.parametrize("kept", [b"", BODY[:5], BODY, BODY + b"more", b"x" * 70_000])
def test_any_part_file_ends_in_the_right_file_or_is_deleted(server: Server, tmp_path: Path, kept: bytes) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY)})
    (tmp_path / "a.part").write_bytes(kept)
    if kept.startswith(b"x"):
        assert sha256(BODY) in failure(dataset, tmp_path)
        assert files_in(tmp_path) == set()
    run(dataset, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY
    assert files_in(tmp_path) == {"a"}


def test_server_without_ranges_starts_again(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY, has_ranges=False), BODY)})
    (tmp_path / "a.part").write_bytes(BODY[:600_000])
    run(dataset, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY


def test_part_that_no_checksum_could_prove_is_not_continued(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY, checksum=None)})
    (tmp_path / "a.part").write_bytes(b"x" * 600_000)
    run(dataset, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.asked == [("/a", None)]


def test_wrong_checksum_names_both_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    expected = sha256(b"other")
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY, checksum=expected)})
    message = failure(dataset, tmp_path)
    assert expected in message
    assert hashlib.sha256(BODY).hexdigest() in message
    assert "/a:" in message
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize("has_length", [True, False])
@pytest.mark.parametrize("expected", [len(BODY) - 1, len(BODY) + 1])
def test_wrong_size_names_both_and_leaves_nothing(
    server: Server, tmp_path: Path, has_length: bool, expected: int
) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY, has_length=has_length), BODY, bytes=expected)})
    message = failure(dataset, tmp_path)
    assert f"got {len(BODY)} bytes, expected {expected}" in message
    assert files_in(tmp_path) == set()


def test_file_without_published_size_and_checksum_arrives_and_is_recorded(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY, checksum=None, bytes=None)})
    (outcome,) = run(dataset, tmp_path)
    assert outcome.members == {"a": sha256(BODY)}
    (tmp_path / "a").write_bytes(b"changed")
    assert verify(dataset, tmp_path)[1][0].path == "a"


def test_missing_file_says_where_to_look(server: Server, tmp_path: Path) -> None:
    server.add("/b", b"")
    dataset = dataset_of({"a": row(server.add("/b", BODY).replace("/b", "/gone"), BODY)})
    assert re.search(r"/gone: the server answers 404 .*; look for it on the dataset's page", failure(dataset, tmp_path))
    assert files_in(tmp_path) == set()


def test_broken_server_is_not_asked_for_ever(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY, statuses=[500]), BODY)})
    assert "answers 500" in failure(dataset, tmp_path)
    assert len(server.asked) == 1


def test_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY, statuses=[429]), BODY)})
    run(dataset, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY


def test_refused_connection_says_what_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        dataset = dataset_of({"a": row(f"http://{host}/a", BODY)})
        assert f"{host} cannot be reached; check the network" in failure(dataset, tmp_path)


def test_silent_server_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT_S", 0.2)
    dataset = dataset_of({"a": row(server.add("/a", BODY, wait_s=0.6), BODY)})
    assert "was silent" in failure(dataset, tmp_path)


def test_ctrl_c_leaves_only_the_part_file(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY)})

    def interrupt(name: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(fetch(choose(dataset, ["a"]), tmp_path, interrupt))
    assert files_in(tmp_path) == {"a.part"}
    assert presence(dataset, tmp_path) == {"a": "absent"}
    run(dataset, tmp_path)
    assert files_in(tmp_path) == {"a"}


def test_full_disk_is_seen_before_the_first_byte(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = dataset_of({"a": row(server.add("/a.zip", BODY), BODY, unpack_to="a")})
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2 * len(BODY) - 1}))
    assert f"needs {2 * len(BODY)} bytes" in failure(dataset, tmp_path)
    assert server.asked == []


def test_hostile_archive_leaves_nothing(server: Server, tmp_path: Path) -> None:
    body = packed({"fine": b"1", "../evil": b"2"})
    dataset = dataset_of({"a": row(server.add("/a.zip", body), body, unpack_to="b/a")})
    message = failure(dataset, tmp_path / "data")
    assert "a.zip" in message
    assert "'../evil'" in message
    assert files_in(tmp_path / "data") == set()
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


def test_what_the_user_changed_is_never_overwritten(server: Server, tmp_path: Path) -> None:
    body = packed(MARKERS)
    dataset = dataset_of(
        {"m": row(server.add("/m.zip", body), body, unpack_to="markers"), "a": row(server.add("/a", BODY), BODY)}
    )
    run(dataset, tmp_path)
    mine = tmp_path / "markers/sub-03/sub-03_cord_1.json"
    mine.write_text("corrected by hand")
    assert f"{mine}: has changed" in failure(dataset, tmp_path)
    assert mine.read_text() == "corrected by hand"


@pytest.mark.parametrize("part", [{"unpack_to": "taken"}, {"into": "taken"}])
def test_what_came_otherwise_is_never_overwritten(server: Server, tmp_path: Path, part: dict[str, str]) -> None:
    body = packed(MARKERS)
    dataset = dataset_of({"m": row(server.add("/m.zip", body), body, checksum=None, **part)})
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/m.zip").write_text("mine")
    assert "was not fetched by spinemodel" in failure(dataset, tmp_path)
    assert (tmp_path / "taken/m.zip").read_text() == "mine"


def test_archive_put_there_by_hand_is_used_if_it_is_the_published_one(server: Server, tmp_path: Path) -> None:
    body = packed(MARKERS)
    dataset = dataset_of({"m": row(server.add("/m.zip", body), body, unpack_to="markers")})
    (tmp_path / "m.zip").write_bytes(b"mine")
    assert "is not the published file" in failure(dataset, tmp_path)
    assert (tmp_path / "m.zip").read_bytes() == b"mine"
    (tmp_path / "m.zip").write_bytes(body)
    run(dataset, tmp_path)
    assert files_in(tmp_path) == {name for name in MARKERS if "__MACOSX" not in name}
    assert server.asked == []


def test_verify_names_changed_and_missing_files(server: Server, tmp_path: Path) -> None:
    body = packed(MARKERS)
    dataset = dataset_of(
        {"m": row(server.add("/m.zip", body), body, unpack_to="markers"), "a": row(server.add("/a", BODY), BODY)}
    )
    run(dataset, tmp_path)
    assert verify(dataset, tmp_path) == (3, ())
    (tmp_path / "markers/sub-03/sub-03_cord_1.json").unlink()
    (tmp_path / "a").write_bytes(b"")
    count, wrong = verify(dataset, tmp_path)
    assert count == 3
    told = {(difference.part, difference.path): difference.problem for difference in wrong}
    assert told["m", "markers/sub-03/sub-03_cord_1.json"] == "is missing"
    assert told["a", "a"] == f"has changed: got {sha256(b'')}, expected {sha256(BODY)}"
    assert len(told) == 2
    assert presence(dataset, tmp_path) == {"m": "incomplete", "a": "fetched"}


def test_verify_sees_that_another_version_is_published_now(server: Server, tmp_path: Path) -> None:
    body = packed(MARKERS)
    files = {"m": row(server.add("/m.zip", body), body, unpack_to="markers")}
    run(dataset_of(files), tmp_path)
    files["m"]["checksum"] = sha256(b"newer")
    (difference,) = verify(dataset_of(files), tmp_path)[1]
    assert sha256(b"newer") in difference.problem
    files["m"]["checksum"] = f"md5:{hashlib.md5(body).hexdigest()}"
    assert verify(dataset_of(files), tmp_path) == (2, ())


def test_verify_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds nothing of the dataset"):
        verify(dataset_of({}), tmp_path)


def test_published_file_is_verified_without_a_record(server: Server, tmp_path: Path) -> None:
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY)})
    (tmp_path / "a").write_bytes(BODY)
    assert verify(dataset, tmp_path) == (1, ())
    assert [outcome.is_new for outcome in run(dataset, tmp_path)] == [False]
    assert presence(dataset, tmp_path) == {"a": "fetched"}
    assert server.asked == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"schema":1,"parts":{"a":{"../x":{}}}}', b"\xff"])
def test_damaged_record_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SIDECAR).write_bytes(content)
    with pytest.raises(InputError, match=SIDECAR):
        presence(dataset_of({}), tmp_path)


def test_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    dataset = dataset_of({"a": row(server.add("/a", BODY), BODY)})
    assert f"{tmp_path / 'file'}" in failure(dataset, tmp_path / "file")


def test_parts_are_chosen_by_name_default_or_all() -> None:
    dataset = read_manifest().datasets["lumbosacral"]
    assert [item.part for item in choose(dataset)] == ["readme", "description", "markers", "anatqc", "variability"]
    assert [item.part for item in choose(dataset, ["rawdata", "markers"])] == ["markers", "rawdata"]
    assert len(choose(dataset, ["all"])) == 7


def test_unknown_names_list_the_known_ones() -> None:
    manifest = read_manifest()
    with pytest.raises(InputError, match="got 'spine', expected one of lumbosacral, verse19, verse20, spider"):
        find_dataset(manifest, "spine")
    with pytest.raises(InputError, match=r"got 'mri', expected one of readme, .*, rawdata, all"):
        choose(manifest.datasets["lumbosacral"], ["mri"])
    with pytest.raises(InputError, match="name one with --part: subject-based, miccai"):
        choose(manifest.datasets["verse19"])


def osf_file(name: str, url: str, body: bytes, **hashes: str) -> dict[str, Any]:
    attributes = {"name": name, "kind": "file", "size": len(body), "extra": {"hashes": hashes}}
    return {"attributes": attributes, "links": {"download": url}, "relationships": {}}


def osf_folder(name: str, url: str) -> dict[str, Any]:
    related = {"files": {"links": {"related": {"href": url, "meta": {}}}}}
    return {"attributes": {"name": name, "kind": "folder", "size": None}, "links": {}, "relationships": related}


def osf_page(entries: list[dict[str, Any]], following: str | None = None) -> bytes:
    return json.dumps({"data": entries, "links": {"next": following}, "meta": {}}).encode()


@pytest.fixture
def osf(server: Server) -> Dataset:
    """A component of two pages with a folder, an archive in it, and one file without a checksum."""
    scan, table, body = b"scan", b"table", packed({"dataset-verse19test/rawdata/sub-verse000/ct.nii.gz": b"ct"})
    packs = osf_file("dataset-verse19test.zip", server.add("/d/3", body), body, sha256=hashlib.sha256(body).hexdigest())
    folder = server.add("/v2/folder/", osf_page([packs]))
    plain = osf_file("readme.txt", server.add("/d/2", table), table)
    second = server.add("/v2/list/?page=2", osf_page([plain, osf_folder("test", folder)]))
    image = osf_file("verse014.nii.gz", server.add("/d/1", scan), scan, md5=hashlib.md5(scan).hexdigest())
    first = server.add("/v2/list/", osf_page([image], second))
    return dataset_of({}, {"miccai": {"api": first, "into": "miccai"}})


def test_osf_component_is_listed_through_pages_and_folders(osf: Dataset) -> None:
    files = {str(file.path): file for file in list_files(osf.components["miccai"])}
    assert list(files) == ["miccai/readme.txt", "miccai/test/dataset-verse19test.zip", "miccai/verse014.nii.gz"]
    assert files["miccai/verse014.nii.gz"].checksum == f"md5:{hashlib.md5(b'scan').hexdigest()}"
    assert files["miccai/readme.txt"].checksum is None
    assert files["miccai/readme.txt"].bytes == 5
    assert files["miccai/test/dataset-verse19test.zip"].unpack_to == "miccai/test/dataset-verse19test"


def test_osf_component_is_fetched_and_verified_offline(osf: Dataset, server: Server, tmp_path: Path) -> None:
    run(osf, tmp_path)
    packed_ct = "miccai/test/dataset-verse19test/rawdata/sub-verse000/ct.nii.gz"
    assert files_in(tmp_path) == {"miccai/readme.txt", "miccai/verse014.nii.gz", packed_ct}
    server.routes.clear()
    assert verify(osf, tmp_path) == (3, ())
    (tmp_path / packed_ct).write_bytes(b"CT")
    assert [difference.path for difference in verify(osf, tmp_path)[1]] == [packed_ct]


def test_interrupted_osf_component_is_incomplete(osf: Dataset, server: Server, tmp_path: Path) -> None:
    server.routes["/d/3"].body = b""
    with pytest.raises(InputError):
        run(osf, tmp_path)
    assert presence(osf, tmp_path) == {"miccai": "incomplete"}
    told = {difference.path: difference.problem for difference in verify(osf, tmp_path)[1]}
    assert told["miccai/test/dataset-verse19test"] == "was not fetched to the end"
    assert told["miccai/verse014.nii.gz"] == "is missing"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda url: b"<html>", "did not answer with JSON"),
        (lambda url: b'{"errors":[]}', "data: Field required"),
        (lambda url: osf_page([], url), "leads back to itself"),
        (lambda url: osf_page([osf_folder("loop", url)]), "leads back to itself"),
        (lambda url: osf_page([{**osf_folder("f", url), "relationships": {}}]), "no link to its files"),
        (lambda url: osf_page([osf_file("../evil", url, b"1")]), "climbs out"),
        (lambda url: osf_page([osf_folder("..", f"{url}?2")]), "climbs out"),
        (lambda url: osf_page([osf_file("a", "file:///etc/passwd", b"1")]), "url: got 'file:///etc/passwd'"),
    ],
)
def test_strange_osf_listing_is_named(server: Server, answer: Callable[[str], bytes], reason: str) -> None:
    url = server.add("/v2/", b"")
    server.routes["/v2/"].body = answer(url)
    server.add("/v2/?2", osf_page([osf_file("evil", url, b"1")]))
    with pytest.raises(InputError, match=reason) as caught:
        list_files(Component(api=url, into="x"))
    assert "\n" not in str(caught.value)


def test_manifest_types_are_what_the_fetcher_is_given() -> None:
    assert isinstance(read_manifest(), Manifest)
    assert isinstance(read_manifest().datasets["lumbosacral"].parts["markers"], RemoteFile)
