"""JSON records that say in one line where they are wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from .names import LONGEST_NAME, is_name

MEND = "export or build the model again"

LONGEST_TEXT = 255
"""Letters of a text. A choice: paths and titles have fewer."""

LARGEST_COUNT = 2**31 - 1
"""Blender holds whole numbers of 32 bits."""


class SceneError(Exception):
    """Something that the user can mend; the message is one line."""


class Record:
    """A mapping of a JSON file that knows its place, for messages: ``scene.json: structures[3]``."""

    def __init__(self, values: object, path: Path, place: str = "") -> None:
        self.path, self.folder, self.where = path, path.parent, f"{path}: {place}" if place else str(path)
        self._place = place
        if not isinstance(values, dict):
            raise SceneError(f"{self.where}: got {type(values).__name__}, expected named values; {MEND}")
        self.values = values

    def get(self, key: str, kind: type, default: object) -> object:
        """Return a value of a kind, or the default where it is missing or null."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise SceneError(f"{self.where}: {key} is {value!r:.60}, expected {kind.__name__}; {MEND}")
        if kind is int and abs(value) > LARGEST_COUNT:
            raise SceneError(f"{self.where}: {key} is {value!r:.60}, expected {LARGEST_COUNT} at most; {MEND}")
        if kind is str and len(value) > LONGEST_TEXT:
            raise self._too_long(key, value, LONGEST_TEXT)
        return value

    def text(self, key: str, longest: int = LONGEST_TEXT) -> str:
        """Return a text that is there, printable, not empty and not too long."""
        value = self.get(key, str, "")
        if not value or not value.isprintable():
            raise SceneError(f"{self.where}: {key} is missing or empty; {MEND}")
        if len(value) > longest:
            raise self._too_long(key, value, longest)
        return value

    def name(self, key: str) -> str:
        """Return a name that a file may be called by; see :func:`names.is_name`."""
        value = self.text(key)
        if not is_name(value):
            expected = f"{LONGEST_NAME} letters, digits and _ . + - at most, no dot at its ends"
            raise SceneError(f"{self.where}: {key} is {value!r:.80}, expected a name of {expected}; {MEND}")
        return value

    def _too_long(self, key: str, value: str, longest: int) -> SceneError:
        """Return the refusal of a long text."""
        return SceneError(f"{self.where}: {key} has {len(value)} letters, expected {longest} at most; {MEND}")

    def sha256(self, key: str) -> str:
        """Return a SHA-256 in hexadecimal."""
        value = self.text(key)
        if not re.fullmatch("[0-9a-f]{64}", value):
            raise SceneError(f"{self.where}: {key} is {value!r:.80}, expected 64 hexadecimal digits; {MEND}")
        return value

    def require(self, key: str, expected: object) -> None:
        """Refuse any other value."""
        if self.values.get(key) != expected:
            raise SceneError(f"{self.where}: {key} is {self.values.get(key)!r:.60}, expected {expected!r}; {MEND}")

    def number(self, key: str) -> float:
        """Return a finite number."""
        return float(self.numbers(key)[()])

    def numbers(self, key: str, *shape: int) -> np.ndarray:
        """Return finite numbers of a shape; -1 stands for any size."""
        value = self.values.get(key)
        try:
            found = np.array(value, dtype=np.float64)
        except (OverflowError, TypeError, ValueError):
            found = np.array(np.nan)
        fits = found.ndim == len(shape) and all(want in (-1, got) for want, got in zip(shape, found.shape, strict=True))
        if not fits or not np.isfinite(found).all() or not _plain(value):
            size = " x ".join("n" if want == -1 else str(want) for want in shape) or "one"
            raise SceneError(f"{self.where}: {key} is {value!r:.60}, expected {size} finite numbers; {MEND}")
        return found

    def direction(self, key: str) -> np.ndarray:
        """Return three numbers made a unit vector."""
        found = self.numbers(key, 3)
        length = np.linalg.norm(found)
        if not length > 0:
            raise SceneError(f"{self.where}: {key} has no direction; {MEND}")
        return found / length

    def child(self, key: str) -> Record:
        """Return the mapping inside."""
        return Record(self.values.get(key), self.path, f"{self._place}.{key}" if self._place else key)

    def rows(self, key: str) -> list[Record]:
        """Return the mappings of a list; none where it is missing."""
        found = self.get(key, list, [])
        place = f"{self._place}.{key}" if self._place else key
        return [Record(row, self.path, f"{place}[{i}]") for i, row in enumerate(found)]


def _plain(value: object) -> bool:
    """Return whether a value is numbers alone, no text and no truth values."""
    if isinstance(value, list):
        return all(_plain(part) for part in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_json(path: Path) -> Record:
    """Return what a JSON file holds.

    Raises
    ------
    SceneError
        If it cannot be read, or is not JSON of named values.
    """
    try:
        return Record(json.loads(path.read_text(encoding="utf-8")), path)
    except FileNotFoundError:
        raise SceneError(f"{path}: is not there; {MEND}") from None
    except RecursionError:
        raise SceneError(f"{path}: is nested too deep; {MEND}") from None
    except (OSError, ValueError) as problem:
        raise SceneError(f"{path}: cannot be read ({' '.join(str(problem).split())}); {MEND}") from None
