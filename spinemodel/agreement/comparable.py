"""Can these annotations be compared? One subject, one space, one frame, slices that overlap, and something drawn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np

from spinemodel.agreement.correspondence import shared_slices, slices_of
from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.mistakes import hint
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.spaces import require_same_space

CONSENSUS: Final = "consensus"
"""What the mean annotation is called beside the annotators."""

BESIDE_MM: Final = 20.0
"""Annotations whose middles lie farther apart in the slice are not in one frame. A choice: the width of a dura."""


def require_comparable(annotations: Mapping[str, Annotation]) -> None:
    """Refuse annotations that are not two or more drawings of one thing.

    Parameters
    ----------
    annotations
        By the annotator's name.

    Raises
    ------
    InputError
        Fewer than two; one that holds nothing, or not of the same subject; slices that do not overlap; nothing that two
        of them both drew.
    SpaceMismatchError
        Spaces of other names, or annotations that lie beside each other: files in other frames or units.
    """
    if len(annotations) < 2 or CONSENSUS in annotations:
        raise InputError(
            f"agreement: got annotations by {', '.join(annotations) or 'nobody'}; expected two or more, by names other "
            f"than {CONSENSUS}"
        )
    for rater, annotation in annotations.items():
        if not _parts(annotation):
            raise InputError(f"{rater}: holds no contour, no root and no ganglion; draw something or leave {rater} out")
    _require_one_subject(annotations)
    (lead, first), *others = annotations.items()
    for rater, annotation in others:
        _require_together((lead, rater), first, annotation)


def _require_one_subject(annotations: Mapping[str, Annotation]) -> None:
    """Refuse annotations of two subjects, or in two spaces."""
    for (lead, first), (rater, other) in pairwise(annotations.items()):
        if first.subject != other.subject:
            raise InputError(
                f"{rater}: is {other.subject}, and {lead} is {first.subject}; expected one subject: compare drawings "
                "of the same one"
            )
    require_same_space(*(annotation.space for annotation in annotations.values()))


def _parts(annotation: Annotation) -> dict[str, FloatArray]:
    """Return the points (n, 3) of everything that was drawn, by its name."""
    parts = {
        name: np.vstack([contour.points for contour in stack])
        for name, stack in (("dura", annotation.dura), ("cord", annotation.cord))
        if stack
    }
    for kind, drawn in (("root", annotation.roots), ("ganglion", annotation.ganglia)):
        parts |= {f"{kind} {root}": markers.points for root, markers in drawn.items()}
    return {name: points for name, points in parts.items() if len(points)}


def _require_together(raters: tuple[str, str], first: Annotation, second: Annotation) -> None:
    """Refuse two annotations that lie apart, in the slice or along the stack."""
    one, other = _parts(first), _parts(second)
    common = [name for name in one if name in other]
    if not common:
        raise InputError(
            f"{raters[1]}: drew {', '.join(other)}, and {raters[0]} drew {', '.join(one)}; expected a structure that "
            "both drew"
        )
    here, there = (np.vstack([parts[name] for name in common]) for parts in (one, other))
    normal = shared_slices([slices_of(first), slices_of(second)]).normal

    def fits(points: FloatArray) -> bool:
        return _beside(here, points, normal) < BESIDE_MM and not _gap(here, points, normal) > 0

    if (beside := _beside(here, there, normal)) > BESIDE_MM:
        raise SpaceMismatchError(
            f"{raters[1]}: lies {beside:.0f} mm beside {raters[0]}; expected less than {BESIDE_MM:g} mm: "
            + hint(there, fits, "are both drawn on one scan?")
        )
    if (gap := _gap(here, there, normal)) > 0:
        raise InputError(
            f"{raters[1]}: its slices do not overlap with those of {raters[0]}, and lie {gap:.0f} mm above or below "
            "them; expected drawings of one stretch of the spine: " + hint(there, fits, "are both drawn on one scan?")
        )


def _gap(here: FloatArray, there: FloatArray, normal: FloatArray) -> float:
    """Return by how much one cloud (n, 3) lies above all of another (m, 3), mm; negative where they overlap."""
    one, other = here @ normal, there @ normal
    return float(max(one.min() - other.max(), other.min() - one.max()))


def _beside(here: FloatArray, there: FloatArray, normal: FloatArray) -> float:
    """Return how far the middles of two clouds (n, 3) and (m, 3) lie apart across the slices' normal, mm."""
    offset = np.median(there, axis=0) - np.median(here, axis=0)
    return float(np.linalg.norm(offset - (offset @ normal) * normal))

