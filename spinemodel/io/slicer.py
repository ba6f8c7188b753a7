"""Markups of 3D Slicer as JSON (schemas v1.0.0 to v1.0.4): read into RAS+ millimetres, and written back.

The format is that of ``vtkMRMLMarkupsJsonStorageNode``. Where a file leaves the frame or the unit out, the format
itself sets LPS and mm. A point counts when its status is ``defined`` and it has a position; the others are left out
with a note.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.spaces import LPS_TO_RAS
from spinemodel.units import MM_PER_UNIT

Frame: TypeAlias = Literal["LPS", "RAS"]
LengthUnit: TypeAlias = Literal["mm", "um"]
Kind: TypeAlias = Literal["Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI"]
Status: TypeAlias = Literal["undefined", "preview", "defined", "missing"]
"""``vtkMRMLMarkupsNode``'s states of a point, in the order of their numbers there; ``missing`` came with v1.0.4."""

SCHEMA: Final = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
"""What Slicer itself writes; versions before 5.1 know no other spelling."""

REPAIR: Final = "correct the file in a text editor or save it again from Slicer"

_FRAMES: Final[dict[str, Frame]] = {"RAS": "RAS", "0": "RAS", "LPS": "LPS", "1": "LPS"}
"""Frames by their name, and by the number that old files hold."""
_ACCEPTED_SCHEMA: Final = re.compile(r"markups-schema-v1\.\d+\.\d+\.json#*$", re.IGNORECASE)
_EXPECTED: Final = {
    "finite_number": "a finite number",
    "float_type": "a number",
    "list_type": "a list",
    "missing": "a value",
    "model_type": "an object",
    "string_type": "text",
    "too_long": "three numbers",
    "tuple_type": "three numbers",
}
"""What pydantic wanted, by its type of error, in words."""


@dataclass(frozen=True, eq=False)
class Markup:
    """The points of one markup.

    Attributes
    ----------
    kind
        Slicer's type of markup.
    points
        (n, 3) mm, RAS+, in the stored order.
    labels
        One per point; empty ones where none are given.
    notes
        What was left out while reading.
    stated_frame
        The frame of the file that it was read from.
    """

    kind: Kind
    points: FloatArray
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stated_frame: Frame | None = None

    def __post_init__(self) -> None:
        """Copy the points, make them read-only and refuse what cannot be written."""
        object.__setattr__(self, "points", freeze(self.points).reshape(-1, 3))
        object.__setattr__(self, "labels", tuple(self.labels) or ("",) * len(self.points))
        if len(self.labels) != len(self.points) or not np.isfinite(self.points).all():
            raise InputError(
                f"{self.kind} markup: expected finite points and a label for each, got {len(self.points)} points and "
                f"{len(self.labels)} labels"
            )


