"""What a zip or a tar archive holds, every member checked before the first byte is written.

An archive is refused when a member is a link, a device or encrypted, when its name leaves the folder or means another
place on another system, when two names fall on the same file, and when the content is larger than any honest
compression explains.
"""

from __future__ import annotations

import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final

from spinemodel.errors import InputError

MAX_RATIO: Final = 1000
"""Most unpacked bytes per byte of archive. DEFLATE reaches 1032 at best; label masks reach a few hundred."""

_CHUNK_BYTES: Final = 1 << 20
_ENCRYPTED: Final = 0x1
"""Bit of a zip member's flags (PKWARE APPNOTE 4.4.4)."""
_SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name as stored, its path inside the folder, its size in bytes and how to open it."""

    name: str
    path: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(name: str) -> bool:
    """Tell whether ``name`` ends like an archive that :func:`opened` reads; ``.nii.gz`` does not."""
    return name.lower().endswith(_SUFFIXES)


def member_path(name: str) -> PurePosixPath:
    """Return a stored name as a path that stays inside its folder on every system.

    Raises
    ------
    ValueError
        The name is absolute, climbs with ``..``, or holds a backslash, a colon or a control character.

    Examples
    --------
    >>> member_path("./sub-03/sub-03_cord_1.json")
    PurePosixPath('sub-03/sub-03_cord_1.json')
    """
    path = PurePosixPath(name)
    if path.is_absolute():
        raise ValueError("its name is absolute")
    if ".." in path.parts:
        raise ValueError("its name climbs out of the folder with '..'")
    if any(sign in name for sign in "\\:") or not name.isprintable():
        raise ValueError("its name holds a backslash, a colon or a control character")
    if not path.parts:
        raise ValueError("its name is empty")
    return path


@contextmanager
def opened(archive: Path) -> Iterator[list[Member]]:
    """Open a zip or a tar archive and give the files in it, without what macOS leaves behind.

    Raises
    ------
    InputError
        The archive is hostile or empty; the message names it and the member. What the readers of a broken archive
        raise goes through.
    """
    if archive.suffix.lower() == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            yield _accepted(archive, _zip_members(archive, zipped))
    else:
        with tarfile.open(archive) as tarred:
            yield _accepted(archive, _tar_members(archive, tarred))


def _accepted(archive: Path, members: Iterator[Member]) -> list[Member]:
    """Return the members to unpack when every one of them is harmless."""
    left, files = MAX_RATIO * archive.stat().st_size, []
    for member in members:
        left -= member.size
        if left < 0:
            raise InputError(f"{archive}: {member.name!r}: unpacks to over {MAX_RATIO} times the archive; refused")
        if not _is_leftover(member.path):
            files.append(member)
    if not files:
        raise InputError(f"{archive}: holds no files; fetch it again")
    _require_distinct(archive, files)
    return files


def _require_distinct(archive: Path, files: list[Member]) -> None:
    """Raise ``InputError`` when two names fall on the same file, or a file on a folder, also where case is ignored."""
    taken: dict[str, str] = {}
    for file in files:
        if rival := taken.get(_folded(file.path)):
            raise InputError(f"{archive}: {file.name!r}: falls on the same file as {rival!r}; refused")
        taken[_folded(file.path)] = file.name
    for file in files:
        if rival := next(filter(None, (taken.get(_folded(parent)) for parent in file.path.parents)), None):
            raise InputError(f"{archive}: {file.name!r}: lies in {rival!r}, which is a file; refused")


def _folded(path: PurePosixPath) -> str:
    """Return a key that is equal for paths that are the same file on a system that ignores case."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def _is_leftover(path: PurePosixPath) -> bool:
    """Tell whether macOS left this file in the archive: resource forks and ``.DS_Store``."""
    return "__MACOSX" in path.parts or path.name == ".DS_Store" or path.name.startswith("._")


def _zip_members(archive: Path, zipped: zipfile.ZipFile) -> Iterator[Member]:
    for info in zipped.infolist():
        if info.filename.endswith("/"):
            continue
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise InputError(f"{archive}: {info.filename!r}: is a link, a device or of an unknown kind; refused")
        if info.flag_bits & _ENCRYPTED:
            raise InputError(f"{archive}: {info.filename!r}: is encrypted; get an open copy")
        path = _checked(archive, info.orig_filename)
        yield Member(info.filename, path, info.file_size, partial(zipped.open, info))


def _tar_members(archive: Path, tarred: tarfile.TarFile) -> Iterator[Member]:
    for info in tarred:
        if info.isdir():
            continue
        if not info.isreg():
            raise InputError(f"{archive}: {info.name!r}: is a link, a device or of an unknown kind; refused")
        yield Member(info.name, _checked(archive, info.name), info.size, partial(_open_tarred, tarred, info))
    _require_end(tarred)


def _require_end(tarred: tarfile.TarFile) -> None:
    """Raise when the end mark or the rest of the stream is missing; tarfile takes a cut archive for a shorter one."""
    stream = tarred.fileobj
    if stream is None:
        raise tarfile.ReadError("it is closed")
    stream.seek(tarred.offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it ends too early")
    while stream.read(_CHUNK_BYTES):
        pass


def _open_tarred(tarred: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = tarred.extractfile(info)
    if stream is None:
        raise tarfile.ExtractError(f"{info.name} has no content")
    return stream


def _checked(archive: Path, name: str) -> PurePosixPath:
    """Return :func:`member_path` of ``name``; the error names the archive and the member."""
    try:
        return member_path(name)
    except ValueError as error:
        raise InputError(f"{archive}: {name!r}: {error}; refused") from error
