"""Hashes of files and of what JSON holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from spinemodel import __version__
from spinemodel.errors import InputError


def hash_of_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror})") from None


def hashes_of(paths: Mapping[str, Path]) -> dict[str, str]:
    """Return the hashes of named files."""
    return {name: hash_of_file(path) for name, path in paths.items()}


def files_in(folder: Path) -> dict[str, Path]:
    """Return the files in a folder by their way from it, in order of that."""
    found: Iterable[Path] = (path for path in folder.rglob("*") if path.is_file())
    return dict(sorted((path.relative_to(folder).as_posix(), path) for path in found))


def hash_of_sources(package: Path) -> str:
    """Return the SHA-256 of a package's modules and tables: their names and contents."""
    found = {name: path for name, path in files_in(package).items() if path.suffix in (".py", ".toml")}
    return hash_of(hashes_of(found))


@cache
def own_version() -> str:
    """Return the version of this package, with a hash of its sources: results hold for these and no others."""
    return f"{__version__}+{hash_of_sources(Path(__file__).parents[1])[:12]}"


def hash_of(value: Any) -> str:
    """Return the SHA-256 of what JSON can hold; the order of keys does not count.

    Examples
    --------
    >>> hash_of({"a": 1, "b": [2.0]}) == hash_of({"b": [2.0], "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
