"""Files written whole or not at all, their hashes, and what they say as JSON."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from spinemodel.errors import InputError


@contextmanager
def atomic(path: Path, spoilt: Iterable[Path] = ()) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and rename it there when the block ends well.

    The temporary name keeps the suffix, since writers choose the format by it. A block that raises leaves the old
    file, or none, and no temporary one.

    Parameters
    ----------
    path
        File to write.
    spoilt
        Files that are no longer true once ``path`` is new, such as its tables: removed just before, so that a process
        that dies afterwards leaves none of them rather than wrong ones.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    with writable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            for stale in spoilt:
                stale.unlink(missing_ok=True)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn any refusal of the disk in the block into one line that names the folder.

    Raises
    ------
    InputError
        If the block raises ``OSError``.
    """
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InputError(f"{folder}: cannot be written to ({reason}); choose another output folder") from problem


def one_line(problem: BaseException) -> str:
    """Return an exception's message in one line, its type where it has none.

    Examples
    --------
    >>> one_line(ValueError("no", "number")), one_line(EOFError())
    ("('no', 'number')", 'EOFError')
    """
    return " ".join(str(problem).split()) or type(problem).__name__


def reason(problem: Exception) -> str:
    """Return why a file cannot be read: what the disk says without its number and the path, or the exception's message.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file or directory", "a.csv")), reason(ValueError("no number"))
    ('No such file or directory', 'no number')
    """
    return getattr(problem, "strerror", None) or one_line(problem)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def describe(folder: Path, path: Path, frame: str, unit: str = "mm") -> dict[str, str]:
    """Return what ``model.json`` says of a written file: its place in ``folder``, frame, unit and hash."""
    digest = sha256(path.read_bytes())
    return {"path": path.relative_to(folder).as_posix(), "frame": frame, "unit": unit, "sha256": digest}


def plain(value: Any) -> Any:
    """Return what JSON can hold: dataclasses as mappings, sets as sorted lists, tuples as lists."""
    if is_dataclass(value):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(part) for part in value] if isinstance(value, tuple | list) else value
