"""The domain of the whole."""

import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.surface import volume
from spinemodel.anatomy.surround.outer import KEEP_OFF_MM, domain, trunk_frame
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.errors import GeometryError
from tests.anatomy.surround.spine import STRAIGHT, tube


def test_domain_is_a_prism_of_the_stated_size_within_the_flat_ends() -> None:
    own = SurroundParameters()
    cut = domain(STRAIGHT, tube(), own, caudal="cut")
    assert (cut.vertices[:, 2].min(), cut.vertices[:, 2].max()) == pytest.approx((101.0, 249.0))
    assert np.ptp(cut.vertices[:, :2], axis=0) == pytest.approx(own.trunk_mm, rel=0.01)
    assert -cut.vertices[:, 1].min() == pytest.approx(own.skin_mm, rel=0.01)
    assert volume(cut) == pytest.approx(np.pi / 4 * own.trunk_mm[0] * own.trunk_mm[1] * 148, rel=0.01)
    low = np.array([[0.0, 0.0, 90.0]])
    whole = domain(STRAIGHT, tube(), own, lowest=low, tops=[tube(3.0, 3.0, 120.0, 245.0)])
    assert (whole.vertices[:, 2].min(), whole.vertices[:, 2].max()) == pytest.approx((70.0, 244.0))


def test_domain_keeps_off_endplates() -> None:
    cut = domain(STRAIGHT, tube(), caudal="cut", keep_off=[249.3, 101.5, 247.5])
    assert cut.vertices[:, 2].max() == pytest.approx(247.5 - KEEP_OFF_MM)
    assert cut.vertices[:, 2].min() == pytest.approx(101.5 + KEEP_OFF_MM)


def test_domain_needs_a_flat_end_and_an_axis_that_rises() -> None:
    with pytest.raises(GeometryError, match="is not below its top"):
        domain(STRAIGHT, tube(9.0, 6.5, 100.0, 101.5), caudal="cut")
    t = np.linspace(0, 3.0, 400)
    hook = Axis("test", np.stack([0 * t, 60 * np.cos(t), 60 * np.sin(t)], axis=1))
    with pytest.raises(GeometryError, match="turns back"):
        trunk_frame(hook, 0.0, 30.0)
