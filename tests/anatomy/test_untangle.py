from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.curves import Centreline, arc_length
from spinemodel.anatomy.loft import loft, to_contour
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.relations import relate
from spinemodel.anatomy.roots import FittedRoot
from spinemodel.anatomy.strands import Rules
from spinemodel.anatomy.sweep import SECTION, sweep
from spinemodel.anatomy.untangle import untangle
from spinemodel.errors import ConvergenceError, GeometryError
from spinemodel.levels import RootName
from tests.shapes import circle


@pytest.fixture(scope="module")
def walls() -> tuple[Proximity, Proximity]:
    cord = [to_contour(Markers(circle(2.0, z), "cord")) for z in np.arange(-20.0, 1, 2)]
    dura = [to_contour(Markers(circle(9.0, z), "dura")) for z in np.arange(-80.0, 1, 2)]
    return (
        Proximity(loft("Cord", "test", cord, ends=("dome", "flat"))),
        Proximity(loft("Dura", "test", dura)),
    )


def rod(level, side, start, end, noise=0.1, count=300) -> FittedRoot:
    """A root that leaves the cord at a slant of about 30 degrees and then runs nearly straight to its end."""
    points = np.linspace(start, end, count)
    lift = 1.2 * (1 - np.exp(-arc_length(points) / 2)) * np.linspace(1, 0, count)
    points[:, :2] += lift[:, None] * np.array(start[:2]) / np.hypot(*start[:2])
    radius = np.interp(arc_length(points), [0, 6], [0.25, 0.5])
    line = Centreline(f"{level}_{side}", "test", points, radius, np.zeros(count, dtype=bool))
    return FittedRoot(RootName(level, side), line, points[::8], noise)


def at_height(line, z):
    return np.array([np.interp(z, line.points[::-1, 2], line.points[::-1, k]) for k in range(2)])


def built(roots, walls, rules=None):
    lines, report = untangle(roots, *walls, rules)
    surfaces = {"Cord": walls[0].surface, "Dura": walls[1].surface} | {line.name: sweep(line) for line in lines}
    return lines, report, relate(surfaces)


def test_free_roots_are_not_touched(walls) -> None:
    roots = [rod("L4", "L", (-2.001, 0, -5), (-5, 0, -100)), rod("L4", "R", (2.001, 0, -5), (5, 0, -100))]
    lines, report, relations = built(roots, walls)
    assert max(entry.most_mm for entry in report) < 0.02
    assert relations.failures == ()
    for line, root in zip(lines, roots, strict=True):
        np.testing.assert_allclose(line.points[[0, -1]], root.centreline.points[[0, -1]])


def bent(root: FittedRoot, by) -> FittedRoot:
    """The root with a bulge ``by`` (mm) about z = -50."""
    line = root.centreline
    points = line.points + np.outer(np.exp(-(((line.points[:, 2] + 50) / 8) ** 2)), by)
    return replace(root, centreline=replace(line, points=points), markers=points[::8])


def test_two_close_roots_share_the_displacement_equally(walls) -> None:
    apart = [rod("S1", "L", (-1.4, -1.5, -5), (-4.4, -1, -76)), rod("S2", "L", (-1.4, 1.5, -5), (-4.4, 1, -76))]
    gap = at_height(apart[1].centreline, -50)[1] - at_height(apart[0].centreline, -50)[1]
    roots = [bent(root, [0, way * (gap - 0.9) / 2, 0]) for root, way in zip(apart, (1, -1), strict=True)]
    lines, report, relations = built(roots, walls)
    assert relations.failures == ()
    assert "S2_L" in report[0].against
    assert "S1_L" in report[1].against
    assert report[0].most_mm == pytest.approx(report[1].most_mm, rel=0.02)
    parted = at_height(lines[1], -50)[1] - at_height(lines[0], -50)[1]
    assert parted == pytest.approx(2 * 0.5 * SECTION + 0.05, abs=0.01)


def test_root_that_grazes_the_wall_is_pushed_inside(walls) -> None:
    root = bent(rod("L5", "L", (-2, 0, -5), (-6.5, 0, -100), 0.2), [-4.1, 0, 0])
    _, report, relations = built([root], walls)
    assert relations.failures == ()
    assert relations.roots["L5_L"].dura_crossings == 1
    assert report[0].against == ("Dura",)
    assert 0.1 < report[0].most_mm < 0.7


def test_denied_room_is_taken_from_the_radii(walls) -> None:
    roots = [
        rod("S1", "L", (-1.4, -1.5, -5), (-5, -0.4, -76), 0.01),
        rod("S2", "L", (-1.4, 1.5, -5), (-5, 0.4, -76), 0.01),
    ]
    _, report, relations = built(roots, walls)
    assert relations.failures == ()
    assert min(entry.narrowest_mm for entry in report) < 0.45
    assert min(entry.narrowest_mm for entry in report) >= 0.2


def test_root_through_the_cord_is_an_error(walls) -> None:
    points = np.array([[-2.0, 0, -2], [1.9, 0, -10], [-4, 0, -40], [-5, 0, -100]])
    s = arc_length(points)
    fine = np.stack([np.interp(np.linspace(0, s[-1], 400), s, column) for column in points.T], axis=1)
    line = Centreline("L3_L", "test", fine, np.full(400, 0.5), np.zeros(400, dtype=bool))
    with pytest.raises((GeometryError, ConvergenceError), match=r"L3_L: .*Cord"):
        untangle([FittedRoot(RootName("L3", "L"), line, fine[::8], 0.1)], *walls, Rules())


def test_no_roots_is_no_work(walls) -> None:
    assert untangle([], *walls) == ([], [])
