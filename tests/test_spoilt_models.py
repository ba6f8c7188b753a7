"""The whole way from a corrupted annotation: refused in one line, named by `check`, or true within 1 mm where drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from scipy.spatial import KDTree

from spinemodel import Anatomy, Annotation, audit, build
from spinemodel.anatomy.phantom import Phantom, centreline_truth, cord_level, dura_level
from spinemodel.errors import SpineModelError
from tests.anatomy.test_corruption import PHANTOMS, TOLERANCE_MM, corrupted, off_surface

EVERY_VERTEX = 29
"""One vertex in so many is compared: the comparison looks in 240 directions."""


def model_or_refusal(annotation: Annotation) -> Anatomy | str:
    try:
        return build(annotation)
    except SpineModelError as problem:
        return str(problem)


def require_true_model(phantom: Phantom, anatomy: Anatomy) -> None:
    """Assert that the drawn parts of a model lie on the phantom; flat and domed ends are of the model's making."""
    for name, level in (("Cord", cord_level), ("Dura", dura_level)):
        stack = getattr(anatomy.annotation, name.lower())
        low, high = stack[0].points[:, 2].max(), stack[-1].points[:, 2].min()
        vertices = anatomy.surfaces[name].vertices[::EVERY_VERTEX]
        drawn = vertices[(vertices[:, 2] > low + TOLERANCE_MM) & (vertices[:, 2] < high - TOLERANCE_MM)]
        assert off_surface(drawn, level, phantom) <= TOLERANCE_MM, name
    for root in anatomy.annotation.roots:
        line = anatomy.centrelines[str(root)]
        gaps, _ = KDTree(centreline_truth(phantom, root, 0.05)).query(line.points[~line.extrapolated])
        assert gaps.max() <= TOLERANCE_MM, root


@settings(max_examples=80)
@given(corrupted())
def test_no_corrupted_subject_becomes_a_wrong_model(case: tuple[int, Annotation]) -> None:
    which, annotation = case
    result = model_or_refusal(annotation)
    if isinstance(result, str):
        assert result.strip()
        assert "\n" not in result
    elif not audit(result.surfaces).failures:
        assert np.isfinite(result.surfaces["Cord"].vertices).all()
        require_true_model(PHANTOMS[which], result)
