"""An annotation made ready to be compared: its slices, its roots as ordered lines, its contours as closed curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spinemodel.agreement.comparable import require_comparable
from spinemodel.agreement.correspondence import Slices, ordered, slices_of
from spinemodel.agreement.loops import Loops, StructureName, loops_of
from spinemodel.agreement.strays import require_no_strays
from spinemodel.anatomy.annotation import Annotation, Markers, Roots
from spinemodel.arrays import FloatArray
from spinemodel.errors import SpineModelError
from spinemodel.levels import ROOTS, RootName


@dataclass(frozen=True, eq=False)
class Drawing:
    """What one annotator drew.

    Attributes
    ----------
    annotation
        As it was given.
    slices
        That it was drawn on.
    roots
        (n, 3) mm by root, from head to foot, each from its end nearer to the head; roots without a point are left out.
    ganglia
        (n, 3) mm by root.
    stacks
        The closed curves of ``dura`` and ``cord``, of those that were drawn.
    """

    annotation: Annotation
    slices: Slices
    roots: Mapping[RootName, FloatArray]
    ganglia: Mapping[RootName, FloatArray]
    stacks: Mapping[StructureName, Loops]


def drawing_of(annotation: Annotation) -> Drawing:
    """Return an annotation made ready to be compared."""
    slices = slices_of(annotation)
    stacks: dict[StructureName, Loops] = {}
    if slices.normal is not None:
        drawn: dict[StructureName, tuple[Markers, ...]] = {"dura": annotation.dura, "cord": annotation.cord}
        stacks = {name: loops_of(contours, slices.normal) for name, contours in drawn.items() if contours}
    roots = {root: ordered(annotation.roots[root].points) for root in ROOTS if _has(annotation.roots, root)}
    ganglia = {root: annotation.ganglia[root].points for root in ROOTS if _has(annotation.ganglia, root)}
    return Drawing(annotation, slices, roots, ganglia, stacks)


def drawings_of(annotations: Mapping[str, Annotation]) -> dict[str, Drawing]:
    """Return two or more annotations of one subject made ready to be compared, by annotator.

    Raises
    ------
    InputError
        If they cannot be compared; see :func:`spinemodel.agreement.comparable.require_comparable`; or if a point lies
        far from the rest of its structure.
    SpaceMismatchError
        If they are not in one frame.
    """
    require_comparable(annotations)
    return {rater: _drawing_by(rater, annotation) for rater, annotation in annotations.items()}


def _drawing_by(rater: str, annotation: Annotation) -> Drawing:
    """Return the drawing; errors name the annotator, since all have files of the same names."""
    try:
        require_no_strays(annotation)
        return drawing_of(annotation)
    except SpineModelError as problem:
        raise type(problem)(f"{rater}: {problem}") from None


def _has(drawn: Roots, root: RootName) -> bool:
    return root in drawn and len(drawn[root].points) > 0


def structures_of(drawing: Drawing) -> tuple[str, ...]:
    """Return the names of everything that was drawn: ``dura``, ``cord``, ``root L1_L``, ``ganglion L1_L``."""
    roots, ganglia = [f"root {root}" for root in drawing.roots], [f"ganglion {root}" for root in drawing.ganglia]
    return (*drawing.stacks, *roots, *ganglia)
