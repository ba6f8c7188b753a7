"""Can these markers be one subject? The files together, once they are in order."""

from __future__ import annotations

from typing import Final

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.plausible_contours import require_cord_in_dura, require_stack
from spinemodel.anatomy.plausible_ganglia import require_ganglia
from spinemodel.anatomy.plausible_roots import require_roots
from spinemodel.anatomy.stack import body_frame, stack
from spinemodel.errors import InputError

STEEPEST: Final = 0.5
"""Least cosine between the axis of the slices and the body's: axial slices may be oblique by up to 60 degrees."""


def require_plausible(arranged: Annotation, *, raw: Annotation) -> None:
    """Refuse markers that cannot be one subject.

    Parameters
    ----------
    arranged
        The markers in order; see :func:`spinemodel.anatomy.arrange.arrange`.
    raw
        The same markers as they were stored, so that messages give the number a point has in its file.

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
