"""Fibre paths: inside the root, parallel to its axis, through a rootlet where there are some, and always the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.fibre_paths import (
    SHARE,
    STEP_MM,
    FibrePath,
    fibre_paths,
    inside_box,
    resampled,
    with_room,
)
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.rootlets import Fan
from spinemodel.anatomy.sweep import sweep
from spinemodel.errors import InputError
from spinemodel.levels import RootName


def line(points, radius=0.5, name="L3_R"):
    points = np.asarray(points, dtype=float)
    return Centreline(name, "lab", points, np.full(len(points), radius), np.zeros(len(points), dtype=bool))


def helix(radius_mm=15.0, rise_mm=40.0, turns=0.5, n=2000):
    t = np.linspace(0, 1, n)
    angle = 2 * np.pi * turns * t
    points = np.stack([radius_mm * np.cos(angle), radius_mm * np.sin(angle), -rise_mm * t], axis=1)
    return points, float(np.hypot(2 * np.pi * turns * radius_mm, rise_mm))


def fan():
    """A trunk that runs down, and two rootlets that come to lie beside its axis."""
    down = np.arange(0, 60, 0.25)
    trunk = line(np.stack([0 * down, 0 * down, -down], axis=1))
    rootlets = []
    for k, aside in enumerate((-0.2, 0.2)):
        rise = np.arange(10, -0.6, -0.25)
        way = np.clip(rise / 10, 0, 1)
        across = aside + 8 * aside * way**2
        points = np.stack([across, 0 * rise, rise], axis=1)
        rootlets.append(line(points, 0.16, f"L3_R_{k + 1}"))
    return Fan(RootName("L3", "R"), tuple(rootlets), trunk, 0, 2)


def test_first_path_is_the_axis_and_its_arc_length_is_the_curves():
    points, length = helix()
    (path,) = fibre_paths({"L3_R": line(points)})
    assert path.arc_mm[-1] == pytest.approx(length, rel=2e-4)
    assert np.diff(path.arc_mm) == pytest.approx(STEP_MM, rel=0.01)
    distance = np.linalg.norm(path.points[:, None] - points, axis=2).min(axis=1)
    assert distance.max() < 0.02  # half a step of the helix
    assert path.points[[0, -1]] == pytest.approx(points[[0, -1]])
    assert path.rootlet == ""
    assert path.root == "L3_R"
    assert not path.points.flags.writeable


@given(st.integers(0, 1000), st.floats(0.0, 0.9))
def test_paths_keep_their_distance_from_the_axis_within_the_share(seed, share):
    radius = 2.0
    paths = fibre_paths({"L3_R": line([[0, 0, 0], [0, 0, -30.0]], radius)}, count=6, share=share, seed=seed)
    off = np.array([np.hypot(path.points[:, 0], path.points[:, 1]) for path in paths])
    assert off.max() <= share * radius + 1e-9
    assert off[0].max() < 1e-9
    assert np.ptp(off, axis=1).max() < 1e-9  # parallel to a straight axis
    assert [path.name for path in paths] == [f"L3_R_fibre{k}" for k in range(1, 7)]


def test_places_fill_the_disc_evenly():
    paths = fibre_paths({"L3_R": line([[0, 0, 0], [0, 0, -2.0]], 1.0)}, count=2001, share=1.0)
    square = np.array([path.points[0, 0] ** 2 + path.points[0, 1] ** 2 for path in paths[1:]])
    assert square.mean() == pytest.approx(0.5, abs=0.02)  # uniform over a disc: r^2 is uniform
    assert np.array([path.points[0, :2] for path in paths]).mean(axis=0) == pytest.approx(0, abs=0.05)


def test_paths_stay_inside_the_bent_tube():
    root = line(helix(radius_mm=5.0, rise_mm=20.0)[0])
    wall = Proximity(sweep(root))
    for path in fibre_paths({"L3_R": root}, count=8):
        assert signed_distance(wall, path.points)[0].max() < -(1 - SHARE) * 0.5 * 0.8


def test_the_same_seed_gives_the_same_paths_and_a_root_does_not_depend_on_others():
    one, other = line([[0, 0, 0], [0, 0, -9.0]]), line([[5, 0, 0], [5, 0, -9.0]], name="L2_R")
    alone = fibre_paths({"L3_R": one}, count=3, seed=4)
    both = [path for path in fibre_paths({"L3_R": one, "L2_R": other}, count=3, seed=4) if path.root == "L3_R"]
    changed = fibre_paths({"L3_R": one}, count=3, seed=5)
    assert all(np.array_equal(a.points, b.points) for a, b in zip(alone, both, strict=True))
    assert not np.allclose(alone[1].points, changed[1].points)


def test_paths_come_through_the_rootlets_in_turn_and_stay_inside():
    own = fan()
    paths = fibre_paths({"L3_R": own.trunk}, [own], count=4)
    assert [path.rootlet for path in paths] == ["L3_R_1", "L3_R_2", "L3_R_1", "L3_R_2"]
    walls = [Proximity(sweep(tube)) for tube in (own.trunk, *own.rootlets)]
    for path in paths:
        depth = np.min([signed_distance(wall, path.points)[0] for wall in walls], axis=0)
        assert depth[1:-1].max() < 0
        bend = np.linalg.norm(np.diff(path.points, 2, axis=0), axis=1) / STEP_MM**2
        assert bend.max() < 1 / 2.0  # no corner where rootlet and trunk meet: nowhere bent to less than 2 mm
        assert path.points[0, 2] == pytest.approx(10, abs=0.05)
        assert path.points[-1, 2] == pytest.approx(-59.75, abs=0.05)


def test_rootlets_are_as_wide_as_the_mesh_leaves_room():
    own = fan()
    thin = sweep(Centreline("thin", "lab", own.rootlets[0].points, np.full(43, 0.1), np.zeros(43, dtype=bool)))
    fitted = with_room(own, Proximity(thin)).rootlets[0]
    assert fitted.radius[5:-6] == pytest.approx(0.1, rel=0.1)
    assert with_room(own, Proximity(thin)).trunk is own.trunk
    aside = sweep(line([[9, 9, 9], [9, 9, -9.0]], name="aside"))
    assert with_room(own, Proximity(aside)).rootlets[1].radius[5] == 0.01


def test_longest_stretch_in_a_box():
    x = np.array([0, 1, 2, 9, 2, 1, 0, 1, 2, 9.0])
    path = FibrePath("a", "L3_R", "", "lab", np.stack([x, 0 * x, np.arange(10.0)], axis=1))
    low, high = np.array([-1.0, -1, -1]), np.array([3.0, 1, 20])
    assert inside_box(path, low, high).points[:, 2].tolist() == [4, 5, 6, 7, 8]
    assert inside_box(path, low - 100, high - 100) is None
    assert inside_box(path, low, np.array([0.5, 1, 0.5])) is None


def test_resampled_keeps_ends_and_length():
    (path,) = fibre_paths({"L3_R": line([[0, 0, 0], [3, 4, 0.0]])})
    fewer = resampled(path, 5)
    assert fewer.points == pytest.approx(np.outer([0, 0.25, 0.5, 0.75, 1], [3, 4, 0]))
    assert fewer.arc_mm[-1] == pytest.approx(5)


@pytest.mark.parametrize(("count", "share"), [(0, 0.5), (1, 1.5), (1, -0.1)])
def test_bad_numbers_are_told(count, share):
    with pytest.raises(InputError, match="expected 1 or more"):
        fibre_paths({"L3_R": line([[0, 0, 0], [0, 0, -1.0]])}, count=count, share=share)
