from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import axis_of, locate
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.cord_course import cord_course, fibre_direction
from spinemodel.anatomy.cord_interior import dorsal_columns, fit_interior, grey_matter
from spinemodel.anatomy.grey_parameters import GreyParameters
from spinemodel.anatomy.grey_section import enclosed
from spinemodel.anatomy.loft import loft, plane_of, to_contour
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import to_solid
from spinemodel.errors import GeometryError
from spinemodel.io.bids import read_subject
from spinemodel.levels import LEVELS, ROOTS, RootName

GENTLE = Phantom(enlargement=0.15)


def phantom(seed: int) -> Phantom:
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.9, 1.0)
    return Phantom(
        cord_mm=(4.15 * size, 3.3 * size),
        enlargement=rng.uniform(0.05, 0.2),
        lordosis_mm=rng.uniform(-6, 6),
        slice_spacing_mm=rng.uniform(1, 4),
        slice_tilt_deg=rng.uniform(-12, 12),
        cord_points=int(rng.integers(8, 20)),
        noise_mm=rng.uniform(0, 0.2),
        seed=seed,
        missing=tuple(ROOTS[i] for i in rng.choice(14, rng.integers(0, 5), replace=False)),
    )


class Subject:
    """A cord with what its interior is made from, and the interior."""

    def __init__(self, annotation, parameters=None, keep=slice(None), ends=("dome", "flat"), edge_mm=0.45):
        annotation = arrange(annotation)
        self.contours = [to_contour(markers) for markers in annotation.cord][keep]
        self.cord = loft("Cord", annotation.space, self.contours, ends=ends, edge_mm=edge_mm)
        axis = axis_of(annotation.space, annotation.dura, annotation.ganglia)
        self.centres = {}
        for level in LEVELS:
            drawn = [annotation.roots[name] for side in "LR" if (name := RootName(level, side)) in annotation.roots]
            entries = [markers.points[0] for markers in drawn]
            if entries:
                self.centres[level] = float(locate(axis, np.array(entries))[0].mean())
        self.course = cord_course(self.contours, axis)
        self.interior = fit_interior(self.course, self.centres, parameters, ends=ends, edge_mm=edge_mm)
        self.grey, self.columns = grey_matter(self.interior), dorsal_columns(self.interior)


@pytest.fixture(scope="module")
def gentle() -> Subject:
    return Subject(annotate(GENTLE))


def assert_sound(subject: Subject, rim_mm: float = 0.3) -> None:
    """Grey and dorsal columns keep every promise that they make."""
    for surface in (subject.grey, subject.columns):
        check = check_surface(surface)
        assert check.failures == ()
        assert (check.components, check.euler) == (1, 2)
    cord, grey, columns = (to_solid(surface) for surface in (subject.cord, subject.grey, subject.columns))
    assert (grey - cord).is_empty()
    assert len(((columns ^ cord) - grey).decompose()) == 1
    assert len(((cord - grey) - columns).decompose()) == 1
    top, normal = plane_of(subject.contours[-1].points)
    below = (top - subject.grey.vertices) @ normal
    assert 0.0 < below.min() < 0.5
    assert 0.0 < ((top - subject.columns.vertices) @ normal).min() < 0.5
    flanks = subject.grey.vertices[below > rim_mm + 0.1]
    inside = -signed_distance(Proximity(subject.cord), flanks, exact_within_mm=1.0)[0]
    assert inside.min() > rim_mm
    assert subject.grey.vertices[:, 2].min() + 1.5 < subject.columns.vertices[:, 2].min()


def test_a_real_subject(sub03) -> None:
    subject = Subject(read_subject(sub03))
    assert_sound(subject)
    cord, grey, columns = (to_solid(surface) for surface in (subject.cord, subject.grey, subject.columns))
    assert 0.25 < grey.volume() / cord.volume() < 0.35
    assert 0.25 < ((columns ^ cord) - grey).volume() / (cord - grey).volume() < 0.37


@pytest.mark.parametrize("seed", range(4))
def test_noisy_tilted_coarse_phantoms_with_missing_roots(seed) -> None:
    assert_sound(Subject(annotate(phantom(seed)), edge_mm=0.6))


