"""Public datasets brought to this disk: parts chosen, files downloaded, archives unpacked into the dataset's layout.

Nothing that is already on the disk is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spinemodel.errors import InputError
from spinemodel.io.archive import NoRoomError, require_room, unpack
from spinemodel.io.download import download
from spinemodel.io.local import Item, Record, expected_checksums, find_problems, hash_file, read_record, remember
from spinemodel.io.manifest import Component, Dataset, Manifest, RemoteFile
from spinemodel.io.osf import list_files
from spinemodel.io.progress import Progress, silent


@dataclass(frozen=True)
class Outcome:
    """A file that is here: whether it was fetched now, and the checksums of what it became by path."""

    item: Item
    is_new: bool
    members: Mapping[str, str]


def find_dataset(manifest: Manifest, name: str) -> Dataset:
    """Return the dataset called ``name``; the error lists the known ones."""
    if name not in manifest.datasets:
        raise InputError(f"dataset: got {name!r}, expected one of {', '.join(manifest.datasets)}")
    return manifest.datasets[name]


def choose(dataset: Dataset, names: Sequence[str] = ()) -> tuple[Item, ...]:
    """Return the files of the named parts; of the default parts without a name, of every part for ``all``.

    The listing of an OSF component is asked for here.

    Raises
    ------
    InputError
        A part is unknown, or none is named and the dataset has no small default.
    """
    parts = dataset.parts
    if unknown := [name for name in names if name not in parts and name != "all"]:
        raise InputError(f"part: got {unknown[0]!r}, expected one of {', '.join(parts)}, all")
    chosen = parts if "all" in names else names or [name for name, part in parts.items() if part.default]
    if not chosen:
        raise InputError(f"part: nothing is small enough to be the default; name one with --part: {', '.join(parts)}")
    return tuple(Item(name, file) for name in parts if name in chosen for file in _files(parts[name]))


def _files(part: RemoteFile | Component) -> tuple[RemoteFile, ...]:
    return list_files(part) if isinstance(part, Component) else (part,)


def fetch(items: Sequence[Item], folder: Path, progress: Progress = silent) -> Iterator[Outcome]:
    """Bring every item into ``folder``, one after the other; what is there and unchanged is kept.

    Raises
    ------
    InputError
        The disk is too small, something else lies where a file goes, a download fails (see
        :func:`spinemodel.io.download.download`) or an archive is refused (see :func:`spinemodel.io.archive.unpack`).
    """
    record = read_record(folder)
    here = {item: _present(item, record, folder, progress) for item in items}
    missing = [item.file for item in items if not here[item]]
    require_room(folder, _needed(missing), f"{len(missing)} files to fetch")
    remember(folder, here)
    for item, members in here.items():
        yield Outcome(item, not members, members or _fetch(item, folder, progress))


def _needed(files: Iterable[RemoteFile]) -> int:
    """Return the bytes to download, and once more the largest archive, which lies beside what it unpacks to."""
    sizes = [(file.bytes or 0, file.unpack_to is not None) for file in files]
    return sum(size for size, _ in sizes) + max((size for size, is_packed in sizes if is_packed), default=0)


def _present(item: Item, record: Record, folder: Path, progress: Progress) -> Mapping[str, str]:
    """Return the members of an item that is here unchanged, none if it is absent; anything else is an error."""
    target = folder / item.file.target
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return {}
    fetched = record.of(item.part).get(str(item.file.path))
    if wrong := find_problems(item.file, fetched, folder, progress):
        path, problem = next(iter(wrong.items()))
        raise InputError(
            f"{folder / path}: {problem} (one of {len(wrong)} such files); fetching overwrites nothing: "
            f"move {target} away and fetch again"
        )
    return expected_checksums(item.file, fetched)


def _fetch(item: Item, folder: Path, progress: Progress) -> dict[str, str]:
    """Download, unpack and record one item; return the checksums of what it became by path."""
    path = download(item.file, folder, progress)
    if item.file.unpack_to is None:
        members = {str(item.file.path): hash_file(path, "sha256", progress)}
    else:
        try:
            members = unpack(path, folder, PurePosixPath(item.file.unpack_to), progress)
        except NoRoomError:
            raise
        except InputError:
            path.unlink(missing_ok=True)
            raise
    remember(folder, {item: members})
    if item.file.unpack_to is not None:
        path.unlink()
    return members
