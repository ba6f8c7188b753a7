import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.interpolate import CubicSpline, make_smoothing_spline
from scipy.optimize import brentq

from spinemodel.anatomy.smoothing import _penalty, smooth


def curve(t):
    return np.stack([np.sin(t / 8), np.cos(t / 10), t], axis=1)


def test_penalty_is_the_bending_of_the_natural_spline() -> None:
    rng = np.random.default_rng(0)
    at, y = np.sort(rng.uniform(0, 10, 12)), rng.normal(size=12)
    second = CubicSpline(at, y, bc_type="natural").derivative(2)
    fine = np.linspace(at[0], at[-1], 400001)
    assert y @ _penalty(at) @ y == pytest.approx(trapezoid(second(fine) ** 2, fine), rel=1e-6)


def test_noise_is_recovered_and_reduced() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(0, 90, 2.0)
    fits = [smooth(t, curve(t) + rng.normal(0, [0.1, 0.1, 0.0], (len(t), 3))) for _ in range(40)]
    assert np.mean([fit.noise_mm for fit in fits]) == pytest.approx(0.1, rel=0.1)
    off = np.mean([np.sqrt(((fit.spline(t) - curve(t))[:, :2] ** 2).mean()) for fit in fits])
    assert off < 0.06


def test_is_the_smoothing_spline_of_scipy_at_the_same_residual() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(0, 60, 2.0)
    y = np.stack([np.sin(t / 6) + rng.normal(0, 0.1, len(t)), np.zeros_like(t), np.zeros_like(t)], axis=1)
    ours = smooth(t, y).spline(t)[:, 0]

    def excess(log_lambda: float) -> float:
        theirs = make_smoothing_spline(t, y[:, 0], lam=10**log_lambda)(t)
        return np.linalg.norm(theirs - y[:, 0]) - np.linalg.norm(ours - y[:, 0])

    theirs = make_smoothing_spline(t, y[:, 0], lam=10 ** brentq(excess, -3, 6, xtol=1e-12))
    np.testing.assert_allclose(ours, theirs(t), atol=1e-6)


def test_known_noise_is_left_as_residual() -> None:
    t = np.arange(0, 90, 2.0)
    y = curve(t) + np.random.default_rng(3).normal(0, [0.1, 0.1, 0.0], (len(t), 3))
    assert smooth(t, y, noise_mm=0.12).noise_mm == pytest.approx(0.12, rel=0.05)


def test_few_points_are_interpolated() -> None:
    t = np.array([0.0, 2.0, 4.0])
    np.testing.assert_allclose(smooth(t, curve(t)).spline(t), curve(t), atol=1e-12)
