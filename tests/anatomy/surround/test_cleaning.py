"""Short edges of a cut are taken out."""

import numpy as np
import pytest

from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface, face_vectors, volume
from spinemodel.anatomy.surround.cleaning import without_short_edges
from spinemodel.anatomy.surround.stacking import from_solid
from tests.anatomy.surround.spine import tube


def test_short_edges_of_a_cut_are_taken_out_and_the_form_stays() -> None:
    one, other = to_solid(tube(9.0, 9.0, 100.0, 150.0)), to_solid(tube(8.97, 9.02, 120.0, 180.0))
    raw = from_solid("raw", "test", one + other)
    clean = without_short_edges(raw, 0.1)
    thin = [(_heights_of(surface) < 0.01).sum() for surface in (raw, clean)]
    assert thin[1] < 0.4 * thin[0]
    assert volume(clean) == pytest.approx(volume(raw), rel=1e-4)
    assert to_solid(clean).genus() == 0
    assert not len(self_intersections(clean))
    assert without_short_edges(clean, 1e-6) is clean


def _heights_of(surface: Surface) -> np.ndarray:
    """Least height of every face."""
    triangles = surface.vertices[surface.faces]
    longest = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2).max(axis=1)
    return 2 * np.linalg.norm(face_vectors(surface), axis=1) / longest
