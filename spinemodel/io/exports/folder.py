"""The folder of an export: written aside, moved into place, its record last.

::

    out/export.json     written last: format, sources and files with their SHA-256; a folder without it is not complete
    out/README.txt      what is here, and how to open it
    out/...             the format's own files

Files that an earlier export wrote are replaced or removed; anything else in the folder stays, and is never replaced.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.io.exports.checks import require_sound
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat
from spinemodel.io.exports.names import require_apart, require_portable
from spinemodel.io.exports.readme import parts_of, readme
from spinemodel.io.files import plain, sha256
from spinemodel.io.staging import STAGING, move_into_place, staged

FORMAT: Final = 1
"""Version of the layout of ``export.json``."""

RECORD: Final = "export.json"
README: Final = "README.txt"

Record = dict[str, Any]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    folder
        Of the export.
    files
        All but ``export.json``, their paths inside the folder.
    """

    folder: Path
    files: tuple[ExportedFile, ...]

    @property
    def readme(self) -> Path:
        """Path of the text to read first."""
        return self.folder / README


def write_export(contents: Contents, form: ExportFormat, out: Path) -> Exported:
    """Write a model for another program into the folder ``out``; the same contents give the same bytes.

    Raises
    ------
    InputError
        If the model, the lead or the conductivities are not sound (:mod:`spinemodel.io.exports.checks`), the format
        lacks something, the folder is the model's or cannot be written to, or it holds a file of such a name that no
        export wrote.
    SpaceMismatchError
        If the lead lies in another model.
    """
    require_place(contents, out)
    require_sound(contents)
    with _clean(out), staged(out) as staging:
        written = tuple(form.write(contents, staging))
        _require_listed(staging, written)
        hashes = _hashes(contents)
        text = readme(form, contents, written, hashes)
        (staging / README).write_text(text, encoding="utf-8", newline="\n")
        files = (ExportedFile(Path(README), "what is here, and how to open it"), *written)
        record = _record(form, contents, hashes, files, staging)
        earlier = _earlier(out, contents)
        _require_free(contents, out, staging, files, earlier)
        kept = {_key(out / file.path) for file in files}
        stale = [path for path in earlier if _key(path) not in kept]
        move_into_place(staging, out / RECORD, record, stale)
        _remove_empty(out, stale)
    return Exported(out, files)


def require_place(contents: Contents, out: Path) -> None:
    """Refuse a folder that belongs to a model, before any work.

    Raises
    ------
    InputError
        If ``out`` is a file, or lies at or in the model's folder, or is another model's.
    """
    place = out.resolve()
    if _within(out, contents.model.folder):
        raise InputError(f"{out}: is the folder of the model {contents.model.folder}; choose another output folder")
    if (place / "model.json").exists():
        raise InputError(f"{out}: is the folder of a model (it holds model.json); choose another output folder")
    if place.exists() and not place.is_dir():
        raise InputError(f"{out}: is a file; choose a folder to write into")


def _remove_empty(out: Path, gone: Sequence[Path]) -> None:
    """Remove the folders inside ``out`` that files which are gone leave empty."""
    for path in gone:
        for folder in path.parents:
            if folder == out or not folder.is_relative_to(out):
                break
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def _clean(out: Path) -> Iterator[None]:
    """Leave nothing of an export that fails: no staging folder, and no empty folder that was not there before."""
    there = out.exists()
    try:
        yield
    except BaseException:
        shutil.rmtree(out / STAGING, ignore_errors=True)
        if not there:
            with suppress(OSError):
                out.rmdir()
        raise


def _require_listed(staging: Path, written: Sequence[ExportedFile]) -> None:
    """Refuse file names that collide; that a format names all that it wrote is its own promise.

    Raises
    ------
    InputError
        If two files, or two folders of them, would have one name.
    RuntimeError
        If a format did not write what it lists, or lists not what it wrote: a bug.
    """
    listed = [file.path.as_posix() for file in written]
    for file in written:
        require_portable(file.path.parts)
    require_apart([RECORD, README, *listed])
    there = {file.relative_to(staging).as_posix() for file in staging.rglob("*") if file.is_file()}
    if there != set(listed):
        raise RuntimeError(f"export: wrote {sorted(there - set(listed))} unlisted, lists {sorted(set(listed) - there)}")


def _hashes(contents: Contents) -> dict[str, str]:
    """Return the SHA-256 of the model's record and of the lead's file, whatever that is called."""
    paths = {"model.json": contents.model.folder / "model.json"}
    if contents.lead_file:
        paths["lead.json"] = contents.lead_file
    return {name: sha256(path.read_bytes()) for name, path in paths.items()}


def _record(
    form: ExportFormat, contents: Contents, hashes: Mapping[str, str], files: Sequence[ExportedFile], folder: Path
) -> Record:
    """Return what ``export.json`` says."""
    lead, preset = contents.lead, contents.preset
    return {
        "format": FORMAT,
        "spinemodel": __version__,
        "to": form.name,
        "subject": contents.model.subject,
        "space": contents.model.space,
        "sources": [{"name": name, "sha256": digest} for name, digest in hashes.items()],
        "lead": {"name": lead.design.name, "verified": lead.design.verified} if lead else None,
        "conductivities": {"name": preset.name, "title": preset.title, "unit": "S/m"} if preset else None,
        "options": asdict(contents.options),
        "parts": plain(parts_of(contents, form)),
        "files": [_described(file, folder) for file in files],
    }


def _described(file: ExportedFile, folder: Path) -> Record:
    """Return what is said of a file that lies in ``folder``."""
    return {
        "path": file.path.as_posix(),
        "what": file.what,
        "frame": file.frame,
        "unit": file.unit,
        "sha256": sha256((folder / file.path).read_bytes()),
    }


def _key(path: Path) -> str:
    """Return what paths to one file have in common, also on a disk that does not tell capitals apart."""
    return str(path.resolve()).casefold()


def _within(path: Path, folder: Path) -> bool:
    """Tell whether a path is a folder, or leads into it."""
    return Path(_key(path)).is_relative_to(_key(folder))


def _is_input(path: Path, contents: Contents) -> bool:
    """Tell whether a path is the model's, or the lead's file."""
    lead = contents.lead_file
    return _within(path, contents.model.folder) or (lead is not None and _key(path) == _key(lead))


def _earlier(out: Path, contents: Contents) -> list[Path]:
    """Return the files in ``out`` that an earlier export there names; none without a sound record."""
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        listed = [out / str(row["path"]) for row in record["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [path for path in listed if _within(path, out) and not _is_input(path, contents)]


def _require_free(
    contents: Contents, out: Path, staging: Path, files: Sequence[ExportedFile], earlier: Sequence[Path]
) -> None:
    """Refuse to replace an input, or a file that no export wrote unless it is the same."""
    ours = {_key(path) for path in earlier}
    for file in files:
        target = out / file.path
        if _is_input(target, contents):
            raise InputError(f"{target}: is an input of this export; choose another output folder")
        if _key(target) in ours or not target.exists():
            continue
        if target.is_dir() or target.read_bytes() != (staging / file.path).read_bytes():
            raise InputError(f"{target}: is there, and no export wrote it; choose another output folder, or move it")
