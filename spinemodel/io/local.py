"""The local copy of a public dataset: what of it is on this disk, and whether it is as it was published.

A dataset lives in one folder. ``.spinemodel-fetch.json`` in it records each fetched file: its row of the dataset list,
with the checksum that proved it, and the checksums of what it became.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.manifest import Checksum, Dataset, Folder, Name, RemoteFile, checked
from spinemodel.io.progress import Progress, silent

_CHUNK_BYTES: Final = 1 << 20
SIDECAR: Final = ".spinemodel-fetch.json"

Presence: TypeAlias = Literal["absent", "incomplete", "fetched"]


class Fetched(BaseModel):
    """A file of the dataset and the checksums of what it became by path; none while it is still on its way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: RemoteFile
    members: Mapping[Folder, Checksum] = {}


class Record(BaseModel):
    """Content of the sidecar: the fetched files by part and by path."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    version: Literal[1] = Field(default=1, alias="schema")
    parts: Mapping[Name, Mapping[Folder, Fetched]] = {}

    def of(self, part: str) -> Mapping[str, Fetched]:
        """Return the recorded files of a part by path."""
        return self.parts.get(part, {})


@dataclass(frozen=True)
class Item:
    """A file to fetch and the part of the dataset that it belongs to."""

    part: str
    file: RemoteFile


@dataclass(frozen=True)
class Difference:
    """A file on the disk that is not as it was published."""

    part: str
    path: str
    problem: str


def presence(dataset: Dataset, folder: Path) -> dict[str, Presence]:
    """Tell for each part whether its files are in ``folder``, without reading them."""
    record = read_record(folder)
    return {name: _part_presence(record.of(name).values(), folder) for name in dataset.parts}


def _part_presence(files: Iterable[Fetched], folder: Path) -> Presence:
    there = [[(folder / path).is_file() for path in file.members] for file in files]
    if not any(any(members) for members in there):
        return "absent"
    return "fetched" if all(members and all(members) for members in there) else "incomplete"


def verify(dataset: Dataset, folder: Path, progress: Progress = silent) -> tuple[int, tuple[Difference, ...]]:
    """Hash what is in ``folder`` again and compare it with the published checksums and the record.

    Returns
    -------
    int
        Number of files compared.
    tuple of Difference
        Files that are missing, changed or of another version than the published one.

    Raises
    ------
    InputError
        Nothing of the dataset is in the folder.
    """
    count, wrong = 0, []
    for part, file, fetched in _known(dataset, folder):
        count += len(expected_checksums(file, fetched))
        found = find_problems(file, fetched, folder, progress)
        wrong += [Difference(part, path, problem) for path, problem in found.items()]
    if not count and not wrong:
        raise InputError(f"{folder}: holds nothing of the dataset; fetch it first, or name its place with --to")
    return count, tuple(wrong)


def _known(dataset: Dataset, folder: Path) -> Iterator[tuple[str, RemoteFile, Fetched | None]]:
    """Yield the files that were fetched or that are there; those of a component are known from the record alone."""
    record = read_record(folder)
    for name, part in dataset.parts.items():
        kept = record.of(name)
        for file in (part,) if isinstance(part, RemoteFile) else (fetched.file for fetched in kept.values()):
            fetched = kept.get(str(file.path))
            if fetched or (folder / file.target).exists():
                yield name, file, fetched


def expected_checksums(file: RemoteFile, fetched: Fetched | None) -> Mapping[str, str]:
    """Return the checksum of each file on the disk by path: the published one, or the one recorded when it came."""
    if file.unpack_to is None and file.checksum:
        return {str(file.path): file.checksum}
    return fetched.members if fetched else {}


def find_problems(
    file: RemoteFile, fetched: Fetched | None, folder: Path, progress: Progress = silent
) -> dict[str, str]:
    """Return what is wrong by path, nothing if the file is here as it was published."""
    expected = expected_checksums(file, fetched)
    if not expected:
        return {str(file.target): "was not fetched to the end" if fetched else "was not fetched by spinemodel"}
    compared = {path: _compare(folder / path, checksum, progress) for path, checksum in expected.items()}
    found = {path: problem for path, problem in compared.items() if problem}
    if fetched and _is_outdated(fetched.file.checksum, file.checksum):
        found[str(file.target)] = f"is of another version: fetched as {fetched.file.checksum}, now {file.checksum}"
    return found


def _compare(path: Path, expected: str, progress: Progress) -> str | None:
    """Return what is wrong with one file, None if it has the expected checksum."""
    if not path.is_file():
        return "is missing"
    got = hash_file(path, expected.split(":")[0], progress)
    return None if got == expected else f"has changed: got {got}, expected {expected}"


def _is_outdated(fetched: str | None, published: str | None) -> bool:
    """Tell whether two checksums of the same kind differ."""
    return bool(fetched and published and fetched[:4] == published[:4] and fetched != published)


def hash_file(path: Path, kind: str, progress: Progress = silent) -> str:
    """Return the checksum of a file, ``md5:...`` or ``sha256:...``."""
    digest, done, total = hashlib.new(kind), 0, path.stat().st_size
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            progress(f"check {path.name}", done, total)
    return f"{kind}:{digest.hexdigest()}"


def read_record(folder: Path) -> Record:
    """Return the record of what was fetched to ``folder``, an empty one if there is none."""
    path = folder / SIDECAR
    if not path.is_file():
        return Record()
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); move it away and fetch again") from error
    return checked(Record, content, str(path))


def remember(folder: Path, items: Mapping[Item, Mapping[str, str]]) -> None:
    """Add ``items`` to the record, which is read again first: another part may have been fetched meanwhile."""
    parts = {name: dict(files) for name, files in read_record(folder).parts.items()}
    for item, members in items.items():
        parts.setdefault(item.part, {})[str(item.file.path)] = Fetched(file=item.file, members=members)
    try:
        with atomic(folder / SIDECAR) as path:
            path.write_text(Record(parts=parts).model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another folder with --to") from error