def test_sections_of_the_grey_take_the_cited_share(gentle) -> None:
    found = enclosed(gentle.interior.grey) / gentle.interior.sections.area
    s, centres = gentle.interior.sections.s, gentle.centres
    for level, ratio in {"L1": 0.24, "L3": 0.34, "S1": 0.39}.items():
        assert np.interp(centres[level], s, found) == pytest.approx(ratio, abs=1e-3)
    assert found.min() == pytest.approx(0.18, abs=1e-6)


def test_the_mesh_of_the_grey_cuts_the_same_areas(gentle) -> None:
    for level, ratio in {"L1": 0.24, "L3": 0.34}.items():
        rows = gentle.interior.sections
        z = float(np.interp(gentle.centres[level], rows.s, rows.centre[:, 2]))
        cord, grey = (to_solid(surface).slice(z).area() for surface in (gentle.cord, gentle.grey))
        assert grey / cord == pytest.approx(ratio, rel=0.03)


def test_the_grey_ends_in_the_conus_before_the_tip(gentle) -> None:
    above = gentle.grey.vertices[:, 2].min() - GENTLE.tip_z
    assert 3 < above < 12
    lowest = gentle.grey.vertices[gentle.grey.vertices[:, 2] < gentle.grey.vertices[:, 2].min() + 1e-9]
    assert len(lowest) == 1


def test_a_cord_cut_at_both_ends_has_grey_from_end_to_end() -> None:
    subject = Subject(annotate(GENTLE), keep=slice(25, None), edge_mm=0.6, ends=("flat", "flat"))
    bottom, normal = plane_of(subject.contours[0].points)
    for surface in (subject.grey, subject.columns):
        assert check_surface(surface).failures == ()
        assert 0.0 < ((surface.vertices - bottom) @ normal).min() < 0.5


def test_dorsal_columns_leave_the_cord_dorsally_and_not_elsewhere(gentle) -> None:
    distance, way = signed_distance(Proximity(gentle.cord), gentle.columns.vertices, exact_within_mm=0.5)
    body = gentle.columns.vertices[:, 2] < gentle.cord.vertices[:, 2].max() - 1
    assert distance[body].max() == pytest.approx(0.25, abs=0.03)
    out = body & (distance > 0.05)
    assert (way[out] @ [0, -1, 0] > 0.35).all()
    near = np.abs(distance[body]) < 0.05
    assert near.mean() < 0.02


def test_a_wider_rim_is_kept_and_a_greater_share_is_taken() -> None:
    wide = Subject(annotate(GENTLE), GreyParameters(rim_mm=0.6), edge_mm=0.8)
    assert_sound(wide, 0.6)
    more = {name: 1.1 * ratio for name, ratio in GreyParameters().ratio.items()}
    plump = Subject(annotate(GENTLE), GreyParameters(ratio=more), edge_mm=0.8)
    assert to_solid(plump.grey).volume() > 1.05 * to_solid(wide.grey).volume()


def test_a_cord_without_room_is_refused() -> None:
    with pytest.raises(GeometryError, match="no room"):
        Subject(annotate(GENTLE), GreyParameters(ratio={"L1": 0.65}, rim_mm=1.0))


def test_streamlines_stay_inside_and_keep_their_place() -> None:
    subject = Subject(annotate(replace(GENTLE, noise_mm=0.05)))
    rows = subject.interior.sections
    turn = 2 * np.pi * np.arange(12) / 12
    place = 0.8 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    across = place * rows.half[-1]
    points = rows.centre[-1] + across[:, :1] * rows.right[-1] + across[:, 1:] * rows.dorsal[-1]
    path, step = [points], 0.5
    for _ in range(200):
        middle = points - step / 2 * fibre_direction(subject.course, points)
        points = points - step * fibre_direction(subject.course, middle)
        path.append(points)
    inside = -signed_distance(Proximity(subject.cord), np.concatenate(path[1:]), exact_within_mm=0.5)[0]
    assert inside.min() > 0.1
    half = np.array([np.interp(points[:, 2], rows.centre[:, 2], column) for column in rows.half.T]).T
    middle = np.array([np.interp(points[:, 2], rows.centre[:, 2], column) for column in rows.centre[:, :2].T]).T
    assert np.abs((points[:, :2] - middle) * [1, -1] / half - place).max() < 0.05
