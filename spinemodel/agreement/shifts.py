"""Does one annotation look like the other, shifted as a whole? Two people who drew one scan do not differ so.

Where all differences of a kind of structure are nearly one vector, their scatter about it is far below its length. A
shift along the slices' normal cannot be seen within slices: there the heights at which roots, cord and dura begin and
end tell it. Shifts below ``LEAST_MM`` are not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from spinemodel.agreement.contours import ContourAgreement
from spinemodel.agreement.correspondence import SharedSlices
from spinemodel.agreement.drawing import Drawing
from spinemodel.agreement.points import PointAgreement
from spinemodel.agreement.roots import RootAgreement
from spinemodel.agreement.whole_shift import FAR, LEAST, LEAST_MM
from spinemodel.arrays import FloatArray

FloatTuple: TypeAlias = tuple[float, float, float]


def shift_note(
    raters: tuple[str, str],
    drawings: tuple[Drawing, Drawing],
    shared: SharedSlices,
    compared: Sequence[RootAgreement | ContourAgreement | PointAgreement],
) -> str | None:
    """Return a sentence if the second annotation looks like the first one shifted, None if not.

    Parameters
    ----------
    raters, drawings, shared
        The two, what they drew, and the slices that they have in common.
    compared
        All that both drew.
    """
    parts = {**_differences(compared), "ends of roots and contours": _ends(drawings, shared)}
    found = {name: shift for name, vectors in parts.items() if (shift := _shift(vectors)) is not None}
    if not found:
        return None
    by: dict[FloatTuple, list[str]] = {}
    for name, (mean, _) in found.items():
        by.setdefault(_rounded(mean, 1), []).append(name)
    told = "; ".join(_told(names, [found[name] for name in names]) for names in by.values())
    return f"{raters[1]} against {raters[0]}: {told}; are both drawn on one scan, in one frame?"


def _differences(
    compared: Sequence[RootAgreement | ContourAgreement | PointAgreement],
) -> Mapping[str, FloatArray]:
    """Return second less first of all points (n, 3) mm by kind: roots, cord, dura, ganglia."""
    every: dict[str, list[FloatArray]] = {"roots": [], "cord": [], "dura": [], "ganglia": []}
    for each in compared:
        if isinstance(each, ContourAgreement):
            every[each.structure].append(each.shift[None])
        else:
            every["roots" if isinstance(each, RootAgreement) else "ganglia"].append(each.second - each.first)
    return {name: np.vstack([np.zeros((0, 3)), *vectors]) for name, vectors in every.items()}


def _ends(drawings: tuple[Drawing, Drawing], shared: SharedSlices) -> FloatArray:
    """Return by how much the ends of what both drew differ along the normal, (n, 3) mm, if by more than a slice."""
    spans = [dict(_spans(drawing, shared.normal)) for drawing in drawings]
    rise = [spans[1][name] - heights for name, heights in spans[0].items() if name in spans[1]]
    along = np.concatenate([np.zeros(0), *rise])
    slices = [drawing.slices.spacing_mm for drawing in drawings if np.isfinite(drawing.slices.spacing_mm)]
    if not len(along) or abs(along.mean()) <= max(slices, default=0.0):
        return np.zeros((0, 3))
    return np.outer(along, shared.normal)


def _spans(drawing: Drawing, normal: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    """Yield by structure the least and the largest height (2,) mm."""
    for root, points in drawing.roots.items():
        yield str(root), np.array([(points @ normal).min(), (points @ normal).max()])
    for name, stack in drawing.stacks.items():
        yield name, np.array([(stack.centres @ normal).min(), (stack.centres @ normal).max()])


def _shift(vectors: FloatArray) -> tuple[FloatArray, float] | None:
    """Return the mean (3,) of differences (n, 3) and their SD about it, mm; None where they are not one vector."""
    if len(vectors) < LEAST:
        return None
    mean = vectors.mean(axis=0)
    scatter = float(np.sqrt(((vectors - mean) ** 2).sum(axis=1).mean()))
    return None if np.linalg.norm(mean) < max(LEAST_MM, FAR * scatter) else (mean, scatter)


def _told(names: Sequence[str], shifts: Sequence[tuple[FloatArray, float]]) -> str:
    """Return which structures are shifted alike, how far and whither."""
    mean, scatter = np.mean([mean for mean, _ in shifts], axis=0), max(scatter for _, scatter in shifts)
    x, y, z = _rounded(mean, 2)
    return (
        f"{', '.join(names)} look shifted as a whole by {np.linalg.norm(mean):.2f} mm (x {x:.2f}, y {y:.2f}, "
        f"z {z:.2f}; SD {scatter:.2f})"
    )


def _rounded(vector: FloatArray, digits: int) -> FloatTuple:
    """Return a vector (3,) without negative zeros."""
    x, y, z = (vector.round(digits) + 0.0).tolist()
    return x, y, z
