import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.field.montage import Montage
from spinemodel.recruitment._splines import curvatures, spline_at
from spinemodel.recruitment.axons import compartments
from spinemodel.recruitment.column_nodes import TAPER_MM, THINNER, cable_mm
from spinemodel.recruitment.geometry import centres_um, mrg_geometry
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.stretches import MARGIN, axons_of, site_points, stretches

CATHODE = Montage({"C1": -1.0})


def _path(name: str, length: float = 150.0, column_mm: float = 0.0) -> FibrePath:
    z = np.linspace(0, -length, round(4 * length) + 1)
    return FibrePath(name, "L3_R", "", "lab", np.stack([np.ones_like(z), 2 + 0 * z, z], axis=1), column_mm)


def _population(paths: list[FibrePath], diameter: float = 10.0, model: str = "mrg") -> Population:
    n = len(paths)
    names = tuple(path.name for path in paths)
    return Population("lab", names, ("L3_R",) * n, ("Ia",) * n, (model,) * n, np.full(n, diameter),
                      0.3 * np.arange(n), np.full(n, 1 / n), tuple(paths))  # fmt: skip


def _over(points: np.ndarray, at: tuple[float, float, float]) -> np.ndarray:
    return 100 / np.linalg.norm(points - np.array(at), axis=1)


def _potentials(paths: list[FibrePath], missing: slice | None = None) -> FibrePotentials:
    points = np.concatenate([path.points for path in paths])
    values = np.stack([_over(points, (1, 6, -60)), _over(points, (1, 6, -90))])
    if missing is not None:
        values[:, missing] = np.nan
    counts = [len(path.points) for path in paths]
    arcs = np.concatenate([path.arc_mm for path in paths])
    names = tuple(path.name for path in paths)
    return FibrePotentials("lab", ("C1", "C2"), names, np.cumsum([0, *counts]), points, arcs, values)


def test_splines_are_natural_cubic_ones_of_each_fibre_alone() -> None:
    rng = np.random.default_rng(0)
    s = np.concatenate([np.cumsum(0.1 + rng.random(9)), np.cumsum(0.1 + rng.random(6))])
    values = rng.random(15)
    begin, end = np.array([0, 10]), np.array([9, 15])
    bent = curvatures(begin, end, s, values)
    at = np.stack([np.linspace(s[a], s[b - 1], 50) for a, b in zip(begin, end, strict=True)])
    found = spline_at(begin, end, s, values, bent, at)
    for k, (a, b) in enumerate(zip(begin, end, strict=True)):
        expected = CubicSpline(s[a:b], values[a:b], bc_type="natural")
        np.testing.assert_allclose(bent[a:b], expected(s[a:b], 2), atol=1e-10)
        np.testing.assert_allclose(found[k], expected(at[k]), atol=1e-12)
        beyond = spline_at(begin[k : k + 1], end[k : k + 1], s, values, bent, np.array([[s[a] - 3, s[b - 1] + 2]]))
        straight = expected(s[[a, b - 1]]) + expected(s[[a, b - 1]], 1) * [-3, 2]
        np.testing.assert_allclose(beyond[0], straight, atol=1e-12)
    assert bent[9] == 0


def test_compartments_have_the_potential_of_where_their_middles_lie() -> None:
    paths = [_path("a"), _path("b")]
    own = stretches(_population(paths), _potentials(paths))
    (group,) = axons_of(own, CATHODE, share=0.0, margin=0)
    middles = centres_um(mrg_geometry([10.0]))[0] / 1000
    for i in range(2):
        periods = np.arange(group.axons.nodes[i])
        at = 0.3 * i + (group.first[i] + periods[:, None]) * own.spacing_mm[i] + middles
        at = at.ravel()[: compartments("mrg", group.axons.nodes[i])]
        points = np.stack([np.ones_like(at), 2 + 0 * at, -at], axis=1)
        np.testing.assert_allclose(group.axons.potential[i, : len(at)], -_over(points, (1, 6, -60)), rtol=2e-4)


def test_a_stretch_lies_round_what_drives_and_a_share_of_nothing_is_the_whole_fibre() -> None:
    paths = [_path("a")]
    own = stretches(_population(paths), _potentials(paths))
    (cut,), (whole,) = axons_of(own, CATHODE), axons_of(own, CATHODE, share=0.0, margin=0)
    assert whole.first[0] == 0
    assert whole.axons.nodes[0] == own.nodes[0, 1] == np.floor(150 / own.spacing_mm[0]) + 1
    middle = (cut.first[0] + (cut.axons.nodes[0] - 1) / 2) * own.spacing_mm[0]
    assert middle == pytest.approx(60, abs=2)
    assert 2 * MARGIN < cut.axons.nodes[0] < 60
    same = slice(11 * cut.first[0], 11 * (cut.first[0] + cut.axons.nodes[0] - 1) + 1)
    np.testing.assert_allclose(cut.axons.potential[0], whole.axons.potential[0, same])


