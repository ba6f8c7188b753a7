"""The canal and its foramina."""

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.axis import locate
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surround.canal import bounds, canal, canal_form, epidural
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.shell import dura_shell
from spinemodel.anatomy.vertebra_sizes import VERTEBRA_SIZES, size_of
from spinemodel.errors import GeometryError
from tests.anatomy.surround.spine import LEVELS, STRAIGHT, root, tube


def test_canal_has_the_cited_sizes_round_a_small_dura() -> None:
    form = canal_form(STRAIGHT, tube(7.0, 5.0), LEVELS)
    for span in LEVELS[2:4]:
        found, size = bounds(form, (span.top + span.bottom) / 2), VERTEBRA_SIZES[span.name]
        assert 2 * found.half_width == pytest.approx(size.canal_width, rel=0.02)
        assert found.dorsal - found.ventral == pytest.approx(size.canal_depth, rel=0.02)
        assert found.dorsal - 5.0 > 2 * (-found.ventral - 5.0)  # most fat lies behind


@pytest.mark.parametrize("half", [(14.0, 11.0), (9.0, 8.5), (3.0, 3.0)])
def test_canal_keeps_its_clearances_round_any_dura(half) -> None:
    own = SurroundParameters()
    form = canal_form(STRAIGHT, tube(*half), LEVELS, own)
    solid = canal(STRAIGHT, form, own)
    assert not len(self_intersections(solid))
    s, right, dorsal = locate(STRAIGHT, solid.vertices)
    beside = (s > 105) & (s < 245)
    distance = signed_distance(Proximity(tube(*half)), solid.vertices[beside], exact_within_mm=2.0)[0]
    assert distance.min() > own.ventral_mm - 0.1
    behind = (dorsal[beside] > half[1]) & (np.abs(right[beside]) < 1.0)
    assert distance[behind].min() > own.dorsal_mm - 0.1
    assert s.max() > 250 + 5


def test_canal_is_triangular_at_lumbar_and_round_at_thoracic_levels() -> None:
    thoracic = tuple(replace(span, name=f"T{6 + i}", size=size_of("T11")) for i, span in enumerate(LEVELS))

    def lean(levels) -> float:
        loops = canal_form(STRAIGHT, tube(5.0, 5.0), levels).loops
        loop = loops[len(loops) // 2]
        middle = (loop[:, 1].min() + loop[:, 1].max()) / 2
        wide = loop[np.abs(loop[:, 0]).argmax(), 1] - middle
        return float(wide / np.ptp(loop[:, 1]))

    assert lean(LEVELS) < -0.08
    assert abs(lean(thoracic)) < 0.04


def test_foramen_opens_the_fat_round_the_ganglion() -> None:
    line = root("L3_R", 18.0)
    form = canal_form(STRAIGHT, dura_shell(tube(), 0.3), LEVELS)
    fat = epidural(STRAIGHT, form, {"L3_R": line}, tube())
    distance = signed_distance(Proximity(fat), np.stack([line.points[-1], line.points[-1] * [-1, 1, 1]]))[0]
    assert distance[0] == pytest.approx(-SurroundParameters().foramen_mm, abs=0.2)
    assert distance[1] > 3.0
    assert len(to_solid(fat).decompose()) == 1


def test_canal_without_vertebrae_is_refused() -> None:
    with pytest.raises(GeometryError, match="no vertebra lies within the axis"):
        canal_form(STRAIGHT, tube(), ())
