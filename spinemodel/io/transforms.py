"""Affine transforms as files: JSON that states all, and ITK's text format, which 3D Slicer, ANTs and SimpleITK read.

A :class:`~spinemodel.spaces.Transform` maps *points* from its source (moving) to its target (fixed) space, RAS+ mm. The
JSON holds just that. An ITK file holds the opposite in two ways: coordinates are LPS, and the map leads from points of
the fixed space to the moving one, since that is what resampling a moving image needs (Slicer developer guide,
"Transforms": "from fixed to moving coordinate system"). Slicer inverts it when it loads the file, so that a model of
the moving space put under the transform appears where it belongs in the fixed space. ITK's affine map is
``A (x - c) + c + t``, with ``A`` row by row and ``t`` in ``Parameters``, ``c`` in ``FixedParameters``
(``itk::MatrixOffsetTransformBase``); written files have c = 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel import __version__
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.slicer import frame_factors
from spinemodel.spaces import Transform, inverse

FORMAT: Final = 1
"""Version of the layout of the JSON."""

SUFFIXES: Final = (".json", ".tfm", ".txt")

ITK_HEADER: Final = "#Insight Transform File V1.0"

ITK_TYPES: Final = re.compile(r"(AffineTransform|MatrixOffsetTransformBase)_(double|float)_3_3")
"""Types of transform that are read: twelve numbers and a centre. Slicer writes every linear transform as the first."""


def write_transform(path: Path, transform: Transform, *, about: Mapping[str, object] | None = None) -> None:
    """Write a transform as ``.json`` or, for ITK and Slicer, as ``.tfm`` or ``.txt``; whole or not at all.

    Parameters
    ----------
    path
        Its suffix chooses the format.
    transform
        Maps points, RAS+ mm.
    about
        What JSON also says of it, such as how it was found; what JSON can hold.

    Raises
    ------
    InputError
        If the suffix is unknown, the matrix has no inverse (ITK only), or the place cannot be written to.
    """
    text = _itk_text(path, transform) if _suffix(path) != ".json" else _json_text(transform, about or {})
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_transform(path: Path, *, source: str | None = None, target: str | None = None) -> Transform:
    """Return the transform of points, RAS+ mm, that a file holds.

    Parameters
    ----------
    path
        ``.json`` as this package writes it, or an ITK text file with one affine transform.
    source, target
        Names of the spaces: required for ITK files, which hold none; given for JSON, they must be those stated.

    Raises
    ------
    InputError
        If the file cannot be read or holds something else, or a space is missing or another.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a transform") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({' '.join(str(problem).split())})") from None
    if _suffix(path) == ".json":
        return _from_json(path, text, source, target)
    if source is None or target is None:
        raise InputError(f"{path}: an ITK file names no spaces; state the moving and the fixed one")
    return _from_itk(path, text, source, target)