def test_beyond_the_ends_of_its_path_an_axon_goes_on_straight() -> None:
    paths = [_path("a", 65.0)]
    own = stretches(_population(paths), _potentials(paths))
    (group,) = axons_of(own, CATHODE, share=0.0)
    assert group.first[0] == -MARGIN
    assert group.axons.nodes[0] == own.nodes[0, 1] + 2 * MARGIN
    bends = np.diff(group.axons.potential[0, ::11], 2)
    np.testing.assert_allclose(bends[: MARGIN - 1], 0, atol=1e-9)
    np.testing.assert_allclose(bends[2 - MARGIN :], 0, atol=1e-9)
    assert np.abs(bends[MARGIN + 2 : -MARGIN - 2]).min() > 1e-6


def test_weak_depolarisation_beside_strong_hyperpolarisation_is_kept() -> None:
    paths = [_path("a")]
    own = stretches(_population(paths), _potentials(paths))
    (group,) = axons_of(own, Montage({"C1": 1.0, "C2": -0.05}))
    last = (group.first[0] + group.axons.nodes[0] - 1 - MARGIN) * own.spacing_mm[0]
    assert last > 90


def test_nodes_are_told_where_they_lie() -> None:
    paths = [_path("a"), _path("b")]
    own = stretches(_population(paths), _potentials(paths))
    found = site_points(own, np.array([1, 0]), np.array([20, -1]))
    np.testing.assert_allclose(found[0], [1, 2, -(0.3 + 20 * own.spacing_mm[1])])
    assert np.isnan(found[1]).all()


def test_fibres_that_are_short_or_lack_potentials_are_in_no_group() -> None:
    paths = [_path("short", 2.0), _path("fine"), _path("hole", 25.0)]
    counts = np.cumsum([0, *(len(path.points) for path in paths)])
    own = stretches(_population(paths), _potentials(paths, slice(counts[2] + 6, counts[2] + 95)))
    assert [group.fibres.tolist() for group in axons_of(own, CATHODE)] == [[1]]


def test_the_longest_run_beside_a_gap_counts() -> None:
    paths = [_path("a")]
    own = stretches(_population(paths), _potentials(paths, slice(0, 101)))
    assert own.begin[0] == 101
    first = int(np.ceil(101 / 4 / own.spacing_mm[0]))
    (group,) = axons_of(own, CATHODE, share=0.0)
    assert group.first[0] == first  # what lies in a gap is not known, and no axon goes on into it
    points = site_points(own, np.array([0]), np.array([first]))
    assert points[0, 2] == pytest.approx(-first * own.spacing_mm[0])


def test_axons_of_nodes_only_have_a_compartment_a_node() -> None:
    paths = [_path("a")]
    own = stretches(_population(paths, model="sweeney"), _potentials(paths))
    (group,) = axons_of(own, CATHODE)
    assert own.spacing_mm[0] == 1.0
    assert group.axons.potential.shape[1] == group.axons.nodes[0]


def test_nodes_lie_closer_in_the_column() -> None:
    paths = [_path("a", column_mm=50.0)]
    own = stretches(_population(paths), _potentials(paths))
    z = -site_points(own, np.zeros(own.nodes[0, 1], dtype=int), np.arange(own.nodes[0, 1]))[:, 2]
    gaps, middle = np.diff(z), (z[1:] + z[:-1]) / 2
    np.testing.assert_allclose(gaps[middle < 50 - TAPER_MM - 2], THINNER * own.spacing_mm[0], rtol=1e-3)
    np.testing.assert_allclose(gaps[middle > 52], own.spacing_mm[0], rtol=1e-6)
    assert (np.diff(gaps) > -1e-9).all()


def test_without_a_column_the_cable_is_the_path() -> None:
    arc = np.linspace(0, 30, 121)
    np.testing.assert_allclose(cable_mm(arc, 0.0), arc)


def test_potentials_of_other_fibres_and_complex_ones_are_refused() -> None:
    paths = [_path("a")]
    found = _potentials(paths)
    with pytest.raises(InputError, match="not the population's"):
        stretches(_population([_path("b")]), found)
    waves = FibrePotentials(found.space, found.contacts, found.names, found.offsets, found.points, found.arc_mm,
                            found.potential * (1 + 1j))  # fmt: skip
    with pytest.raises(InputError, match="complex"):
        stretches(_population(paths), waves)
