"""Body centres of VerSe: JSON in voxels or millimetres along stated axes, turned into RAS+ mm of the mask's grid.

``[{"direction": ["P", "I", "R"]}, {"label": 20, "X": 63.2, "Y": 141.9, "Z": 31.8}, ...]``: a letter is the side to
which an axis grows, and X, Y and Z count along the three axes; whole numbers are the voxels' centres, since VerSe takes
centres of mass of indices (``calc_centroids`` of its ``utils/data_utilities.py``). Three conventions are in use:

==================  ==========================  =============================  =========================================
files               ``direction``               unit                           source
==================  ==========================  =============================  =========================================
``sub-*_ctd.json``  in the file                 voxels of the image            VerSe's README and ``data_utilities.py``
``*_iso-ctd.json``  P, I, R, unless stated      1 mm, image made isotropic     as winners of the challenge 2020 read it
``verse*_ctd.json`` I, P, L, unless stated      1 mm, image made isotropic     as winners of the challenge 2019 read it
==================  ==========================  =============================  =========================================

The last two are as in ``preprocess_landmarks.py`` of Payer et al. (MedicalDataAugmentationTool-VerSe on GitHub); the
challenge files state neither. Which end of a voxel they count from is not known: half a millimetre is open.

An axis that grows to the other side is turned by ``n - 1 - x``; VerSe's ``reorient_centroids_to`` has ``n - x``, one
voxel further, which would move a point when the image is stored otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.io.files import one_line
from spinemodel.volume.grid import Grid, spacing, to_mm

AXES: Final = "LRPAIS"
"""Both sides of each axis, in pairs."""

ISO_2020: Final = re.compile(r".*[_-]iso-ctd\.json", re.IGNORECASE)
CHALLENGE_2019: Final = re.compile(r"verse\d+_ctd\.json", re.IGNORECASE)

MARGIN_MM: Final = 5.0
"""How far outside the image a body centre may lie. A choice: more than rounding and the open half millimetre."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Points as a file states them.

    Attributes
    ----------
    path
        The file.
    direction
        Side to which each of the three axes grows.
    points
        (3,) by label, along those axes.
    isotropic
        Whether they are millimetres of the image made isotropic, rather than voxels.
    """

    path: Path
    direction: tuple[str, str, str]
    points: Mapping[int, FloatArray]
    isotropic: bool


def read_centroids(path: Path, grid: Grid, names: Mapping[int, str]) -> dict[str, FloatArray]:
    """Return body centres by name, (3,) RAS+ mm; points that are no numbers are left out, as VerSe does.

    Parameters
    ----------
    path
        The JSON file.
    grid
        Of the mask that it belongs to.
    names
        Name of each label that may occur.

    Raises
    ------
    InputError
        If the file cannot be read or breaks the form, a label has no name, or a point lies outside the image.
    """
    return located(read_marks(path), grid, names)


def located(marks: Marks, grid: Grid, names: Mapping[int, str]) -> dict[str, FloatArray]:
    """Return the places of marks that were read; parameters and errors as for :func:`read_centroids`."""
    if unknown := sorted(marks.points.keys() - names.keys()):
        listed = ", ".join(map(str, unknown[:20]))
        raise InputError(f"{marks.path}: labels {listed} are not in the mask's label map; state the map of both")
    voxels = to_voxels(marks, grid)
    beyond = MARGIN_MM / spacing(grid)
    for label, place in voxels.items():
        if ((place < -beyond) | (place > np.array(grid.shape) - 1 + beyond)).any():
            at = ", ".join(f"{x:.1f}" for x in place)
            sides = " x ".join(map(str, grid.shape))
            raise InputError(
                f"{marks.path}: {names[label]} lies at voxel ({at}), outside the image of {sides}; mask and centroids "
                "are of different scans"
            )
    return {names[label]: freeze(to_mm(grid, place[None])[0]) for label, place in voxels.items()}


def to_voxels(marks: Marks, grid: Grid, *, as_stored: bool = False) -> dict[int, FloatArray]:
    """Return the places of marks in voxel indices of a grid, not rounded, by label.

    Parameters
    ----------
    marks
        Points of a file.
    grid
        Of the image.
    as_stored
        Take the axes in the order in which the file has them as those of the image, whatever their direction: to tell
        a direction that contradicts the image.
    """
    codes = axis_codes(grid)
    direction = codes if as_stored else marks.direction
    # On the image's own axes, but in the file's unit: the isotropic image has whole sides and the same centre.
    unit = spacing(grid) if marks.isotropic else np.ones(3)
    sides = np.array(grid.shape, dtype=np.float64)
    counted = np.rint(sides * unit) if marks.isotropic else sides
    order = [AXES.index(code) // 2 for code in direction]
    source = [order.index(AXES.index(code) // 2) for code in codes]
    turned = np.array([direction[a] != code for a, code in zip(source, codes, strict=True)])
    found = {}
    for label, point in marks.points.items():
        along = np.asarray(point)[source]
        along = np.where(turned, counted - 1 - along, along)
        found[label] = (along - (counted - 1) / 2) / unit + (sides - 1) / 2
    return found


def axis_codes(grid: Grid) -> tuple[str, str, str]:
    """Return the side to which each axis of a grid grows most, such as P, I, R.

    Examples
    --------
    >>> axis_codes(Grid((4, 5, 6), np.diag([-1.0, 1, 1, 1]), "here"))
    ('L', 'A', 'S')
    """
    from nibabel.orientations import aff2axcodes

    first, second, third = aff2axcodes(grid.affine)
    return first, second, third


def read_marks(path: Path) -> Marks:
    """Return the points of a file as it states them.

    Raises
    ------
    InputError
        If it cannot be read, states no or contradictory axes, or a point breaks the form.
    """
    record = _load(path)
    stated = next((entry["direction"] for entry in record if "direction" in entry), None)
    isotropic = bool(ISO_2020.fullmatch(path.name)) or (stated is None and bool(CHALLENGE_2019.fullmatch(path.name)))
    if stated is None and isotropic:
        stated = "PIR" if ISO_2020.fullmatch(path.name) else "IPL"
    points: dict[int, FloatArray] = {}
    for number, entry in enumerate(record):
        if "label" not in entry or "direction" in entry:
            continue
        label, point = _label(f"{path}: entry {number + 1}", entry), _point(f"{path}: entry {number + 1}", entry)
        if label in points:
            raise InputError(f"{path}: entry {number + 1}: label {label} a second time; keep one point per label")
        if point is not None:
            points[label] = point
    return Marks(path, _direction(path, stated), points, isotropic)


def _load(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a file."""
    try:
        record = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected body centres as JSON") from None
    except (OSError, ValueError, RecursionError) as problem:
        raise InputError(f"{path}: cannot be read as JSON ({one_line(problem)})") from None
    if not isinstance(record, list) or not all(isinstance(entry, dict) for entry in record):
        raise InputError(f'{path}: expected a list such as [{{"direction": ["P", "I", "R"]}}, {{"label": 20, ...}}]')
    return record


