"""The spinal segment that a slice shows, from where all annotators together saw the roots enter the cord."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from spinemodel.agreement.contours import LevelAt
from spinemodel.agreement.drawing import Drawing
from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.segments import span_at, spinal_segments
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from spinemodel.levels import ROOTS

MARGIN_MM: Final = 10.0
"""Length by which the line that heights are told on runs beyond what was drawn, so that its ends are in it."""


def segment_of_slices(drawings: Iterable[Drawing], normal: FloatArray) -> tuple[LevelAt, tuple[str, ...]]:
    """Return a function from a point (3,) mm to the name of the spinal segment in its slice, and notes.

    A root's entry is the mean over annotators of its end nearer to the head; segments meet halfway between entries
    (:func:`spinemodel.anatomy.segments.spinal_segments`), at heights along the slices' normal. Without roots or cord,
    or with entries out of order, no slice has a segment, and the note says so.
    """
    each = list(drawings)
    tops = {root: [drawing.roots[root][0] for drawing in each if root in drawing.roots] for root in ROOTS}
    entries = {root: np.mean(found, axis=0) for root, found in tops.items() if found}
    contours = [drawing.stacks["cord"].points.reshape(-1, 3) for drawing in each if "cord" in drawing.stacks]
    if not (entries and contours):
        return (lambda _: None), ("no spinal segment told: no annotator drew both roots and cord",)
    cord = np.vstack(contours)
    heights = np.concatenate([cord @ normal, [entry @ normal for entry in entries.values()]])
    at = np.arange(heights.min() - MARGIN_MM, heights.max() + MARGIN_MM)
    middle = cord.mean(axis=0)
    axis = Axis(each[0].annotation.space, middle + np.outer(at - middle @ normal, normal))
    try:
        spans = spinal_segments(axis, entries, cord)
    except GeometryError as error:
        return (lambda _: None), (f"no spinal segment told: {error}",)
    return (lambda point: span_at(spans, float(point @ normal - at[0]))), ()
