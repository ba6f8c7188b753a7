"""What the raters are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from spinemodel.errors import InputError


def named(paths: Sequence[Path], names: str | None, reserved: Sequence[str]) -> dict[str, Path]:
    """Return the annotations by the rater's name."""
    if len(paths) < 2:
        raise InputError(f"{paths[0]}: one annotation; expected two or more to compare")
    chosen = split(names) if names else _told(paths)
    if len(chosen) != len(paths):
        raise InputError(f"--names {names}: {len(chosen)} names for {len(paths)} annotations; give one for each")
    twice = [name for name, count in Counter(chosen).items() if count > 1]
    wrong = [name for name in chosen if name in reserved]
    if twice or wrong:
        why = f"{twice[0]} is there twice" if twice else f"{wrong[0]} is what the tables call something else"
        raise InputError(f"raters {', '.join(chosen)}: {why}; name them with --names")
    return dict(zip(chosen, paths, strict=True))


def _told(paths: Sequence[Path]) -> list[str]:
    """Return names from the last part of the paths in which all differ.

    Examples
    --------
    >>> _told([Path("study/anna/sub-03"), Path("study/ben/sub-03")]), _told([Path("a.nii.gz"), Path("b.nii.gz")])
    (['anna', 'ben'], ['a', 'b'])
    """
    whole = [path if path.is_absolute() else path.absolute() for path in paths]
    for back in range(1, min(len(path.parts) for path in whole)):
        parts = [path.parts[-back] for path in whole]
        if back == 1:
            parts = [part if path.is_dir() else part.split(".")[0] for part, path in zip(parts, whole, strict=True)]
        if len(set(parts)) == len(parts):
            return parts
    return [path.name for path in paths]


def split(text: str) -> list[str]:
    """Return the parts of a text between its commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
