"""Fiducial lists of 3D Slicer as ``.fcsv``, of every age: read into RAS+ millimetres, and written back.

The format is that of ``vtkMRMLMarkupsFiducialStorageNode``. Slicer 4 and later state a version and a frame; Slicer 3
stated neither and meant RAS. Lengths are millimetres. Slicer 5 ends a row with a status and a flag that its header
does not name.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

import numpy as np

from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.slicer import (
    REPAIR,
    Frame,
    Markup,
    Status,
    decode,
    frame_factors,
    read_content,
    select_defined,
    to_frame,
)

_V3: Final = ("label", "x", "y", "z", "sel", "vis")
_V4: Final = ("id", "x", "y", "z", "ow", "ox", "oy", "oz", "vis", "sel", "lock", "label", "desc", "associatedNodeID")
_V5: Final = (*_V4, "positionStatus", "autoCreated")
_FRAME_NUMBER: Final[dict[Frame, int]] = {"RAS": 0, "LPS": 1}
"""The only spelling of the frame that every version reads: before 4.11 Slicer took the text ``LPS`` for 0, RAS."""
_VERSION: Final = "Markups fiducial file version"
_STATUSES: Final[tuple[str, ...]] = get_args(Status)


@dataclass(frozen=True)
class _Row:
    """One line of the table: its fields by column, and where it stands."""

    place: str
    fields: dict[str, str]


def read_fcsv(path: Path) -> Markup:
    """Return the fiducials of an ``.fcsv`` file.

    Raises
    ------
    InputError
        The file cannot be read, breaks the format or leaves its frame open; the message names the line and the field.
    """
    return parse_fcsv(read_content(path), path.name)


def parse_fcsv(content: bytes, name: str) -> Markup:
    """Return the fiducials of ``content``, the bytes of the file called ``name`` in messages.

    Examples
    --------
    >>> parse_fcsv(b"tip,12.5,-93.5,7.5,1,1", "slicer3.fcsv").points
    array([[ 12.5, -93.5,   7.5]])
    """
    lines = [(i, line.strip()) for i, line in enumerate(decode(content, name).split("\n"), 1) if line.strip()]
    header = _header([line for _, line in lines if line.startswith("#")])
    frame, columns = _frame(header, name), _columns(header, name)
    rows = [_row(line, columns, f"{name}: line {i}") for i, line in lines if not line.startswith("#")]
    positions = [_position(row) for row in rows]
    kept, notes = select_defined([_status(row) for row in rows], [position is not None for position in positions])
    points = np.array([positions[i] for i in kept], dtype=np.float64).reshape(-1, 3)
    labels = tuple(rows[i].fields.get("label", "") for i in kept)
    return Markup("Fiducial", points * frame_factors(frame), labels, notes, frame)


def write_fcsv(path: Path, markup: Markup, frame: Frame = "LPS") -> None:
    """Write the points of ``markup`` in mm as ``.fcsv`` of Slicer 4.11, whole or not at all.

    The format has one line per point: line breaks in labels become blanks.
    """
    table = io.StringIO()
    table.write(f"# {_VERSION} = 4.11\n# CoordinateSystem = {_FRAME_NUMBER[frame]}\n")
    table.write(f"# columns = {','.join(_V4)}\n")
    writer = csv.writer(table, lineterminator="\n")
    positions = markup.points * frame_factors(frame) + 0.0  # no negative zeros
    for i, (position, label) in enumerate(zip(positions.tolist(), markup.labels, strict=True), 1):
        writer.writerow([i, *position, 1, 0, 0, 0, 1, 1, 0, re.sub(r"[\r\n]+", " ", label), "", ""])
    with atomic(path) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8", newline="\n")


def _header(lines: list[str]) -> dict[str, str]:
    """Return the ``# key = value`` lines; a spreadsheet's trailing commas are dropped."""
    pairs = (line.lstrip("# ").partition("=") for line in lines)
    return {key.strip(): value.strip(" ,") for key, _, value in pairs}


def _frame(header: dict[str, str], name: str) -> Frame:
    """Return the frame that the header states; without a version it is RAS, as in Slicer 3."""
    stated, has_version = header.get("CoordinateSystem"), bool(header.get(_VERSION))
    try:
        frame = to_frame("RAS" if stated is None and not has_version else stated)
    except ValueError as error:
        raise InputError(
            f"{name}: CoordinateSystem: expected {error}, got {stated or 'nothing'}; add '# CoordinateSystem = LPS' or "
            "RAS, whichever the points are in"
        ) from error
    if frame == "LPS" and not has_version:
        raise InputError(
            f"{name}: {_VERSION}: expected one beside CoordinateSystem = {stated}, got nothing, and without it Slicer "
            f"reads RAS; add '# {_VERSION} = 4.11' or remove the frame"
        )
    return frame


def _columns(header: dict[str, str], name: str) -> tuple[str, ...]:
    """Return the names of the columns, with the two that Slicer 5 adds without naming them."""
    default = _V5 if header.get(_VERSION) else _V3
    columns = tuple(part.strip() for part in header.get("columns", ",".join(default)).split(","))
    if not {"x", "y", "z"} <= set(columns):
        raise InputError(f"{name}: columns: expected x, y and z among them, got {','.join(columns)}; {REPAIR}")
    return _V5 if columns == _V4 else columns


def _row(line: str, columns: tuple[str, ...], place: str) -> _Row:
    """Return the fields of one line; those beyond the named columns are not read."""
    try:
        values = next(csv.reader([line]))
    except csv.Error as error:
        raise InputError(f"{place}: expected comma-separated values, got a line with {error}; {REPAIR}") from error
    if len(values) <= max(columns.index(axis) for axis in "xyz"):
        raise InputError(f"{place}: expected {','.join(columns)}, got {line[:60]!r}; {REPAIR}")
    return _Row(place, dict(zip(columns, values, strict=False)))


def _status(row: _Row) -> str:
    """Return the status of a point; none means defined."""
    text = row.fields.get("positionStatus", "").strip() or "defined"
    status = _STATUSES[int(text)] if text in {"0", "1", "2", "3"} else text
    if status not in _STATUSES:
        raise InputError(
            f"{row.place}: positionStatus: expected 0-3 or one of {', '.join(_STATUSES)}, got {text!r}; {REPAIR}"
        )
    return status


def _position(row: _Row) -> tuple[float, ...] | None:
    """Return the position of a point in the file's frame, mm; None where all three fields are empty."""
    if not any(row.fields[axis].strip() for axis in "xyz"):
        return None
    return tuple(_number(row, axis) for axis in "xyz")


def _number(row: _Row, axis: str) -> float:
    """Return a coordinate."""
    text = row.fields[axis].strip()
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"{row.place}: {axis}: expected a number, got {text!r}; {REPAIR}") from error
    if not math.isfinite(value):
        raise InputError(f"{row.place}: {axis}: expected a finite number, got {text}; {REPAIR}")
    return value