def _suffix(path: Path) -> str:
    """Return the suffix in small letters, or refuse it."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: unknown transform format {suffix or '(none)'}; expected {', '.join(SUFFIXES)}")
    return suffix


def _json_text(transform: Transform, about: Mapping[str, object]) -> str:
    """Return a transform as JSON."""
    record = {
        "format": FORMAT,
        "spinemodel": __version__,
        "kind": "affine point transform",
        "about": "maps points of the source space into the target space: x' = matrix x, row by row",
        "source": transform.source,
        "target": transform.target,
        "frame": "RAS",
        "unit": "mm",
        "matrix": transform.matrix.tolist(),
        **about,
    }
    return json.dumps(record, indent=1, allow_nan=False) + "\n"


def _from_json(path: Path, text: str, source: str | None, target: str | None) -> Transform:
    """Return the transform in the text of a JSON file."""
    try:
        record = json.loads(text)
        stated = {key: record[key] for key in ("format", "frame", "unit")}
        transform = Transform(_matrix(record["matrix"]), str(record["source"]), str(record["target"]))
    except (ValueError, KeyError, TypeError) as problem:
        what = f"field {problem} is missing" if isinstance(problem, KeyError) else " ".join(str(problem).split())
        raise InputError(f"{path}: not a transform as `spinemodel align` writes it ({what})") from None
    expected = {"format": FORMAT, "frame": "RAS", "unit": "mm"}
    if stated != expected:
        raise InputError(f"{path}: states {stated}, expected {expected}")
    for wanted, found in ((source, transform.source), (target, transform.target)):
        if wanted not in (None, found):
            raise InputError(f"{path}: maps {transform.source} to {transform.target}, expected {wanted}, not {found}")
    return transform


def _matrix(values: Any) -> FloatArray:
    """Return numbers as a finite matrix."""
    matrix = np.array(values, dtype=np.float64)
    if not np.isfinite(matrix).all():
        raise ValueError("the matrix is not finite")
    return matrix


def _itk_text(path: Path, transform: Transform) -> str:
    """Return the inverse of a transform in LPS, as ITK's text."""
    try:
        matrix = _turned(inverse(transform).matrix)
    except np.linalg.LinAlgError:
        raise InputError(f"{path}: the transform {transform.source} -> {transform.target} has no inverse") from None
    numbers = " ".join(repr(float(n) + 0.0) for n in (*matrix[:3, :3].ravel(), *matrix[:3, 3]))
    lines = [ITK_HEADER, "#Transform 0", "Transform: AffineTransform_double_3_3", f"Parameters: {numbers}"]
    return "\n".join([*lines, "FixedParameters: 0 0 0"]) + "\n"


def _turned(matrix: FloatArray) -> FloatArray:
    """Return a matrix between RAS spaces as one between LPS spaces, or the other way round."""
    turn = np.diag([*frame_factors("LPS"), 1.0])
    return np.asarray(turn @ matrix @ turn)


def _from_itk(path: Path, text: str, source: str, target: str) -> Transform:
    """Return the transform of points in an ITK file."""
    if not text.startswith(ITK_HEADER):
        raise InputError(f"{path}: does not start with {ITK_HEADER!r}; expected a transform as ITK or Slicer writes it")
    fields = re.findall(r"^(Transform|Parameters|FixedParameters):[ \t]*(.*?)\s*$", text, re.MULTILINE)
    kinds = [value for key, value in fields if key == "Transform"]
    if len(kinds) != 1 or not ITK_TYPES.fullmatch(kinds[0]):
        raise InputError(f"{path}: holds {', '.join(kinds) or 'no transform'}; expected one AffineTransform_double_3_3")
    numbers = {key: _numbers(path, key, value) for key, value in fields if key != "Transform"}
    sizes = {key: len(values) for key, values in numbers.items()}
    if sizes != {"Parameters": 12, "FixedParameters": 3}:
        raise InputError(f"{path}: numbers {sizes or 'missing'}; expected 12 Parameters and 3 FixedParameters")
    return _of_points(path, numbers["Parameters"], numbers["FixedParameters"], source, target)


def _numbers(path: Path, key: str, text: str) -> FloatArray:
    """Return finite numbers separated by blanks."""
    try:
        values = _matrix(text.split())
    except ValueError as problem:
        raise InputError(f"{path}: {key} cannot be read ({problem})") from None
    return values


def _of_points(path: Path, parameters: FloatArray, centre: FloatArray, source: str, target: str) -> Transform:
    """Return the transform of points, source to target, from ITK's numbers, which lead from target to source."""
    matrix = np.eye(4)
    matrix[:3, :3] = parameters[:9].reshape(3, 3)
    matrix[:3, 3] = parameters[9:] + centre - matrix[:3, :3] @ centre
    try:
        return inverse(Transform(_turned(matrix), target, source))
    except np.linalg.LinAlgError:
        raise InputError(f"{path}: the matrix has no inverse") from None
