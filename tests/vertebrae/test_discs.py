"""Heights of discs between blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, SpaceMismatchError
from spinemodel.vertebrae.body import find_body
from spinemodel.vertebrae.discs import disc_heights, disc_heights_of_mesh
from spinemodel.vertebrae.heights import heights
from tests.shapes import box
from tests.vertebrae.forms import DEPTH, WIDTH, block, moved


def test_a_disc_between_flat_blocks_has_their_gap_even_where_one_slipped() -> None:
    surfaces = [block("L4", centre=(0, 0, 34)), block("L5", centre=(0, 4.0, 0))]
    above, below = (find_body(surface) for surface in surfaces)
    found = disc_heights(above, below, *(heights(*pair) for pair in zip((above, below), surfaces, strict=True)))
    assert found.name == "L4-L5"
    assert [found.anterior, found.middle, found.posterior, found.mean] == pytest.approx([8] * 4, abs=0.1)


def test_a_wedged_disc_is_higher_in_front() -> None:
    lean = Rotation.from_euler("x", -10, degrees=True).as_matrix()
    surfaces = [block("L5", centre=(0, 0, 36)), moved(block("S1"), lean)]
    above, below = (find_body(surface) for surface in surfaces)
    found = disc_heights(above, below, *(heights(*pair) for pair in zip((above, below), surfaces, strict=True)))
    assert found.anterior - found.posterior == pytest.approx(2 * DEPTH * np.sin(np.radians(5)), abs=0.3)
    assert found.middle == pytest.approx((found.anterior + found.posterior) / 2, abs=0.1)


def test_a_disc_of_its_own_mesh() -> None:
    above, below = find_body(block("L3", centre=(0, 0, 36.0))), find_body(block("L4"))
    wedge = moved(box(size=1.0), np.diag([WIDTH, DEPTH, 10.0]), (-WIDTH / 2, -DEPTH / 2, 13.0))
    disc = Surface("L3-L4", "blocks", wedge.vertices, wedge.faces)
    found = disc_heights_of_mesh(disc, above, below)
    assert [found.anterior, found.middle, found.posterior, found.mean] == pytest.approx([10] * 4, rel=0.03)
    tapered = wedge.vertices.copy()
    tapered[:, 2] -= np.where(tapered[:, 2] > 20, 6 * (0.5 - tapered[:, 1] / DEPTH), 0)
    found = disc_heights_of_mesh(Surface("L3-L4", "blocks", tapered, wedge.faces), above, below)
    assert [found.anterior, found.middle, found.posterior] == pytest.approx([9, 7, 5], abs=0.25)
    on_sacrum = disc_heights_of_mesh(Surface("L3-L4", "blocks", tapered, wedge.faces), above, below.upper)
    assert on_sacrum.mean == pytest.approx(found.mean, abs=0.01)
    with pytest.raises(SpaceMismatchError):
        disc_heights_of_mesh(wedge, above, below)


def test_no_disc_lies_between_vertebrae_that_do_not_face_each_other() -> None:
    surfaces = [block("L4", centre=(90, 0, 34)), block("L5")]
    above, below = (find_body(surface) for surface in surfaces)
    with pytest.raises(GeometryError, match=r"disc L4-L5: .* face each other over 0 mm2"):
        disc_heights(above, below, *(heights(*pair) for pair in zip((above, below), surfaces, strict=True)))
