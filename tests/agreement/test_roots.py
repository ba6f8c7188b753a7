import numpy as np
import pytest

from spinemodel.agreement.correspondence import UPRIGHT, Slices, ordered, shared_slices, slices_of
from spinemodel.agreement.roots import compare_root, compare_roots, pooled
from spinemodel.anatomy.clearance import along_root
from spinemodel.anatomy.perturb import wander
from spinemodel.anatomy.phantom import Phantom, annotate, root_path
from spinemodel.levels import ROOTS, RootName

NAME = RootName("L3", "L")
PAIR = ("A", "B")
EVERY_2_MM = shared_slices([Slices(UPRIGHT, 2.0)])


def lines(annotation):
    return {root: ordered(annotation.roots[root].points) for root in ROOTS if root in annotation.roots}


def slanted(heights, offset=(0.0, 0.0)):
    return np.column_stack([0.3 * heights + offset[0], -0.2 * heights + offset[1], heights])


def test_parallel_lines_on_the_same_slices():
    z = np.arange(-400, -460, -2.0)
    found = compare_root(NAME, PAIR, slanted(z), slanted(z, (0.3, -0.4)), EVERY_2_MM)
    assert found.correspondence == "slice"
    np.testing.assert_allclose(found.distances, 0.5)
    np.testing.assert_allclose(found.shift, [0.3, -0.4, 0], atol=1e-12)
    assert (found.mean, found.n, found.unmatched) == (pytest.approx(0.5), 30, (0, 0))
    assert found.sd == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.z, z)


@pytest.mark.parametrize(
    ("step", "start", "beyond"), [(2.5, 0.3, (0, 1)), (2.0, 1.0, (0, 2)), (3.3, 0.7, (0, 2)), (2.5, -6.0, (3, 0))]
)
def test_parallel_lines_on_other_slices(step, start, beyond):
    """The first line is marked from -400 down to -458 mm."""
    one, other = slanted(np.arange(-400, -460, -2.0)), slanted(np.arange(-400 + start, -459.8, -step), (0.3, -0.4))
    found = compare_root(NAME, PAIR, one, other, EVERY_2_MM)
    assert found.correspondence == "arc length"
    np.testing.assert_allclose(found.distances, 0.5, atol=1e-9)
    assert found.unmatched == beyond


def test_what_only_one_drew_is_counted_and_in_no_distance():
    z = np.arange(-400, -460, -2.0)
    one, other = slanted(z[:20]), np.delete(slanted(z[5:], (1, 0)), [3, 4], axis=0)
    found = compare_root(NAME, PAIR, one, other, EVERY_2_MM)
    assert (found.correspondence, found.n, found.unmatched) == ("slice", 13, (7, 10))
    assert found.mean == pytest.approx(1.0)
    beyond = compare_root(NAME, PAIR, one, slanted(np.arange(-401, -470, -2.5)), EVERY_2_MM)
    assert beyond.correspondence == "arc length"
    assert beyond.unmatched == (1, int((np.arange(-401, -470, -2.5) < z[19] - 0.5).sum()))


def test_roots_without_a_common_height():
    found = compare_root(NAME, PAIR, slanted(np.arange(0, -20, -2.0)), slanted(np.arange(-30, -50, -2.0)), EVERY_2_MM)
    assert (found.n, found.unmatched) == (0, (10, 10))
    assert np.isnan(found.mean)
    assert np.isnan(found.sd)
    assert np.isnan(found.shift).all()
    assert np.isnan(pooled([found]).mean)
    assert pooled([found]).structures == 0


@pytest.mark.parametrize("tilt", [0.0, -15.0, 15.0])
def test_in_plane_noise_gives_the_mean_of_rayleigh(tilt):
    """Two scatters of SD s per in-plane coordinate: the distance has mean s sqrt(pi) and SD s sqrt(4 - pi)."""
    s = 0.2
    one, other = (annotate(Phantom(noise_mm=s, seed=seed, slice_tilt_deg=tilt)) for seed in (1, 2))
    found = compare_roots(lines(one), lines(other), PAIR, shared_slices([slices_of(one), slices_of(other)]))
    assert {root.correspondence for root in found} == {"slice"}
    every = pooled(found)
    error = 4 / np.sqrt(every.n)
    assert every.n > 450
    assert every.mean == pytest.approx(s * np.sqrt(np.pi), abs=error * s * np.sqrt(4 - np.pi))
    assert every.sd == pytest.approx(s * np.sqrt(4 - np.pi), rel=error)


