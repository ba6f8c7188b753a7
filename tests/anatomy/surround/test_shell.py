"""The dura's shell, and the sleeves of the roots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.axis import locate, place
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import area, volume
from spinemodel.anatomy.surround.shell import dura_shell, exit_index, sleeves
from tests.anatomy.surround.spine import STRAIGHT, root, sac, tube
from tests.shapes import sphere


@given(radius=st.floats(3.0, 12.0), thickness=st.floats(0.1, 0.6))
def test_shell_of_a_sphere_has_its_thickness(radius, thickness) -> None:
    inner = sphere(radius)
    outer = dura_shell(inner, thickness)
    np.testing.assert_allclose(np.linalg.norm(outer.vertices, axis=1), radius + thickness, rtol=0.002)


@pytest.mark.parametrize("make", [tube, sac])
def test_shell_is_at_its_thickness_from_every_face(make) -> None:
    inner = make()
    outer = dura_shell(inner, 0.3)
    assert not len(self_intersections(outer))
    middles = outer.vertices[outer.faces].mean(axis=1)
    distance = signed_distance(Proximity(inner), middles[::3], exact_within_mm=1.0)[0]
    assert np.percentile(distance, [0.2, 50, 99.8]) == pytest.approx([0.3, 0.3, 0.3], abs=0.03)
    assert volume(outer) - volume(inner) == pytest.approx(0.3 * area(inner), rel=0.06)


def test_flat_end_of_the_shell_moves_up_by_the_thickness() -> None:
    outer = dura_shell(tube(), 0.3)
    assert outer.vertices[:, 2].max() == pytest.approx(250.3, abs=0.01)
    assert outer.vertices[:, 2].min() == pytest.approx(99.7, abs=0.01)
    assert outer.vertices[:, 0].max() == pytest.approx(9.3, abs=0.02)


def test_sleeve_holds_its_root_outside_the_dura_and_ends_round() -> None:
    line, dura = root("L3_R", 18.0), tube()
    (name, sleeve), = sleeves({"L3_R": line, "S2_R": root("S2_R", 6.0)}, dura).items()
    assert name == "L3_R"  # S2 ends within the dura
    distance = signed_distance(Proximity(sleeve), line.points)[0]
    outside = signed_distance(Proximity(dura), line.points)[0] > 0
    assert distance[outside].max() == pytest.approx(-0.8, abs=0.06)
    parts = (to_solid(sleeve) - to_solid(dura)).decompose()
    assert len(parts) == 1
    way = line.points[-1] - line.points[-2]
    end = line.points[-1] + 0.8 * way / np.linalg.norm(way)
    assert signed_distance(Proximity(sleeve), end[None])[0] == pytest.approx(0.0, abs=0.03)


def test_root_along_the_wall_gets_a_sleeve_that_begins_inside() -> None:
    share = np.linspace(0, 1, 400)
    across = np.where(share < 0.8, 8.4 + 0.4 * share, 8.72 + 60 * (share - 0.8))
    points = place(STRAIGHT, 220 - 60 * share, across, 0 * share)
    line = Centreline("L1_R", "test", points, np.full(400, 0.5), np.zeros(400, dtype=bool))
    sleeve = sleeves({"L1_R": line}, tube())["L1_R"]
    assert len((to_solid(sleeve) - to_solid(tube())).decompose()) == 1
    s = locate(STRAIGHT, sleeve.vertices)[0]
    assert s.max() < 220 - 60 * 0.8 + 8.0


def test_exit_is_the_last_point_inside() -> None:
    assert exit_index(np.array([1.0, -0.1, 0.5, -1.0])) == 2
    assert exit_index(np.array([-1.0, -2.0])) is None
