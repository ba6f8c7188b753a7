"""Where a lead can lie, as far as markers tell it: a slip is then told before the model is built."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import axis_of, locate
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.sac import sac_end
from spinemodel.anatomy.segments import SEGMENTS, spinal_segments
from spinemodel.anatomy.vertebral_levels import vertebra_names, vertebral_levels
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.bids import read_subject
from spinemodel.io.study_rows import Study

SPARE_MM: Final = 10.0
"""By which the cord is taken to reach beyond its contours, so that no level is refused that the model may have. A
choice: the conus is rounded off within it."""


def require_level(study: Study, kind: str, name: str) -> None:
    """Refuse a level that the subject's model cannot have.

    Parameters
    ----------
    study
        What is asked for.
    kind
        ``segment`` or ``vertebra``.
    name
        Such as ``L3``, or ``T12/L1`` for a disc, in any case of letters.

    Raises
    ------
    InputError
        If there is no such level, or it lies beyond what was drawn.
    """
    drawn = drawn_of(study)
    try:
        known = _segments(drawn) if kind == "segment" else _vertebrae(drawn, study)
    except GeometryError:
        return  # the model's own stage tells better what is wrong with the markers
    what, marks = ("spinal segment", "roots") if kind == "segment" else ("vertebra", "ganglia")
    if not known:
        where = f"{drawn.subject}: no {marks} are marked, which tell where a {what} lies"
        raise InputError(f"{where}; expected z:MM or point:FILE")
    if name.casefold() not in map(str.casefold, known):
        raise InputError(f"{drawn.subject} has no {what} {name!r}; expected one of {', '.join(known)}")


def require_height(study: Study, z: float) -> None:
    """Refuse a height, RAS mm, that the subject's dura does not reach.

    Raises
    ------
    InputError
        If it lies above the drawn contours, or below the end of the sac.
    """
    drawn = drawn_of(study)
    low, high = dura_heights(study, drawn)
    if not low <= z <= high:
        raise InputError(f"z {z:g} mm: {drawn.subject} has no dura there; expected {low:.0f} to {high:.0f} mm")


def dura_heights(study: Study, drawn: Annotation) -> tuple[float, float]:
    """Return the heights between which the model's dura lies, RAS mm; all where wrong markers tell none.

    The model's own stage tells better what is wrong with them.
    """
    heights = np.concatenate([markers.points[:, 2] for markers in drawn.dura])
    low, high = float(heights.min()), float(heights.max())
    if study.build.caudal == "cut":
        return low, high
    try:
        axis = axis_of(drawn.space, drawn.dura, drawn.ganglia)
    except GeometryError:
        return -np.inf, np.inf
    end = sac_end(axis, drawn.ganglia, begin=float(locate(axis, drawn.dura[0].points)[0].mean()))
    return low if end is None else min(low, float(np.interp(end, axis.s, axis.points[:, 2]))), high


def drawn_of(study: Study) -> Annotation:
    """Return what was drawn of the subject, in order."""
    subject = study.subject
    if subject.phantom is None:
        return arrange(read_subject(study.path(str(subject.markers)), subject.subject))
    return arrange(annotate(Phantom(noise_mm=subject.phantom.noise_mm, seed=subject.phantom.seed)))


def _segments(drawn: Annotation) -> Sequence[str]:
    """Return the spinal segments that the cord may reach; none without roots, which tell where they lie."""
    if not drawn.roots:
        return ()
    points, spare = np.vstack([markers.points for markers in drawn.cord]), np.array([0.0, 0.0, SPARE_MM])
    entries = {root: markers.points[0] for root, markers in drawn.roots.items()}
    axis = axis_of(drawn.space, drawn.dura, drawn.ganglia)
    there = {span.name for span in spinal_segments(axis, entries, np.vstack([points - spare, points + spare]))}
    return [name for name in SEGMENTS if name in there]


def _vertebrae(drawn: Annotation, study: Study) -> Sequence[str]:
    """Return the vertebrae and the discs below them; all that there can be where vertebrae come from elsewhere."""
    last = study.build.last_thoracic, study.build.last_lumbar
    if study.vertebrae:
        names = vertebra_names(*last)
    elif drawn.ganglia:
        axis = axis_of(drawn.space, drawn.dura, drawn.ganglia)
        spans = vertebral_levels(axis, drawn.ganglia, last_thoracic=last[0], last_lumbar=last[1])
        names = tuple(span.name for span in spans)
    else:
        return ()
    return [*names, *(f"{upper}/{lower}" for upper, lower in pairwise(names) if not upper.startswith("S"))]
