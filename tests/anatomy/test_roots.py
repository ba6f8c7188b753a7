import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.loft import loft, to_contour
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.roots import RootParameters, fit_root, reach
from spinemodel.levels import RootName
from tests.shapes import circle

ROOT = RootName("L4", "L")


@pytest.fixture(scope="module")
def cord() -> Proximity:
    contours = [to_contour(Markers(circle(4.0, z), f"{z}")) for z in np.arange(-60.0, 1, 2)]
    return Proximity(loft("Cord", "test", contours))


def markers(noise=0.0, seed=0):
    z = np.arange(-10.0, -60, -2)
    x = -4.4 - 0.05 * (-10 - z)
    noisy = np.random.default_rng(seed).normal(0, noise, (len(z), 2)) if noise else np.zeros((len(z), 2))
    return np.stack([x + noisy[:, 0], noisy[:, 1], z], axis=1)


def test_root_runs_from_the_cord_to_its_ganglion(cord) -> None:
    ganglion = np.array([[-15.0, 3.0, -100.0]])
    fitted = fit_root(ROOT, "test", markers(), ganglion, cord, RootParameters())
    points = fitted.centreline.points
    assert abs(signed_distance(cord, points[:1])[0][0]) < 1e-9
    np.testing.assert_allclose(points[-1], ganglion[0], atol=1e-9)
    gaps = np.linalg.norm(points[:, None] - markers()[None], axis=2).min(axis=0)
    assert gaps.max() < 0.13


def test_radius_tapers_towards_the_entry(cord) -> None:
    parameters = RootParameters(radius_mm=0.6, entry_radius_mm=0.2, taper_mm=5.0)
    line = fit_root(ROOT, "test", markers(), np.empty((0, 3)), cord, parameters).centreline
    s = arc_length(line.points)
    assert line.radius[0] == pytest.approx(0.2)
    np.testing.assert_allclose(line.radius[s > 5.0], 0.6)


def test_only_what_nobody_drew_is_extrapolated(cord) -> None:
    line = fit_root(ROOT, "test", markers(), np.array([[-15.0, 3, -100]]), cord, RootParameters()).centreline
    drawn = line.points[~line.extrapolated]
    assert drawn[:, 2].max() <= -9.9
    assert drawn[:, 2].min() >= -58.1
    assert line.extrapolated[-1]
    assert line.extrapolated[0]


def test_root_without_ganglion_ends_at_its_last_marker(cord) -> None:
    line = fit_root(ROOT, "test", markers(), np.empty((0, 3)), cord, RootParameters()).centreline
    np.testing.assert_allclose(line.points[-1], markers()[-1], atol=0.05)


def test_noise_is_smoothed_towards_the_truth(cord) -> None:
    offs = []
    for seed in range(10):
        line = fit_root(ROOT, "test", markers(0.1, seed), np.empty((0, 3)), cord, RootParameters()).centreline
        x = np.interp(-markers()[2:, 2], -line.points[:, 2], line.points[:, 0])
        offs.append(x - markers()[2:, 0])
    assert np.sqrt(np.mean(np.square(offs))) < 0.06


@given(
    direction=st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.just(-1.0)),
    target=st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(-150, -10)),
    turn=st.floats(1, 40),
)
def test_unannotated_span_turns_within_its_bound(direction, target, turn) -> None:
    along, goal = np.array(direction), np.array([target])
    path = np.vstack([np.zeros(3), reach(np.zeros(3), along, goal, turn)])
    chord = goal[0] / np.linalg.norm(goal[0])
    off = np.linalg.norm(path - np.outer(path @ chord, chord), axis=1).max()
    change = np.linalg.norm(along / np.linalg.norm(along) - chord)
    assert off <= 4 / 27 * min(turn, np.linalg.norm(goal[0])) * change + 1e-9
    np.testing.assert_allclose(path[-1], goal[0], atol=1e-9)


def test_path_passes_through_entry_and_exit_of_a_ganglion() -> None:
    targets = np.array([[0.0, 0, -20], [3, 0, -24]])
    path = reach(np.zeros(3), np.array([0.0, 0, -1]), targets, 20.0)
    assert np.linalg.norm(path - targets[0], axis=1).min() < 1e-9
    np.testing.assert_allclose(path[-1], targets[1])
