import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from spinemodel.errors import InputError
from spinemodel.io.manifest import RemoteFile, read_manifest

ROOT = Path(__file__).parents[2]
MD5 = f"md5:{'0' * 32}"
FILE = {"name": "a.zip", "url": "https://example.org/a.zip", "bytes": 1, "checksum": MD5, "unpack_to": "a"}
DATASET = {
    "title": "t", "licence": "CC0", "doi": "10.1234/x", "home": "https://example.org/", "citation": ["c"],
    "files": {"a": FILE},
}  # fmt: skip


def written(path: Path, content: Any) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def of_file(**changes: Any) -> dict[str, Any]:
    return {"schema": 1, "datasets": {"d": {**DATASET, "files": {"a": {**FILE, **changes}}}}}


def of_dataset(**changes: Any) -> dict[str, Any]:
    return {"schema": 1, "datasets": {"d": {**DATASET, **changes}}}


def test_package_list_names_the_datasets_and_their_licences() -> None:
    licences = {name: dataset.licence for name, dataset in read_manifest().datasets.items()}
    assert licences == {
        "lumbosacral": "CC BY 4.0", "verse19": "CC BY-SA 4.0", "verse20": "CC BY-SA 4.0", "spider": "CC BY 4.0"
    }  # fmt: skip


def test_lumbosacral_unpacks_to_the_bids_tree() -> None:
    files = read_manifest().datasets["lumbosacral"].files
    assert {name: str(file.target) for name, file in files.items()} == {
        "readme": "README",
        "description": "dataset_description.json",
        "markers": "derivatives/markers",
        "anatqc": "derivatives/anatqc",
        "variability": "derivatives/inter-annotators variability.xlsx",
        "model": "derivatives/model",
        "rawdata": "rawdata",
    }
    assert str(files["markers"].path) == "derivatives/markers.zip"


def test_lumbosacral_equals_the_published_figures() -> None:
    """The figures of `sources.json` are those of Figshare's own records."""
    source = Path(os.environ.get("SPINEMODEL_DATA", ROOT / "../shared/data")) / "sources.json"
    if not source.is_file():
        pytest.skip(f"{source} is absent; set SPINEMODEL_DATA")
    published = {
        file["name"]: (file["url"], file["size"], {f"{kind}:{file.get(kind)}" for kind in ("md5", "sha256")})
        for article in json.loads(source.read_text())["articles"]
        for file in article["files"]
    }
    files = {file.name: file for file in read_manifest().datasets["lumbosacral"].files.values()}
    assert files.keys() == published.keys()
    for name, (url, size, checksums) in published.items():
        assert (files[name].url, files[name].bytes) == (url, size)
        assert files[name].checksum in checksums


def test_what_is_not_published_is_said() -> None:
    for dataset in read_manifest().datasets.values():
        for file in dataset.files.values():
            assert None not in (file.bytes, file.checksum) or "published here" in file.note
        assert all("not published" in component.note for component in dataset.components.values())


def test_valid_list_is_read(tmp_path: Path) -> None:
    file = read_manifest(written(tmp_path / "m.yaml", of_file())).datasets["d"].parts["a"]
    assert isinstance(file, RemoteFile)
    assert str(file.target) == "a"


@pytest.mark.parametrize(
    ("content", "place", "got"),
    [
        (of_file(checksum="md5:123"), "datasets.d.files.a.checksum", "'md5:123'"),
        (of_file(checksum="sha1:" + "0" * 40), "datasets.d.files.a.checksum", "sha1"),
        (of_file(bytes="many"), "datasets.d.files.a.bytes", "'many'"),
        (of_file(bytes=0), "datasets.d.files.a.bytes", "0"),
        (of_file(url="ftp://example.org/a"), "datasets.d.files.a.url", "ftp"),
        (of_file(name="../a.zip"), "datasets.d.files.a.name", "climbs"),
        (of_file(name="b/a.zip"), "datasets.d.files.a.name", "without a folder"),
        (of_file(unpack_to="../a"), "datasets.d.files.a.unpack_to", "climbs"),
        (of_file(into="/tmp"), "datasets.d.files.a.into", "absolute"),
        (of_file(into="C:\\data"), "datasets.d.files.a.into", "backslash"),
        (of_file(sha256="0"), "datasets.d.files.a.sha256", "Extra inputs"),
        (of_file(checksum=None), "datasets.d.files.a", "without a note"),
        (of_dataset(doi="none"), "datasets.d.doi", "'none'"),
        (of_dataset(citation=[]), "datasets.d.citation", "at least 1"),
        (of_dataset(files={"A b": FILE}), "datasets.d.files.A b", "pattern"),
        (of_dataset(files={"all": FILE}), "datasets.d", "every part"),
        (of_dataset(files={"a": FILE, "b": FILE}), "datasets.d", "two files go to 'a'"),
        (of_dataset(components={"a": {"api": "http://x", "into": "b"}}), "datasets.d", "both a file and a component"),
        ({"schema": 2, "datasets": {}}, "schema", "2"),
        ({"schema": 1}, "datasets", "required"),
        ([], "top level", "[]"),
        (None, "top level", "None"),
    ],
)
def test_mistake_is_named_in_one_line(tmp_path: Path, content: Any, place: str, got: str) -> None:
    path = written(tmp_path / "m.yaml", content)
    with pytest.raises(InputError) as caught:
        read_manifest(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {place}: ")
    assert got in message
    assert "\n" not in message


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", b"a: !!python/object:os.system {}"])
def test_what_is_not_yaml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not YAML") as caught:
        read_manifest(path)
    assert "\n" not in str(caught.value)


def test_missing_list_says_how_to_give_another(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--manifest"):
        read_manifest(tmp_path / "absent.yaml")
