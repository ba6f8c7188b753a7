"""A folder of files that is written aside and moved into place at the end, its record last.

A run that is stopped leaves the folder before it as it was; a folder without its record is not complete.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from spinemodel.io.files import atomic, writable

STAGING: Final = ".partial"
"""Folder inside the final one that files are written to before they are moved into place."""


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into, which goes with the block; an error names the folder above, which users give.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    staging = folder / STAGING
    with writable(folder.parent):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        yield staging
        shutil.rmtree(staging)


def move_into_place(staging: Path, path: Path, record: Mapping[str, Any], stale: Iterable[Path] = ()) -> None:
    """Move all staged files into the record's folder, write the record at ``path``, and remove stale files.

    Parameters
    ----------
    staging
        As of :func:`staged`.
    path
        Of the record, a JSON file; it is removed first and written last.
    record
        What JSON can hold.
    stale
        Files that only the folder before had.
    """
    staged_files = [file for file in sorted(staging.rglob("*")) if file.is_file()]
    path.unlink(missing_ok=True)
    for file in staged_files:
        target = path.parent / file.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    for file in stale:
        file.unlink(missing_ok=True)