def read_content(path: Path) -> bytes:
    """Return the bytes of a file that must exist and hold something.

    Raises
    ------
    InputError
        The file is missing, a folder, not readable or empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a marker file") from error
    if not content.strip():
        raise InputError(f"{path}: the file is empty; save it again from Slicer")
    return content


def decode(content: bytes, name: str) -> str:
    """Return ``content`` as text without a byte order mark, or raise ``InputError`` naming the first bad byte."""
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: expected UTF-8 text, got byte 0x{content[error.start]:02x} at {error.start}; {REPAIR}"
        ) from error


def read_markups(path: Path) -> tuple[Markup, ...]:
    """Return every markup of a Slicer Markups JSON file.

    Raises
    ------
    InputError
        The file cannot be read or breaks the format; the message names the file, the field and what was got.
    """
    return parse_markups(read_content(path), str(path))


def parse_markups(content: bytes, name: str) -> tuple[Markup, ...]:
    """Return every markup of ``content``, the bytes of the file called ``name`` in messages.

    Examples
    --------
    >>> content = b'''{"@schema": "markups-schema-v1.0.0.json#", "markups": [
    ...     {"type": "Fiducial", "controlPoints": [{"label": "F-1", "position": [1, 2, 3]}]}]}'''
    >>> parse_markups(content, "a.json")[0].points
    array([[-1., -2.,  3.]])
    """
    try:
        document = _Document.model_validate_json(content.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        decode(content, name)
        raise InputError(f"{name}: {_in_words(error.errors()[0])}; {REPAIR}") from error
    return tuple(_to_markup(markup) for markup in document.markups)


def write_markups(path: Path, markups: Sequence[Markup], frame: Frame = "LPS", unit: LengthUnit = "mm") -> None:
    """Write ``markups`` as Slicer Markups JSON v1.0.3, whole or not at all; equal markups give equal bytes."""
    document = {"@schema": SCHEMA, "markups": [_to_json(markup, frame, unit) for markup in markups]}
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def to_frame(value: object) -> Frame:
    """Return the frame that a file names, by its name or by the number of old files, or raise ``ValueError``.

    Examples
    --------
    >>> to_frame(0)
    'RAS'
    """
    if str(value) not in _FRAMES:
        raise ValueError("LPS or RAS")
    return _FRAMES[str(value)]


def frame_factors(frame: Frame) -> FloatArray:
    """Return the factors on (x, y, z) that turn ``frame`` into RAS, and RAS into ``frame``."""
    return LPS_TO_RAS if frame == "LPS" else np.ones(3)


def select_defined(statuses: Sequence[str], has_position: Sequence[bool]) -> tuple[list[int], tuple[str, ...]]:
    """Return the indices of the points that count, and a note for each reason to leave others out.

    Examples
    --------
    >>> select_defined(["defined", "preview", "defined"], [True, True, False])
    ([0], ('left out (status preview): point 2', 'left out (defined without a position): point 3'))
    """
    kept, left_out = [], defaultdict(list)
    for i, (status, placed) in enumerate(zip(statuses, has_position, strict=True)):
        if status != "defined":
            left_out[f"status {status}"].append(str(i + 1))
        elif not placed:
            left_out["defined without a position"].append(str(i + 1))
        else:
            kept.append(i)
    return kept, tuple(f"left out ({reason}): point {', '.join(points)}" for reason, points in left_out.items())


def _known_schema(value: str) -> str:
    """Return the name of a schema that Slicer accepts, or raise ``ValueError``."""
    if not _ACCEPTED_SCHEMA.search(value):
        raise ValueError("markups-schema-v1.x.y.json")
    return value


def _to_mm(value: object) -> float:
    """Return the millimetres in a unit given as a code or as ``[code, "UCUM", meaning]``, or raise ``ValueError``."""
    code = value[0] if isinstance(value, list) and len(value) == 3 and value[1] == "UCUM" else value
    if not isinstance(code, str) or code not in MM_PER_UNIT:
        raise ValueError('mm, um, cm, m or [code, "UCUM", meaning]')
    return MM_PER_UNIT[code]


def _unset_to_none(value: object) -> object:
    """Return None for the empty text that Slicer writes as the position of an unset point."""
    return None if value == "" else value


_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Point(BaseModel):
    label: str = ""
    position: Annotated[tuple[_Number, _Number, _Number] | None, BeforeValidator(_unset_to_none)] = None
    status: Status = Field("defined", alias="positionStatus")


class _Markup(BaseModel):
    type: Kind
    frame: Annotated[Frame, BeforeValidator(to_frame)] = Field("LPS", alias="coordinateSystem")
    mm_per_unit: Annotated[float, BeforeValidator(_to_mm)] = Field(1.0, alias="coordinateUnits")
    points: list[_Point] = Field([], alias="controlPoints")


class _Document(BaseModel):
    version: Annotated[str, AfterValidator(_known_schema), Field(alias="@schema")]
    markups: list[_Markup]


def _to_markup(markup: _Markup) -> Markup:
    """Return the points that count, in RAS+ mm."""
    points = markup.points
    kept, notes = select_defined([p.status for p in points], [p.position is not None for p in points])
    stored = np.array([points[i].position for i in kept], dtype=np.float64).reshape(-1, 3)
    factors = frame_factors(markup.frame) * markup.mm_per_unit
    return Markup(markup.type, stored * factors, tuple(points[i].label for i in kept), notes, markup.frame)


def _to_json(markup: Markup, frame: Frame, unit: LengthUnit) -> dict[str, Any]:
    """Return a markup in the layout that Slicer writes."""
    factors = frame_factors(frame)
    positions = markup.points * factors / MM_PER_UNIT[unit] + 0.0  # no negative zeros
    axes = (np.diag(factors) + 0.0).ravel().tolist()
    return {
        "type": markup.kind,
        "coordinateSystem": frame,
        "coordinateUnits": unit,
        "controlPoints": [
            {
                "id": str(i + 1),
                "label": label,
                "position": position,
                "orientation": axes,
                "positionStatus": "defined",
            }
            for i, (label, position) in enumerate(zip(markup.labels, positions.tolist(), strict=True))
        ],
    }


def _in_words(error: ErrorDetails) -> str:
    """Return an error of pydantic as ``field: expected ..., got ...``."""
    if error["type"] == "json_invalid":
        return f"expected JSON, got text that is cut off or damaged ({error['ctx']['error']})"
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"]).lstrip(".")
    expected = _EXPECTED.get(error["type"]) or str(error.get("ctx", {}).get("error") or error["ctx"]["expected"])
    got = "nothing" if error["type"] == "missing" else _short(error["input"])
    return f"{field or 'top level'}: expected {expected}, got {got}"


def _short(value: object) -> str:
    """Return a JSON value in at most 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
