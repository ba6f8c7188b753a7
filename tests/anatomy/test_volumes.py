import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.slices import planes_along, planes_at, section_area
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface, merge, volume
from spinemodel.anatomy.volumes import Slab, cross_sections, slab_volumes, volume_below
from tests.shapes import box, sphere

UP = (0.0, 0.0, 1.0)
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


class TestVolumeBelow:
    @given(directions, st.floats(-6, 6))
    def test_agrees_with_the_solid_split_by_the_plane(self, normal: tuple[float, float, float], offset: float) -> None:
        ball = sphere(5.0, (100, -50, -400), rows=16)
        unit = np.array(normal) / np.linalg.norm(normal)
        point = np.array([100, -50, -400]) + offset * unit
        _, below = to_solid(ball).split_by_plane(tuple(unit), float(point @ unit))
        assert volume_below(ball, point, normal) == pytest.approx(below.volume(), abs=1e-6)

    @pytest.mark.parametrize("height", [-1.0, 0.0, 0.25, 0.5, 1.0, 3.0])
    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_a_cube(self, height: float, axis: int) -> None:
        normal = np.eye(3)[axis]
        assert volume_below(box(), height * normal, normal) == pytest.approx(np.clip(height, 0, 1), abs=1e-15)

    def test_a_cavity_counts_as_empty(self) -> None:
        inner = sphere(1.0)
        hollow = merge("hollow", [sphere(2.0), Surface("in", "test", inner.vertices, inner.faces[:, ::-1])])
        assert volume_below(hollow, (0, 0, 0), UP) == pytest.approx(volume(hollow) / 2, rel=1e-12)

    def test_its_derivative_is_the_section(self) -> None:
        ball = sphere(5.0, rows=20)
        rise = volume_below(ball, (0, 0, 1.001), UP) - volume_below(ball, (0, 0, 0.999), UP)
        assert rise / 0.002 == pytest.approx(section_area(ball, (0, 0, 1), UP), rel=1e-6)


class TestSlabs:
    def test_they_add_up_to_the_whole_in_order(self) -> None:
        ball = sphere(12.0, rows=60)
        slabs = slab_volumes({"Ball": ball, "Box": box()}, planes_at(np.arange(-20.0, 21, 10)))
        assert [(slab.part, slab.low) for slab in slabs[:4]] == [("Ball", z) for z in (-20.0, -10.0, 0.0, 10.0)]
        assert sum(slab.volume_mm3 for slab in slabs if slab.part == "Ball") == pytest.approx(volume(ball), rel=1e-12)
        cap = np.pi * 4 / 3 * (3 * 12 - 2)
        assert slabs[0].volume_mm3 == pytest.approx(cap, rel=0.01)

    def test_planes_across_a_tilted_axis(self) -> None:
        direction = np.array([0.0, 0.6, 0.8])
        ball = sphere(5.0, tuple(10 * direction), rows=40)
        planes = planes_along(Axis("test", np.linspace(0, 20, 41)[:, None] * direction), [0.0, 10.0, 20.0])
        low, high = slab_volumes({"Ball": ball}, planes)
        assert low.volume_mm3 == pytest.approx(high.volume_mm3, rel=1e-9)
        (_, middle, _) = cross_sections({"Ball": ball}, planes)
        assert middle.area_mm2 == pytest.approx(25 * np.pi, rel=0.005)

    def test_per_cm(self) -> None:
        assert Slab("Cord", 0.0, 10.0, 440.0).per_cm == pytest.approx(0.44)
