"""Can these annotations be compared? One subject, one space, one frame, slices that overlap, and something drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, permutations
from typing import Final

import numpy as np

from spinemodel.agreement.correspondence import shared_slices, slices_of
from spinemodel.agreement.whole_shift import text_of, whole_shift
from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.mistakes import hint
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.spaces import require_same_space

CONSENSUS: Final = "consensus"
"""What the mean annotation is called beside the annotators."""

BESIDE_MM: Final = 20.0
"""Annotations whose middles lie so far apart in the slice, or that are off by so much as a whole in any direction, are
not in one frame. Compared as it is printed, in whole mm. A choice: the width of a dura."""


def require_comparable(annotations: Mapping[str, Annotation]) -> None:
    """Refuse annotations that are not two or more drawings of one thing.

    Parameters
    ----------
    annotations
        By the annotator's name.

    Raises
    ------
    InputError
        Fewer than two; one that holds nothing, or not of the same subject; one that drew nothing that another drew, or
        whose slices overlap with nobody's. Slices are those of dura, cord and roots: ganglia lie far beyond them.
    SpaceMismatchError
        Spaces of other names, or annotations that lie beside each other or are off as a whole, along the spine too:
        files in other frames or units, or of other scans.
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
    _require_partners(annotations)


def _require_partners(annotations: Mapping[str, Annotation]) -> None:
    """Refuse who has nothing to compare with anyone; of two, the one who comes later is named."""
    lead, *others = annotations
    apart = {
        (one, other): _apart((one, other), annotations[one], annotations[other])
        for one, other in permutations(annotations, 2)
    }
    for rater in (*others, lead):
        own = [problem for (_, other), problem in apart.items() if other == rater]
        if None not in own:
            raise InputError(str(own[0]))


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


def _apart(raters: tuple[str, str], first: Annotation, second: Annotation) -> str | None:
    """Return why two annotations have nothing to compare, None where they have; refuse two that lie side by side."""
    one, other = _parts(first), _parts(second)
    common = [name for name in one if name in other]
    if not common:
        return (
            f"{raters[1]}: drew {', '.join(other)}, and {raters[0]} drew {', '.join(one)}; expected a structure that "
            "both drew"
        )
    here, there = (np.vstack([parts[name] for name in common]) for parts in (one, other))
    normal = shared_slices([slices_of(first), slices_of(second)]).normal

    def fits(points: FloatArray) -> bool:
        return _beside(here, points, normal) < BESIDE_MM and not _gap(here, points, normal) > 0

    otherwise = "are both drawn on one scan?"
    if round(beside := _beside(here, there, normal)) >= BESIDE_MM:
        raise SpaceMismatchError(
            f"{raters[1]}: lies {beside:.0f} mm beside {raters[0]}; expected less than {BESIDE_MM:g} mm: "
            + hint(there, fits, otherwise)
        )
    if (gap := _least_gap(one, other, common, normal)) > 0:
        return (
            f"{raters[1]}: its slices do not overlap with those of {raters[0]}, and lie {gap:.0f} mm above or below "
            "them; expected drawings of one stretch of the spine: " + hint(there, fits, otherwise)
        )
    _require_no_shift(raters, first, second, normal)
    return None


def _require_no_shift(raters: tuple[str, str], first: Annotation, second: Annotation, normal: FloatArray) -> None:
    """Refuse two of whom one is off as a whole, in any direction: their mean would lie between two places."""
    shift = whole_shift(first, second, normal)
    if shift is not None and round(float(np.linalg.norm(shift))) >= BESIDE_MM:
        raise SpaceMismatchError(
            f"{raters[1]}: lies off {raters[0]} as a whole by {text_of(shift)}; expected less than {BESIDE_MM:g} mm: "
            "are both drawn on one scan, in one frame, with levels called alike?"
        )


def _least_gap(
    one: Mapping[str, FloatArray], other: Mapping[str, FloatArray], common: Sequence[str], normal: FloatArray
) -> float:
    """Return by how much the drawings lie apart along the normal, mm: of dura, cord and all roots, whichever least.

    Ganglia lie far above and below the slices that the others were drawn on, and do not tell. Where nothing else was
    drawn, it is by how much more than ``BESIDE_MM`` all of one lie above all of the other.
    """
    stacks = {name: [each for each in common if each.startswith(name)] for name in ("dura", "cord", "root")}
    clouds = [
        tuple(np.vstack([parts[name] for name in names]) for parts in (one, other))
        for names in stacks.values()
        if names
    ]
    if clouds:
        return min(_gap(first, second, normal) for first, second in clouds)
    first, second = (np.vstack([parts[name] for name in common]) for parts in (one, other))
    return _gap(first, second, normal) - BESIDE_MM


def _gap(here: FloatArray, there: FloatArray, normal: FloatArray) -> float:
    """Return by how much one cloud (n, 3) lies above all of another (m, 3), mm; negative where they overlap."""
    one, other = here @ normal, there @ normal
    return float(max(one.min() - other.max(), other.min() - one.max()))


def _beside(here: FloatArray, there: FloatArray, normal: FloatArray) -> float:
    """Return how far the middles of two clouds (n, 3) and (m, 3) lie apart across the slices' normal, mm."""
    offset = np.median(there, axis=0) - np.median(here, axis=0)
    return float(np.linalg.norm(offset - (offset @ normal) * normal))
