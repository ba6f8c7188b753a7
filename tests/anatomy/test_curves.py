import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from spinemodel.anatomy.curves import Centreline, arc_length, closed_spline, resample
from spinemodel.errors import GeometryError
from tests.shapes import circle


def test_slicer_curve_is_the_periodic_uniform_cubic() -> None:
    markers = np.random.default_rng(0).normal(size=(9, 3))
    spline = CubicSpline(np.arange(10), np.vstack([markers, markers[:1]]), bc_type="periodic")
    fine = spline(np.linspace(0, 9, 20000))
    curve = closed_spline(markers, 300)
    gaps = np.linalg.norm(curve[:, None] - fine[None], axis=2).min(axis=1)
    assert gaps.max() < 0.02 * np.ptp(markers)


@pytest.mark.parametrize("parametrisation", ["slicer", "centripetal", "chord"])
def test_closed_spline_passes_through_its_markers_at_even_steps(parametrisation) -> None:
    markers = circle(5.0, sides=14) + np.random.default_rng(1).normal(0, 0.2, (14, 3))
    curve = closed_spline(markers, 5000, parametrisation)
    assert np.linalg.norm(curve[:, None] - markers[None], axis=2).min(axis=0).max() < 0.01
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    assert steps.std() / steps.mean() < 0.01


def test_circle_has_its_length() -> None:
    curve = closed_spline(circle(3.0, sides=24), 2000)
    assert arc_length(np.vstack([curve, curve[:1]]))[-1] == pytest.approx(6 * np.pi, rel=1e-4)


def test_resample_meets_given_distances() -> None:
    line = np.array([[0.0, 0, 0], [4, 0, 0], [4, 4, 0]])
    np.testing.assert_allclose(resample(line, np.array([2.0, 6.0])), [[2, 0, 0], [4, 2, 0]])


def test_centreline_refuses_unequal_lengths() -> None:
    with pytest.raises(GeometryError, match="L1_L"):
        Centreline("L1_L", "test", np.zeros((3, 3)), np.ones(2), np.zeros(3, dtype=bool))
