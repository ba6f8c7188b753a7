"""Paths up the dorsal columns of a straight cord of which everything is known."""

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.column_paths import (
    LEAST_MM,
    SHARES,
    SIDEWAYS,
    TOP_MM,
    DorsalColumns,
    dorsal_columns_in,
    places_of,
    points_at,
    with_columns,
)
from spinemodel.anatomy.fibre_paths import STEP_MM, FibrePath
from spinemodel.anatomy.surface import Surface

RADIUS, LENGTH, HALF = 4.0, 80.0, np.radians(40)


def _prism(name: str, outline: np.ndarray) -> Surface:
    """A closed surface over an anticlockwise outline (k, 2), star-shaped about its mean, from z = 0 to the length."""
    rows, k = round(LENGTH / 0.5) + 1, len(outline)
    z = np.repeat(np.linspace(0, LENGTH, rows), k)[:, None]
    middle = outline.mean(axis=0)
    vertices = np.vstack([np.hstack([np.tile(outline, (rows, 1)), z]), [*[[*middle, at] for at in (0, LENGTH)]]])
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(k), indexing="ij")
    a, b = (i * k + j).ravel(), (i * k + (j + 1) % k).ravel()
    sides = np.vstack([np.stack([a, b, b + k], axis=1), np.stack([a, b + k, a + k], axis=1)])
    around, after = np.arange(k), (np.arange(k) + 1) % k
    low = np.stack([after, around, np.full(k, rows * k)], axis=1)
    last = (rows - 1) * k
    high = np.stack([around + last, after + last, np.full(k, rows * k + 1)], axis=1)
    return Surface(name, "lab", vertices, np.vstack([sides, low, high]))


def _dorsal(angle: np.ndarray, radius: np.ndarray | float) -> np.ndarray:
    """Points (n, 2) at angles from the dorsal midline towards the right; dorsal is -y."""
    return np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=-1)


@pytest.fixture(scope="module")
def columns() -> DorsalColumns:
    cord = _prism("Cord", _dorsal(-np.linspace(0, 2 * np.pi, 48, endpoint=False), RADIUS)[::-1])
    back = np.linspace(-HALF, HALF, 21)
    inwards = np.linspace(RADIUS, 1.0, 16)[1:]
    wedge = np.vstack([_dorsal(back, RADIUS), _dorsal(np.full(15, HALF), inwards),
                       _dorsal(np.full(14, -HALF), inwards[-2::-1])])  # fmt: skip
    axis = Axis("lab", np.stack([np.zeros(41), np.zeros(41), np.linspace(-10, LENGTH + 10, 41)], axis=1))
    return dorsal_columns_in(cord, _prism("DorsalColumns", wedge), axis)


def _root(name: str, z: float, degrees: float, k: int = 0) -> FibrePath:
    """A root that leaves the cord at an angle and runs down and outwards at 30 degrees."""
    s = np.arange(0, 40, STEP_MM)
    across = RADIUS - 0.2 + 0.5 * s
    xy = _dorsal(np.full(len(s), np.radians(degrees)), across)
    return FibrePath(f"{name}_fibre{k}", name, "", "lab", np.column_stack([xy, z - 0.866 * s]))


def test_a_cord_is_measured(columns: DorsalColumns) -> None:
    s = np.array([30.0, 50.0, 70.0])
    np.testing.assert_allclose(columns.radius.ev(s, np.radians([-30, 0, 50])), RADIUS, rtol=0.01)
    np.testing.assert_allclose(columns.half(s), HALF, atol=0.02)
    np.testing.assert_allclose(columns.centre(s), 0, atol=0.01)


def test_places_are_those_of_points(columns: DorsalColumns) -> None:
    places = np.array([20.0, 45.0, 80.0]), np.array([-0.9, 0.1, 0.6]), np.array([0.6, 0.8, 0.95])
    for found, told in zip(places_of(columns, points_at(columns, *places)), places, strict=True):
        np.testing.assert_allclose(found, told, atol=1e-6)


