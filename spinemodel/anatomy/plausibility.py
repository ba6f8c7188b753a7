"""Can these markers be one subject? The files together, once they are in order."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Roots
from spinemodel.anatomy.plausible_contours import require_cord_in_dura, require_stack
from spinemodel.anatomy.plausible_ganglia import require_ganglia
from spinemodel.anatomy.plausible_roots import require_roots
from spinemodel.anatomy.stack import Stack, body_frame, stack
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import RootName

STEEPEST: Final = 0.5
"""Least cosine between the axis of the slices and the body's: axial slices may be oblique by up to 60 degrees."""

PAIR_MM: Final = 12.0
"""Left and right roots of a level begin at heights that differ by less. In sub-03: 2 mm."""

PAIR_SLICES: Final = 1.5
"""Roots of a level that begin, or end, at heights this many slices apart are named in the notes. In sub-03: 1."""


def require_plausible(arranged: Annotation, *, raw: Annotation) -> tuple[str, ...]:
    """Refuse markers that cannot be one subject.

    Parameters
    ----------
    arranged
        The markers in order; see :func:`spinemodel.anatomy.arrange.arrange`.
    raw
        The same markers as they were stored, so that messages give the number a point has in its file.

    Returns
    -------
    tuple of str
        What is possible and still looks like a mistake, one sentence each.

    Raises
    ------
    InputError
        In one line: the file, the point, what was found and expected, and the mistake that explains it.
    """
    frame = body_frame((*arranged.cord, *arranged.dura))
    if frame[2, 2] < STEEPEST:
        raise InputError(
            f"{arranged.subject}: the contours are not axial: their normal is {frame[2].round(2)}; expected slices "
            "stacked from foot to head"
        )
    cord, dura = stack(arranged.cord, frame), stack(arranged.dura, frame)
    require_stack("dura", dura, frame, raw)
    require_stack("cord", cord, frame, raw)
    require_cord_in_dura(cord, dura, frame)
    require_roots(arranged.roots, cord, dura, frame, raw)
    require_ganglia(arranged, dura, frame)
    if not arranged.roots and not arranged.ganglia:
        return (
            "no roots and no ganglia: nothing tells left from right, so the frame of the files could not be verified",
        )
    return _unequal_pairs(arranged.roots, dura, frame)


def _unequal_pairs(roots: Roots, dura: Stack, frame: FloatArray) -> tuple[str, ...]:
    """Refuse left and right roots that begin far apart, and say which begin or end at other heights."""
    slices = PAIR_SLICES * float(np.median(np.diff(dura.heights)))
    notes = []
    pairs = [(name, RootName(name.level, "R")) for name in roots if name.side == "L"]
    for (left, right), (end, at) in product(pairs, (("first", 0), ("last", -1))):
        if right not in roots:
            continue
        rise = float((roots[left].points[at] - roots[right].points[at]) @ frame[2])
        if at == 0 and abs(rise) > PAIR_MM:
            raise InputError(
                f"{roots[left].source} and {roots[right].source}: begin {abs(rise):.1f} mm apart in height; expected "
                f"less than {PAIR_MM:g} mm: complete the one that lacks its first points"
            )
        if abs(rise) > slices:
            short, whole = (left, right) if (rise < 0) == (at == 0) else (right, left)
            place = "begins {:.1f} mm below" if at == 0 else "ends {:.1f} mm above"
            notes.append(f"root {short} {place.format(abs(rise))} {whole}: are its {end} points missing?")
    return tuple(notes)
