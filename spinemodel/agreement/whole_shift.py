"""By which vector one annotation lies off another as a whole, along the spine too; from roots and ganglia.

A stack of contours slides along itself: within slices a dura that was raised by 20 mm looks the same. Ganglia and the
ends of roots tell it, where all of them are off by nearly one vector, and undoing it brings the roots and ganglia
nearer to each other. The latter tells a shift from one who drew another stretch of the same roots.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from spinemodel.agreement.correspondence import at_heights, ordered
from spinemodel.anatomy.annotation import Annotation
from spinemodel.arrays import FloatArray

FAR: Final = 3.0
"""A shift is one of the whole if it is more than so many SD long. A choice: annotators who scatter by some tenths of a
millimetre and differ by as much on average stay below 2."""

LEAST: Final = 3
"""Fewer differences do not tell how they scatter."""

LEAST_MM: Final = 1.0
"""Shorter shifts are not told. A choice: half the distance of slices 2 mm apart, as in the lumbosacral dataset; people
who draw one scan differ by some tenths of a millimetre in one direction, which the tables show."""

STACK_SHARE: Final = 0.5
"""Dura and cord go along with a shift along the spine where an end of theirs is off by this part of it. A choice: one
end may be cut off where the image ends, and roots whose levels are all called by the next one's name leave them behind.
"""


def whole_shift(first: Annotation, second: Annotation, normal: FloatArray) -> FloatArray | None:
    """Return the vector (3,) mm from the first to the second; None where they are not off as a whole.

    Parameters
    ----------
    normal
        (3,) unit normal of the slices, towards the head.

    Examples
    --------
    >>> from spinemodel.anatomy.annotation import Markers
    >>> from spinemodel.levels import RootName
    >>> places = {RootName(level, "L"): np.array([[0.0, 0, -30 * n]]) for n, level in enumerate(("L1", "L2", "L3"))}
    >>> one, other = (
    ...     Annotation("sub-01", "scanner", (), (), {}, {root: Markers(at + up, "") for root, at in places.items()})
    ...     for up in ([0, 0, 0], [0, 0, 20.0])
    ... )
    >>> whole_shift(one, other, np.array([0.0, 0, 1])).tolist()
    [0.0, 0.0, 20.0]
    """
    apart = np.array(list(_ends(first, second))).reshape(-1, 3)
    if len(apart) < LEAST:
        return None
    shift = np.median(apart, axis=0)
    length = float(np.linalg.norm(shift))
    scatter = float(np.median(np.linalg.norm(apart - shift, axis=1)))
    if length < FAR * scatter or length < LEAST_MM or not _stacks_follow(first, second, shift, normal):
        return None
    return shift if _distance(first, second, shift, normal) < _distance(first, second, 0 * shift, normal) else None


def text_of(shift: FloatArray) -> str:
    """Return a shift (3,) in mm as text, without negative zeros.

    Examples
    --------
    >>> text_of(np.array([0.0, -0.001, 20.0]))
    '20.0 mm (x 0.0, y 0.0, z 20.0)'
    """
    x, y, z = (shift.round(1) + 0.0).tolist()
    return f"{np.linalg.norm(shift):.1f} mm (x {x:.1f}, y {y:.1f}, z {z:.1f})"


def _ends(first: Annotation, second: Annotation) -> Iterator[FloatArray]:
    """Yield the second's less the first's ends of roots, and middles of ganglia, (3,) mm."""
    for here, there in _lines(first, second):
        yield there[0] - here[0]
        yield there[-1] - here[-1]
    for one, other in _middles(first, second):
        yield other - one


def _lines(first: Annotation, second: Annotation) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the roots that both drew, (n, 3) and (m, 3) mm from the head down."""
    for root, markers in first.roots.items():
        other = second.roots.get(root)
        if len(markers.points) and other is not None and len(other.points):
            yield ordered(markers.points), ordered(other.points)


def _middles(first: Annotation, second: Annotation) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the middles (3,) mm of the ganglia that both drew."""
    for root, markers in first.ganglia.items():
        other = second.ganglia.get(root)
        if len(markers.points) and other is not None and len(other.points):
            yield markers.points.mean(axis=0), other.points.mean(axis=0)


def _stacks_follow(first: Annotation, second: Annotation, shift: FloatArray, normal: FloatArray) -> bool:
    """Return whether dura and cord are off along the spine too, as far as both drew them."""
    rise = float(shift @ normal)
    pairs = ((first.dura, second.dura), (first.cord, second.cord))
    for here, there in (pair for pair in pairs if all(pair)):
        one, other = (np.vstack([each.points for each in stack]) @ normal for stack in (here, there))
        off = np.array([other.min() - one.min(), other.max() - one.max()]) * np.sign(rise)
        if off.max() < STACK_SHARE * abs(rise):
            return False
    return True


def _distance(first: Annotation, second: Annotation, shift: FloatArray, normal: FloatArray) -> float:
    """Return the usual distance of roots, in slices, and of ganglia, mm, after the second was shifted back."""
    gaps = [float(np.linalg.norm(other - shift - one)) for one, other in _middles(first, second)]
    for here, there in _lines(first, second):
        back = there - shift
        apart = np.linalg.norm(at_heights(here, back @ normal, normal) - back, axis=1)
        if np.isfinite(apart).any():
            gaps.append(float(np.nanmean(apart)))
    return float(np.median(gaps)) if gaps else np.inf