@pytest.mark.parametrize("degrees", [-55.0, -30.0, 30.0, 55.0])
def test_a_path_runs_up_the_column_of_its_side(columns: DorsalColumns, degrees: float) -> None:
    root = _root("L3_R", 30.0, degrees)
    (path,) = with_columns([root], columns)
    assert np.abs(path.points[-1] - root.points[-1]).max() < 1e-6
    assert path.points[0, 2] == pytest.approx(LENGTH - TOP_MM, abs=0.3)
    assert path.column_mm == pytest.approx(path.arc_mm[-1] - root.arc_mm[-1])
    inside = path.points[path.arc_mm < path.column_mm - 0.5]
    _, angle, share = places_of(columns, inside)
    assert share.max() < 1
    assert (np.sign(angle) == np.sign(degrees)).all()
    deep = inside[:, 2] > 45
    assert np.abs(angle[deep]).max() < HALF
    assert SHARES[0] - 0.02 < share[deep].min() <= share[deep].max() < SHARES[1] + 0.02


def test_a_path_has_even_steps_and_no_corner(columns: DorsalColumns) -> None:
    (path,) = with_columns([_root("L3_R", 30.0, 50.0)], columns)
    steps = np.diff(path.points, axis=0)
    length = np.linalg.norm(steps, axis=1)
    np.testing.assert_allclose(length, STEP_MM, rtol=0.02)
    turn = np.arccos(np.clip((steps[1:] * steps[:-1]).sum(axis=1) / length[1:] / length[:-1], -1, 1))
    assert turn.max() / STEP_MM < 1 / 0.7


def test_lower_roots_lie_more_medially_in_the_share_told(columns: DorsalColumns) -> None:
    low, high = with_columns([_root("S1_R", 20.0, 45.0), _root("L3_R", 50.0, 45.0)], columns)
    for path, entry in ((low, 20.0), (high, 50.0)):
        _, angle, _ = places_of(columns, path.points[:1])
        share = entry / (LENGTH - TOP_MM)
        assert angle[0] == pytest.approx(SIDEWAYS * share * HALF, rel=0.03)


def test_depths_are_spread_over_the_section_whatever_other_roots_there_are(columns: DorsalColumns) -> None:
    roots = [_root("L3_R", 30.0, 45.0, k) for k in range(8)]
    alone, beside = with_columns(roots, columns), with_columns([_root("L1_L", 50.0, -45.0), *roots], columns)[1:]
    shares = [places_of(columns, path.points[:1])[2][0] for path in alone]
    assert [path.points[0].tolist() for path in alone] == [path.points[0].tolist() for path in beside]
    even = (np.sort(np.square(shares)) - SHARES[0] ** 2) / (SHARES[1] ** 2 - SHARES[0] ** 2)
    assert np.diff([0, *even, 1]).max() < 0.3
    other = with_columns(roots, columns, seed=1)
    assert places_of(columns, other[0].points[:1])[2][0] != pytest.approx(shares[0], abs=1e-3)


def test_the_length_is_that_asked_for(columns: DorsalColumns) -> None:
    (path,) = with_columns([_root("L3_R", 30.0, 45.0)], columns, 20.0)
    assert path.points[0, 2] == pytest.approx(50.0, abs=0.3)


def test_paths_without_room_or_away_from_the_cord_stay_as_they_are(columns: DorsalColumns) -> None:
    high, short = _root("L1_R", LENGTH - TOP_MM - LEAST_MM + 0.5, 45.0), _root("L3_R", 30.0, 45.0)
    away = replace(short, points=short.points + np.array([2.0, -2.0, 0.0]))
    assert with_columns([high, away], columns) == (high, away)
    assert with_columns([short], columns, 1.0) == (short,)
    assert with_columns([], columns) == ()
