"""What muscles get from roots, as TOML: the package's cited example, and the user's own tables of the same form.

::

    name = "mine"                       # the file's stem where it is left out
    normalise = "muscle"                # divide each muscle's weights by their sum; "none": they are shares as they are

    [muscles.TA]                        # a short name
    title = "tibialis anterior"
    weights = { L4 = 6, L5 = 2 }        # on the roots L1 to S2, of the muscle's own side
    source = "..."
    verified = false                    # whether the work that states them was read
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import reason, sha256
from spinemodel.levels import LEVELS
from spinemodel.recruitment.muscles import Muscle, RootToMuscle

EXAMPLE: Final = "root_to_muscle.toml"

KEYS: Final = ("name", "normalise", "muscles")

ROW_KEYS: Final = {"title": str, "weights": dict, "source": str, "verified": bool}
"""Of a muscle, and what they hold; all must be there."""

NORMALISE: Final = ("muscle", "none")

_WORDS: Final = {str: "text", dict: "a table such as { L4 = 6, L5 = 2 }", bool: "true or false"}


def read_muscles(path: Path | None = None) -> RootToMuscle:
    """Return a table of muscles; by default the package's example.

    Raises
    ------
    InputError
        If the file cannot be read, or breaks its form; the line names the field, and the nearest known key or root.

    Examples
    --------
    >>> table = read_muscles()
    >>> table.muscles[4].title, table.weight[4]
    ('tibialis anterior', array([0.  , 0.  , 0.  , 0.75, 0.25, 0.  , 0.  ]))
    """
    source = files("spinemodel.recruitment").joinpath(EXAMPLE) if path is None else path
    where = EXAMPLE if path is None else str(path)
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        raise InputError(
            f"{where}: cannot be read as TOML ({reason(problem)}); expected tables such as [muscles.TA], or example, "
            "the one that ships"
        ) from None
    _require_known(where, table, KEYS)
    rows = table.get("muscles")
    if not isinstance(rows, dict) or not rows:
        raise InputError(f"{where}: no muscles; expected tables such as [muscles.TA]")
    normalise = table.get("normalise")
    if normalise not in NORMALISE:
        raise InputError(f'{where}: normalise {normalise!r}; expected "muscle" or "none"')
    read = [_row(f"{where}, muscles.{muscle}", muscle, row) for muscle, row in rows.items()]
    weight = np.array([row[1] for row in read])
    if normalise == "muscle":
        weight = weight / weight.sum(axis=1, keepdims=True)
    try:
        return RootToMuscle(str(table.get("name", Path(where).stem)), tuple(row[0] for row in read), weight)
    except InputError as problem:
        raise InputError(f"{where}: {problem}") from None


def facts(table: RootToMuscle, path: Path | None = None) -> dict[str, object]:
    """Return which table of muscles was used, for the JSON beside what was made with it: name, file, hash, sources."""
    source = files("spinemodel.recruitment").joinpath(EXAMPLE) if path is None else path
    return {
        "name": table.name,
        "file": source.name,
        "sha256": sha256(source.read_bytes()),
        "verified": all(muscle.verified for muscle in table.muscles),
        "sources": list(dict.fromkeys(muscle.source for muscle in table.muscles)),
    }


def _row(where: str, name: str, row: Any) -> tuple[Muscle, FloatArray]:
    """Return a muscle and its weights (7,)."""
    if not isinstance(row, dict):
        raise InputError(f"{where}: got {row!r}, expected a table with {', '.join(ROW_KEYS)}")
    _require_known(where, row, ROW_KEYS)
    for key, kind in ROW_KEYS.items():
        if not isinstance(row.get(key), kind) or (kind is not bool and not row[key]):
            raise InputError(f"{where}.{key}: got {row.get(key)!r}, expected {_WORDS[kind]}")
    weights = row["weights"]
    _require_known(f"{where}.weights", weights, LEVELS)
    for level, value in weights.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
            raise InputError(f"{where}.weights.{level}: got {value!r}, expected a number above 0; leave out the others")
    return (Muscle(name, row["title"], row["source"], row["verified"]),
            np.array([float(weights.get(level, 0)) for level in LEVELS]))  # fmt: skip


def _require_known(where: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a key that is not known, naming the nearest that is."""
    names = {name.lower(): name for name in known}
    for key in table:
        if key not in names.values():
            near = names[get_close_matches(key.lower(), names, n=1, cutoff=0.0)[0]]
            raise InputError(f"{where}: {key!r} is not known; nearest is {near}; expected {', '.join(names.values())}")