def test_noise_in_all_directions_gives_the_mean_of_maxwell():
    """Two scatters of SD s per coordinate: a = s sqrt(2), mean a sqrt(8 / pi), SD a sqrt(3 - 8 / pi)."""
    s, n, random = 0.05, 4000, np.random.default_rng(3)
    line = np.outer(-2.0 * np.arange(n), [0, 0, 1])
    one, other = (line + random.normal(0, s, (n, 3)) for _ in range(2))
    found = compare_root(NAME, PAIR, one, other, EVERY_2_MM)
    a = s * np.sqrt(2)
    assert found.n == n
    assert found.mean == pytest.approx(a * np.sqrt(8 / np.pi), abs=4 * a * np.sqrt((3 - 8 / np.pi) / n))
    assert found.sd == pytest.approx(a * np.sqrt(3 - 8 / np.pi), rel=4 / np.sqrt(n))
    assert np.abs(found.shift).max() < 4 * a / np.sqrt(n)


def correlated(drawn, seed, size, bias):
    """Roots displaced in their slices by a bias and by smooth processes of SD ``size`` per coordinate along them."""
    moved = {}
    for i, (root, line) in enumerate(drawn.items()):
        random = np.random.default_rng([seed, i])
        moved[root] = line + np.pad(size * wander(along_root(line), random) + bias, ((0, 0), (0, 1)))
    return moved


def test_known_correlated_offsets_are_recovered():
    """Each draw is one sample, since its points are correlated; the truth lies within 3.5 SE of the draws' mean."""
    drawn, size, bias, draws = lines(annotate(Phantom())), 0.25, np.array([0.2, -0.1]), 60
    found = [compare_roots(drawn, correlated(drawn, seed, size, bias), PAIR, EVERY_2_MM) for seed in range(draws)]
    shift = np.array([np.mean([root.shift for root in roots], axis=0) for roots in found])
    square = np.array([np.mean([(root.distances**2).mean() for root in roots]) for roots in found])
    for values, truth in ((shift[:, 0], bias[0]), (shift[:, 1], bias[1]), (square, bias @ bias + 2 * size**2)):
        assert values.mean() == pytest.approx(truth, abs=3.5 * values.std(ddof=1) / np.sqrt(draws))
    np.testing.assert_allclose(shift[:, 2], 0, atol=1e-12)
    unbiased = [compare_roots(drawn, correlated(drawn, seed, size, 0.0), PAIR, EVERY_2_MM) for seed in range(draws)]
    means = np.array([pooled(roots).mean for roots in unbiased])
    assert means.mean() == pytest.approx(size * np.sqrt(np.pi / 2), abs=3.5 * means.std(ddof=1) / np.sqrt(draws))


@pytest.mark.parametrize("other", [Phantom(slice_spacing_mm=2.7), Phantom(slice_tilt_deg=12.0)])
def test_one_root_drawn_on_other_slices_is_the_same_root(other):
    one, again = annotate(Phantom()), annotate(other)
    shared = shared_slices([slices_of(one), slices_of(again)])
    found = compare_roots(lines(one), lines(again), PAIR, shared)
    assert {root.correspondence for root in found} == {"arc length"}
    assert pooled(found).mean < 0.02
    assert pooled(found).largest < 0.15  # the first step of a root, off the cord, is curved most


def test_corresponding_points_lie_on_the_closed_form():
    phantom = Phantom()
    drawn = lines(annotate(phantom))
    found = compare_roots(drawn, correlated(drawn, 1, 0.3, 0.0), PAIR, EVERY_2_MM)
    for root in found:
        path = root_path(phantom, root.root)
        np.testing.assert_allclose(root.first[:, :2], path(root.first[:, 2]), atol=1e-9)


def test_pooled_by_level_and_side():
    drawn = lines(annotate(Phantom(missing=(RootName("L2", "R"),))))
    offset = {level: 0.1 * i for i, level in enumerate(("L1", "L2", "L3", "L4", "L5", "S1", "S2"), 1)}
    right = np.array([1.0, 0, 0])
    moved = {root: line + offset[root.level] * (2 if root.side == "R" else 1) * right for root, line in drawn.items()}
    found = compare_roots(drawn, moved, PAIR, EVERY_2_MM)
    alone = {each.root: pooled([each]) for each in found}
    for root, summary in alone.items():
        assert summary.mean == pytest.approx(offset[root.level] * (2 if root.side == "R" else 1))
        assert summary.structures == 1
    levels = {level: pooled(each for each in found if each.root.level == level) for level in offset}
    assert levels["L2"].mean == pytest.approx(0.2)
    assert levels["L4"].largest == pytest.approx(0.8)
    assert {level: summary.structures for level, summary in levels.items()} == {**dict.fromkeys(offset, 2), "L2": 1}
    n = [alone[RootName("L4", side)].n for side in "LR"]
    assert levels["L4"].mean == pytest.approx((0.4 * n[0] + 0.8 * n[1]) / sum(n))