def _direction(path: Path, stated: object) -> tuple[str, str, str]:
    """Return the axes that a file states."""
    letters = [str(code).upper() for code in stated] if isinstance(stated, Sequence) else []
    pairs = sorted(AXES.index(code) // 2 for code in letters if len(code) == 1 and code in AXES)
    if pairs != [0, 1, 2] or len(letters) != 3:
        got = "nothing" if stated is None else repr(stated)
        raise InputError(f'{path}: direction: got {got}, expected one side of each axis, such as ["P", "I", "R"]')
    return letters[0], letters[1], letters[2]


def _label(place: str, entry: Mapping[str, Any]) -> int:
    """Return the label of an entry; VerSe's files hold whole numbers, some as floats."""
    value = entry["label"]
    text = str(value).strip().removesuffix(".0")
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,5}", text):
        raise InputError(f"{place}: label: got {value!r}, expected a whole number such as 20")
    return int(text)


def _point(place: str, entry: Mapping[str, Any]) -> FloatArray | None:
    """Return the point of an entry; None where a coordinate is no number."""
    values = [entry.get(axis) for axis in "XYZ"]
    if any(axis not in entry for axis in "XYZ") or any(isinstance(value, list | dict | bool) for value in values):
        raise InputError(f"{place}: expected numbers X, Y and Z, got {', '.join(map(str, entry)) or 'nothing'}")
    try:
        point = np.array([np.nan if value is None else float(value) for value in values])
    except ValueError:
        raise InputError(f"{place}: got {values}, expected numbers X, Y and Z") from None
    return point if np.isfinite(point).all() else None
