"""Tables of points that raters keep: those of roots and ganglia, one a row.

These columns are read, in any order and in capitals or not:

- ``subject`` (or ``participant_id``, ``sub``): ``sub-03`` or ``03``;
- ``root``, such as ``L3_R``; or ``level`` (``L3``) and ``side`` (``L``, ``R``, ``left``, ``right``);
- ``x``, ``y``, ``z``; or ``r``, ``a``, ``s``, or ``l``, ``p``, ``s``, which name the frame. Frame and unit stand in
  each heading (``x_ras_mm``, ``z [mm, LPS]``), or are given as options;
- ``structure``, ``root`` or ``ganglion``; without it all are roots.

Others, such as ``slice``, are left out: points are paired by their heights. Tables of gradings are read by
:mod:`spinemodel.io.grading_tables`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers, Source
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import sha256
from spinemodel.io.grading_tables import SUBJECTS, cell
from spinemodel.io.sheets import TEXTS, WORKBOOKS, Record, Sheet, decimal, read_sheet
from spinemodel.levels import ROOTS, RootName
from spinemodel.vertebrae.datasets.summary import some

Frame: TypeAlias = Literal["RAS", "LPS"]
Unit: TypeAlias = Literal["mm", "cm", "m"]

MM: Final[Mapping[Unit, float]] = MappingProxyType({"mm": 1.0, "cm": 10.0, "m": 1000.0})
FARTHEST: Final = 10_000.0
"""Largest coordinate in any unit. A choice: no point of a scan lies 10 m from its origin."""

_AXES: Final = (("x", "y", "z"), ("r", "a", "s"), ("l", "p", "s"))
_SIDES: Final = {"l": "L", "left": "L", "r": "R", "right": "R"}
_KINDS: Final = {"": "root", "root": "root", "nerveroot": "root", "ganglion": "ganglion"}
_ROOTS: Final = {str(root): root for root in ROOTS}


class Place(NamedTuple):
    """The columns of the three coordinates, and what their headings state of frame and unit."""

    columns: tuple[str, str, str]
    frame: Frame | None
    unit: Unit | None


def is_table(path: Path) -> bool:
    """Return whether a file's name says that it is a table."""
    return path.suffix.lower() in TEXTS + WORKBOOKS


def coordinates(columns: Sequence[str]) -> Place | None:
    """Return the columns of the coordinates; None where there are none.

    Examples
    --------
    >>> coordinates(["subject", "x [mm, LPS]", "y [mm, LPS]", "z [mm, LPS]"])
    Place(columns=('x [mm, LPS]', 'y [mm, LPS]', 'z [mm, LPS]'), frame='LPS', unit='mm')
    >>> coordinates(["R_cm", "A_cm", "S_cm"]).frame
    'RAS'
    """
    words = {name: [word for word in re.split(r"[^a-z]+", name.lower()) if word] for name in columns}
    told = {"ras", "lps", *MM}
    for axes in _AXES:
        found = [[name for name, own in words.items() if own[:1] == [axis] and set(own[1:]) <= told] for axis in axes]
        if all(len(names) == 1 for names in found):
            chosen = (found[0][0], found[1][0], found[2][0])
            every = [set(words[name][1:]) for name in chosen]
            own = None if axes[0] == "x" else "".join(axes).upper()
            frames = [each for each in get_args(Frame) if each == own or all(each.lower() in one for one in every)]
            units = [each for each in get_args(Unit) if all(each in one for one in every)]
            return Place(chosen, frames[0] if len(frames) == 1 else None, units[0] if len(units) == 1 else None)
    return None


def is_point_table(sheet: Sheet) -> bool:
    """Return whether a table has coordinates and names of roots."""
    names = {name.lower() for name in sheet.columns}
    return coordinates(sheet.columns) is not None and bool(names & {"root", "level"})


