import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from spinemodel.cli.data import app
from spinemodel.errors import InputError

CORD = b'{"markups": []}'


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A dataset on a local server: an archive with a checksum, and a table without one."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    site = tmp_path / "site"
    site.mkdir()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("markers/sub-03/sub-03_cord_1.json", CORD)
    (site / "markers.zip").write_bytes(packed.getvalue())
    (site / "table.csv").write_bytes(b"a,b\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        home = f"http://127.0.0.1:{server.server_port}"
        checksum = f"md5:{hashlib.md5(packed.getvalue()).hexdigest()}"
        markers = {"name": "markers.zip", "bytes": len(packed.getvalue()), "checksum": checksum, "default": True}
        table = {"name": "table.csv", "bytes": None, "checksum": None, "note": "not published"}
        files = {
            "markers": {**markers, "url": f"{home}/markers.zip", "unpack_to": "derivatives/markers"},
            "table": {**table, "url": f"{home}/table.csv"},
        }
        about = {"title": "Toy", "licence": "CC BY 4.0", "doi": "10.1234/x", "home": home, "citation": ["Liu 2024"]}
        path = tmp_path / "list.yaml"
        path.write_text(yaml.safe_dump({"schema": 1, "datasets": {"toy": {**about, "files": files}}}))
        yield path
        server.shutdown()
        thread.join()


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_fetch_takes_the_default_parts_and_says_what_it_did(manifest: Path, tmp_path: Path) -> None:
    said = run("fetch", "toy", "--to", tmp_path, "--manifest", manifest)
    assert (tmp_path / "toy/derivatives/markers/sub-03/sub-03_cord_1.json").read_bytes() == CORD
    assert not (tmp_path / "toy/table.csv").exists()
    size = (tmp_path / "site/markers.zip").stat().st_size
    assert said.index(f"markers: {size} bytes") < said.index("markers.zip: md5 verified (derivatives/markers, 1 files)")
    assert "CC BY 4.0" in said
    assert "Please cite:\n  Liu 2024" in said
    assert "already here and unchanged" in run("fetch", "toy", "--to", tmp_path, "--manifest", manifest)


def test_fetch_says_where_no_checksum_is_published(manifest: Path, tmp_path: Path) -> None:
    said = run("fetch", "toy", "--part", "table", "--to", tmp_path, "--manifest", manifest)
    assert "unknown size" in said
    assert "table.csv: no checksum is published, so it cannot be proved" in said
    assert hashlib.sha256(b"a,b\n").hexdigest() in said


def test_verify_exits_with_1_when_a_file_has_changed(manifest: Path, tmp_path: Path) -> None:
    options = ("toy", "--to", tmp_path, "--manifest", manifest)
    run("fetch", *options, "--part", "all")
    assert run("verify", *options) == "toy: 2 files compared, 0 differ\n"
    (tmp_path / "toy/table.csv").write_text("a,c\n")
    said = run("verify", *options, code=1)
    assert f"{tmp_path / 'toy/table.csv'}: has changed" in said
    assert "toy: 2 files compared, 1 differ" in said


def test_list_shows_what_is_here(manifest: Path, tmp_path: Path) -> None:
    run("fetch", "toy", "--to", tmp_path, "--manifest", manifest)
    lines = run("list", "--to", tmp_path, "--manifest", manifest).splitlines()
    markers, table = (next(line.split() for line in lines if f" {part} " in line) for part in ("markers", "table"))
    assert markers[0] == "toy"
    assert (markers[-2], markers[-1]) == ("md5", "fetched")
    assert table == ["table", "unknown", "size", "none", "absent"]


def test_list_as_json_holds_the_whole_manifest(tmp_path: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run("list", "--json", "--to", tmp_path))}
    assert list(rows) == ["lumbosacral", "verse19", "verse20", "spider"]
    markers = next(part for part in rows["lumbosacral"]["parts"] if part["part"] == "markers")
    assert markers["bytes"] == 4512571
    assert markers["here"] == "absent"
    assert rows["spider"]["doi"] == "10.5281/zenodo.10159290"


def test_table_of_the_package_list_fits_a_narrow_terminal(tmp_path: Path) -> None:
    said = run("list", "--to", tmp_path)
    assert "…" not in said
    assert max(map(len, said.splitlines()[:-1])) <= 80


def test_errors_are_left_to_the_caller(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds nothing of the dataset"):
        run("verify", "toy", "--to", tmp_path, "--manifest", manifest)
    with pytest.raises(InputError, match="expected one of toy"):
        run("fetch", "spine", "--to", tmp_path, "--manifest", manifest)


@pytest.mark.parametrize("command", ["list", "fetch", "verify"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: spinemodel data {command}" in run(command, "--help")
