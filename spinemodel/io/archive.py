"""Zip and tar archives, unpacked whole or not at all, and never outside their folder.

The members are checked first (:mod:`spinemodel.io.members`). The content goes to a temporary folder, which gets its
final name at the end.
"""

from __future__ import annotations

import errno
import hashlib
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from spinemodel.errors import InputError
from spinemodel.io.members import Member, opened
from spinemodel.io.progress import Progress, silent

_BLOCK_BYTES: Final = 4096
_CHUNK_BYTES: Final = 1 << 20
_BROKEN: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    UnicodeDecodeError,
    OSError,
)
"""What the readers raise on a damaged archive; bz2 and gzip report damage as a plain ``OSError``."""


class NoRoomError(InputError):
    """The disk has not enough free space."""


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise :class:`NoRoomError` when the disk of ``folder`` has less than ``needed`` bytes free."""
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise NoRoomError(
            f"{what}: needs {needed} bytes on the disk of {place}, {free} are free; free some or choose another folder"
        )


def unpack(archive: Path, folder: Path, into: PurePosixPath, progress: Progress = silent) -> dict[str, str]:
    """Unpack ``archive`` as the new folder ``folder / into``.

    Folders that all members share and that repeat the end of ``into`` are dropped: ``markers/sub-03/...`` and
    ``sub-03/...`` both become ``derivatives/markers/sub-03/...``. macOS leftovers are skipped.

    Returns
    -------
    dict
        Checksum (``sha256:...``) of each unpacked file by its path relative to ``folder``, in name order.

    Raises
    ------
    InputError
        The archive is broken or hostile, the disk is too small (:class:`NoRoomError`), or the folder holds files
        already. The message names the archive and the member; nothing is left behind.
    """
    target = folder / into
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        raise InputError(f"{target}: is there already; move it away to unpack {archive.name} there")
    try:
        with opened(archive) as files:
            require_room(target, sum(_on_disk(file.size) for file in files), str(archive))
            return _unpacked(archive, files, target, into, progress)
    except _BROKEN as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise NoRoomError(f"{archive}: the disk of {target.parent} is full; free some space") from error
        reason = " ".join(str(error).split())
        raise InputError(f"{archive}: is broken ({reason}); delete it and fetch it again") from error


def _unpacked(
    archive: Path, files: list[Member], target: Path, into: PurePosixPath, progress: Progress
) -> dict[str, str]:
    """Write ``files`` to a temporary folder and give it its name when all are there; return their checksums."""
    drop = _repeated(into, [file.path for file in files])
    written, done, total = {}, 0, sum(file.size for file in files)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=target.parent) as temporary:
        content = Path(temporary, "content")
        for file in files:
            path = PurePosixPath(*file.path.parts[drop:])
            written[str(into / path)] = _write(archive, file, content / path)
            done += file.size
            progress(f"unpack {archive.name}", done, total)
        content.replace(target)
    return dict(sorted(written.items()))


def _write(archive: Path, file: Member, path: Path) -> str:
    """Write one member to a new file and return its checksum; more or fewer bytes than declared are an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), file.size
    with file.open() as source, path.open("xb") as sink:
        while chunk := source.read(min(_CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            sink.write(chunk)
    if left:
        held = "more" if left < 0 else "fewer"
        raise InputError(f"{archive}: {file.name!r}: holds {held} bytes than the {file.size} it declares; refused")
    return f"sha256:{digest.hexdigest()}"


def _on_disk(size: int) -> int:
    """Return the bytes that a file of ``size`` takes in whole blocks; an empty one takes a block too."""
    return max(1, -(-size // _BLOCK_BYTES)) * _BLOCK_BYTES


def _repeated(into: PurePosixPath, paths: Iterable[PurePosixPath]) -> int:
    """Return how many leading folders, shared by all paths, repeat the end of ``into``."""
    folders = [path.parent.parts for path in paths]
    tails = (into.parts[start:] for start in range(len(into.parts)))
    return next((len(tail) for tail in tails if all(folder[: len(tail)] == tail for folder in folders)), 0)