def read_points(path: Path, *, frame: Frame | None = None, unit: Unit | None = None) -> dict[str, Annotation]:
    """Return what a table of points holds, by subject, in RAS+ mm.

    Parameters
    ----------
    path
        As :func:`spinemodel.io.sheets.read_sheet` reads it.
    frame, unit
        Where the headings state none.

    Raises
    ------
    InputError
        If frame or unit are stated nowhere, or otherwise than given; a cell is not what it should be; or a point is
        there twice.
    """
    sheet = read_sheet(path)
    place = coordinates(sheet.columns)
    if place is None:
        raise InputError(f"{path}: no columns x, y, z; it has {some(sheet.columns)}")
    factor = MM[_stated(path, "unit", place.unit, unit, "x_mm")]  # type: ignore[index]
    signs = np.array([-1, -1, 1] if _stated(path, "frame", place.frame, frame, "x_ras_mm") == "LPS" else [1, 1, 1])
    points: dict[tuple[str, str, RootName], list[FloatArray]] = {}
    for row in sheet.rows:
        point = np.array([_coordinate(row, column) for column in place.columns]) * factor * signs
        points.setdefault((_subject(row), _kind(row), _root(row)), []).append(point)
    source = Source(path.name, sha256(path.read_bytes()))
    subjects = sorted({subject for subject, _, _ in points})
    if not subjects:
        raise InputError(f"{path}: no row below the heading; expected a point on each")
    return {subject: _annotation(path, subject, points, source) for subject in subjects}


def _stated(path: Path, what: str, stated: str | None, given: str | None, example: str) -> str:
    """Return the frame or the unit, which must be known and the same wherever it is said."""
    if stated and given and stated != given:
        raise InputError(f"{path}: headings state the {what} {stated}, the option {given}; leave the option out")
    if not (stated or given):
        raise InputError(f"{path}: coordinates state no {what}; name them such as {example}, or give --{what}")
    return stated or given or ""


def _coordinate(row: Record, column: str) -> float:
    try:
        value = decimal(row, column, -FARTHEST, FARTHEST, "a coordinate")
    except InputError as problem:  # other columns may be blank, a coordinate may not
        raise InputError(str(problem).removesuffix(", or blank")) from None
    if value is None:
        raise InputError(f"{row.place}, column {column}: blank; expected a coordinate")
    return value


def _subject(row: Record) -> str:
    text = cell(row, SUBJECTS)
    label = re.sub("^sub[-_]", "", text, flags=re.IGNORECASE)
    if not re.fullmatch("[A-Za-z0-9]+", label):
        raise InputError(f"{row.place}: subject {text!r}; expected sub-03 or 03, in a column {' or '.join(SUBJECTS)}")
    return f"sub-{label}"


def _kind(row: Record) -> str:
    text = cell(row, ("structure",)).lower().removesuffix("s")
    if text not in _KINDS:
        raise InputError(f"{row.place}, column structure: {text!r}; expected root or ganglion")
    return _KINDS[text]


def _root(row: Record) -> RootName:
    level, side = cell(row, ("level",)).upper(), cell(row, ("side",)).lower()
    name = cell(row, ("root",)).upper().replace("-", "_").replace(" ", "_") or f"{level}_{_SIDES.get(side, side)}"
    if name not in _ROOTS:
        raise InputError(f"{row.place}: root {name!r}; expected a level L1 to S2 and a side L or R, such as L3_R")
    return _ROOTS[name]


def _annotation(
    path: Path, subject: str, points: Mapping[tuple[str, str, RootName], Sequence[FloatArray]], source: Source
) -> Annotation:
    """Return the rows of one subject."""
    found: dict[str, dict[RootName, Markers]] = {"root": {}, "ganglion": {}}
    for (who, kind, root), rows in points.items():
        if who == subject:
            if len(np.unique(rows, axis=0)) < len(rows):
                raise InputError(f"{path}: a point of {subject} {kind} {root} is there twice; leave one of them")
            found[kind][root] = Markers(np.array(rows), f"{path.name}: {root}")
    note = f"{path.name}: a table of points, without contours"
    return Annotation(subject, f"{subject}/scanner", (), (), found["root"], found["ganglion"], (source,), (note,))
