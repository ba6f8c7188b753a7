"""The Open Science Framework's listing of a component: pages of files and folders, with sizes and checksums.

Source of the form: OSF API v2, "List all node files", https://developer.osf.io/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from pydantic import BaseModel

from spinemodel.errors import InputError
from spinemodel.io.download import get_json
from spinemodel.io.manifest import Component, RemoteFile, checked
from spinemodel.io.members import is_archive

_UNCHECKED: Final = "OSF states no size or no checksum for this file."


class _Hashes(BaseModel):
    md5: str | None = None
    sha256: str | None = None


class _Extra(BaseModel):
    hashes: _Hashes = _Hashes()


class _Attributes(BaseModel):
    name: str
    kind: Literal["file", "folder"]
    size: int | None = None
    extra: _Extra = _Extra()


class _Entry(BaseModel):
    attributes: _Attributes
    links: Mapping[str, Any] = {}
    relationships: Mapping[str, Any] = {}


class _Page(BaseModel):
    data: tuple[_Entry, ...]
    links: Mapping[str, Any] = {}


def list_files(component: Component) -> tuple[RemoteFile, ...]:
    """Return every file of an OSF component, folders and pages followed, in the order of the paths.

    Raises
    ------
    InputError
        The API cannot be reached, or does not answer in its own form.
    """
    files = _walk(component.api, PurePosixPath(component.into), set())
    return tuple(sorted(files, key=lambda file: str(file.path)))


def _walk(url: str, folder: PurePosixPath, seen: set[str]) -> Iterator[RemoteFile]:
    """Yield the files under one listing; a listing that comes back to itself is an error."""
    following: str | None = url
    while following:
        if following in seen:
            raise InputError(f"{following}: the listing leads back to itself; tell the dataset's authors")
        seen.add(following)
        page = checked(_Page, get_json(following), following)
        for entry in page.data:
            if entry.attributes.kind == "folder":
                yield from _walk(_folder_url(entry, following), folder / entry.attributes.name, seen)
            else:
                yield _remote_file(entry, folder, following)
        following = page.links.get("next")


def _folder_url(entry: _Entry, source: str) -> str:
    try:
        return str(entry.relationships["files"]["links"]["related"]["href"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{source}: the folder {entry.attributes.name!r} has no link to its files") from error


def _remote_file(entry: _Entry, folder: PurePosixPath, source: str) -> RemoteFile:
    """Return one file of a listing; an archive is unpacked to a folder of its own name."""
    name, hashes = entry.attributes.name, entry.attributes.extra.hashes
    row = {
        "name": name,
        "url": entry.links.get("download"),
        "bytes": entry.attributes.size or None,
        "checksum": f"sha256:{hashes.sha256}" if hashes.sha256 else f"md5:{hashes.md5}" if hashes.md5 else None,
        "note": _UNCHECKED,
        "into": str(folder),
        "unpack_to": str(folder / name.split(".")[0]) if is_archive(name) else None,
    }
    return checked(RemoteFile, row, f"{source}: {name!r}")
