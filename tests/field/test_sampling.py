"""Potentials between nodes: against closed forms, on both sides of interfaces, from box to box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.field._sampling import EVEN, FEW, NEAR, OPEN, REACH, RIDGE, SLOPE, STILL, SURE
from spinemodel.field._tissue_shares import ENOUGH, SHARPEN
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.lead_field import LeadField
from spinemodel.field.sampling import gradient, potential, tissue_at
from tests.field.closed_forms import cylinders_in_field, shells_in_field

TISSUES = {1: "CSF", 2: "White", 3: "L3_R", 4: "L3_R_rootlets"}


def cube(half: float, h: float) -> Box:
    n = 2 * int(np.ceil(half / h / 2))
    return Box((-n, -n, -n), (2 * n + 1,) * 3, h)


def places(axes: tuple[FloatArray, ...]) -> FloatArray:
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def half_points(box: Box) -> tuple[FloatArray, ...]:
    """Where the nodes are, and half-way between."""
    return tuple(np.linspace(axis[0], axis[-1], 2 * len(axis) - 1) for axis in node_points(box))


def filled(
    boxes: tuple[Box, ...],
    value: Callable[[FloatArray], FloatArray],
    tissue: Callable[[FloatArray], IntArray] | None = None,
) -> LeadField:
    """A field of one contact whose nodes hold ``value``."""
    tissue = tissue or (lambda x: np.ones(len(x), dtype=int))
    return LeadField(
        "lab",
        ("C1",),
        boxes,
        tuple(value(places(node_points(box))).reshape(1, *box.nodes).astype(np.float32) for box in boxes),
        tuple(tissue(places(half_points(box))).reshape(box.halves).astype(np.uint8) for box in boxes),
        TISSUES,
        np.eye(1),
    )


def trilinear(field: LeadField, points: FloatArray) -> FloatArray:
    axes = node_points(field.boxes[0])
    return np.asarray(RegularGridInterpolator(axes, field.potential[0][0].astype(float))(points))


SOURCE = np.array([0.37, 2.11, -0.23])


def point_source(points: FloatArray) -> FloatArray:
    return np.asarray(1 / np.linalg.norm(points - SOURCE, axis=-1))


def slope_of_source(points: FloatArray) -> FloatArray:
    away = points - SOURCE
    return -away / np.linalg.norm(away, axis=-1, keepdims=True) ** 3


def rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def line(tilt: tuple[float, float, float], n: int = 201, half: float = 2.0) -> FloatArray:
    """Points on a straight line through the origin."""
    return np.asarray(np.linspace(-half, half, n)[:, None] * np.array(tilt) / np.linalg.norm(tilt))


def test_a_smooth_potential_is_met_with_second_order_or_better() -> None:
    points, step = line((1, 0.2, 0.4)), 50  # 1 mm
    errors = []
    for h in (0.4, 0.2, 0.1):
        field = filled((cube(3.0, h),), point_source)
        value = potential(field, points)[0] - point_source(points)
        slope = gradient(field, points)[0] - slope_of_source(points)
        second = value[2 * step :] - 2 * value[step:-step] + value[: -2 * step]
        errors.append([rms(value), rms(slope), rms(second)])
    order = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (order > 1.9).all()
    assert errors[0][0] < 1e-3
    assert errors[0][2] < 0.02 * 0.098  # of the largest second difference; trilinear 3 %


K = (1.7 - 0.25) / (1.7 + 0.25)
"""Of CSF, in which the source lies, and what lies below the plane y = 0.07."""


def halves(points: FloatArray) -> FloatArray:
    """A source above the plane, and its image; 4 pi 1.7 times the potential (Jackson, section 4.4)."""
    image = SOURCE * [1, -1, 1] + [0, 0.14, 0]
    above = point_source(points) + K / np.linalg.norm(points - image, axis=-1)
    return np.where(points[:, 1] > 0.07, above, (1 + K) * point_source(points))


def upper(points: FloatArray) -> IntArray:
    return np.where(points[:, 1] > 0.07, 1, 2)


def beside_plane(distance: float) -> FloatArray:
    x = np.linspace(-1.5, 1.5, 101)
    return np.stack([x, 0.07 + distance + 0 * x, 0.3 * x], axis=1)


def slope_of_halves(points: FloatArray) -> FloatArray:
    e = 1e-5
    return np.stack([(halves(points + e * axis) - halves(points - e * axis)) / (2 * e) for axis in np.eye(3)], axis=-1)


@pytest.mark.parametrize("distance", [-0.4, -0.2, -0.1, 0.1, 0.2, 0.4])
def test_slopes_are_those_of_the_points_own_side(distance: float) -> None:
    field, points = filled((cube(3.0, 0.4),), halves, upper), beside_plane(distance)
    true = slope_of_halves(points)
    other = np.where(points[:, 1:2] > 0.07, 1.7 / 0.25, 0.25 / 1.7) * true  # that across the plane, beyond it
    error = rms(gradient(field, points)[0] - true)
    assert error < 0.12 * rms((other - true)[:, 1])


def tube(points: FloatArray) -> FloatArray:
    return cylinders_in_field(points - [0.1, 0.05, 0], [0.75], [0.083, 1.7])


def in_tube(points: FloatArray) -> IntArray:
    return np.where(np.hypot(points[:, 0] - 0.1, points[:, 1] - 0.05) < 0.75, 3, 1)


def test_second_differences_in_a_tube_are_its_own() -> None:
    """Inside, the potential is linear, in a slanting tube too: every second difference is the sampling's error."""
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    field = filled((cube(4.0, 0.4),), lambda x: tube(x @ turn), lambda x: in_tube(x @ turn))
    errors = {"one-sided": [], "trilinear": []}
    for angle in np.arange(6):
        at = np.array([0.1 + 0.4 * np.cos(angle), 0.05 + 0.4 * np.sin(angle), 0])
        points = (at + np.linspace(-2.5, 2.5, 51)[:, None] * [0, 0, 1]) @ turn.T
        for name, values in (("one-sided", potential(field, points)[0]), ("trilinear", trilinear(field, points))):
            errors[name].append(values[20:] - 2 * values[10:-10] + values[:-20])
    assert rms(np.array(errors["one-sided"])) < 0.25 * rms(np.array(errors["trilinear"]))


def ball(points: FloatArray) -> FloatArray:
    return shells_in_field(points - [0.1, 0.05, 0], [1.3, 1.6], [0.25, 1.7, 0.04])


def in_ball(points: FloatArray) -> IntArray:
    r = np.linalg.norm(points - [0.1, 0.05, 0], axis=1)
    return np.where(r < 1.3, 2, np.where(r < 1.6, 1, 3))


def test_between_shells_the_error_falls_with_the_spacing() -> None:
    points = np.random.default_rng(0).uniform(-1.2, 1.2, (3000, 3))
    points = points[in_ball(points) == 2]
    errors = [rms(potential(filled((cube(3.0, h),), ball, in_ball), points)[0] - ball(points)) for h in (0.4, 0.2)]
    assert errors[0] < 0.01
    assert errors[1] < errors[0] / 3.5


def across_layer(points: FloatArray, slope: float) -> FloatArray:
    """Across a poor conductor 1.5 cells thick, and 2 where x < -1.2, which takes nearly all of the drop; it grows along
    z, as beside a contact."""
    layer = np.clip(points[:, 1], np.where(points[:, 0] < -1.2, -1.3, -0.75), 0.75)
    return np.asarray(layer * (1 + slope * points[:, 2]) + 0.02 * points[:, 1])


def in_layer(points: FloatArray) -> IntArray:
    y = points[:, 1]
    return np.where(y < np.where(points[:, 0] < -1.2, -1.3, -0.75), 1, np.where(y < 0.75, 2, 3))


@pytest.mark.parametrize("slope", [-0.3, 0.3, 0.6])
@pytest.mark.parametrize(("x", "z"), [(0.45, 0.1), (0.45, -0.4), (0.1, 0.3)])
def test_across_a_layer_of_one_plane_of_nodes_the_potential_does_not_swing(slope: float, x: float, z: float) -> None:
    """A few nodes of the layer's step, far off, are all that its own nodes know of the slope across it."""
    field = filled((cube(7.0, 1.0),), lambda p: across_layer(p, slope), in_layer)
    y = np.linspace(-1.2, 1.2, 97)
    points = np.stack([np.full_like(y, x), y, np.full_like(y, z)], axis=1)
    value, true = potential(field, points)[0], across_layer(points, slope)
    drop = np.ptp(true)
    assert (np.diff(true) > 0).all()
    assert (np.maximum.accumulate(value) - value).max() < 0.03 * drop
    assert value.min() > true.min() - 0.01 * drop
    assert value.max() < true.max() + 0.01 * drop
    assert np.abs(value - true).max() < 0.25 * drop


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_straight_potential_stays_straight_whatever_the_tissues(seed: int) -> None:
    """Also where nodes are missing: the fit leans on what is there."""
    rng = np.random.default_rng(seed)
    box, slope = cube(2.0, 0.4), rng.normal(size=3)
    field = filled((box,), lambda x: 3 + x @ slope)
    labels = np.kron(rng.integers(1, 5, (4, 4, 4)), np.ones((8, 8, 8)))[:25, :25, :25]
    assert labels.shape == box.halves
    values = field.potential[0].copy()
    values[:, rng.random(box.nodes) < 0.1] = np.nan
    field = replace(field, potential=(values,), tissue=(labels.astype(np.uint8),))
    points = rng.uniform(-1.9, 1.9, (40, 3))
    assert np.abs(potential(field, points)[0] - (3 + points @ slope)).max() < 2e-3
    assert np.abs(gradient(field, points)[0] - slope).max() < 2e-2


def nested() -> tuple[Box, ...]:
    return Box((-6,) * 3, (13,) * 3, 0.4), Box((-10,) * 3, (21,) * 3, 0.8), Box((-8,) * 3, (17,) * 3, 1.6)


def test_a_box_hands_over_to_the_next_without_a_step() -> None:
    source = np.array([0.3, 0.1, 0.2])
    field = filled(nested(), lambda x: 1 / np.sqrt(((x - source) ** 2).sum(axis=1) + 0.25))
    assert len(field.boxes) == 3
    t = np.linspace(1, 9.5, 20001)
    points = t[:, None] * np.array([1.0, 0.83, -0.71])
    true = 1 / np.sqrt(((points - source) ** 2).sum(axis=1) + 0.25)
    value = potential(field, points)[0]
    steps = np.abs(np.diff(value - true))
    assert steps.max() < 2e-5
    assert (np.abs(value - true) / true)[t > 1.5].max() < 0.01


def test_beside_a_kink_that_lies_between_nodes_nothing_rises_that_does_not() -> None:
    box, end = Box((0, 0, 0), (16, 16, 16), 1.0), 8.35
    node, half = np.arange(16.0), np.arange(31) / 2
    values = np.maximum(end - node, 0) * np.ones((1, 16, 16, 1))
    labels = np.where(half < end, 1, 2) * np.ones((31, 31, 1))
    names = {1: "disc", 2: "bone"}
    field = LeadField("lab", ("C1",), (box,), (values.astype("f4"),), (labels.astype("u1"),), names, np.eye(1))
    z = np.arange(7.5, 9.5, 0.01)
    found = potential(field, np.stack([np.full_like(z, 7.4), np.full_like(z, 7.6), z], axis=1))[0]
    assert (found - np.minimum.accumulate(found)).max() < 0.002  # of a cell's drop; one fit to both tissues: 0.15
    assert np.abs(found - np.maximum(end - z, 0)).max() < 0.02


def test_the_finest_box_that_holds_the_neighbourhood_counts() -> None:
    boxes = nested()
    field = filled(boxes, lambda x: x[:, 0])
    field = replace(field, potential=(field.potential[0] + 1, *field.potential[1:]))
    deep, shallow, outside = np.array([[0, 0, 0], [-2.3, 0, 0], [-5, 0.1, 0.2]], dtype=float)
    assert potential(field, deep[None])[0, 0] == pytest.approx(1, abs=1e-4)
    assert potential(field, shallow[None])[0, 0] == pytest.approx(-2.3, abs=1e-4)
    assert potential(field, outside[None])[0, 0] == pytest.approx(-5, abs=1e-4)


def test_each_point_is_by_itself() -> None:
    field = filled((cube(3.0, 0.4),), halves, upper)
    points = np.random.default_rng(3).uniform(-2.5, 2.5, (5000, 3))
    some = np.random.default_rng(4).permutation(5000)[:100]
    assert np.array_equal(potential(field, points)[:, some], potential(field, points[some]))


def test_contacts_are_alike() -> None:
    field = filled((cube(2.0, 0.4),), point_source)
    pair = np.concatenate([field.potential[0], 2 * field.potential[0]])
    both = replace(field, contacts=("C1", "C2"), potential=(pair,), impedance=np.eye(2))
    one, two = potential(both, line((1, 1, 0), half=1.5))
    assert np.array_equal(two, 2 * one)


def shares(place: FloatArray, labels: np.ndarray) -> FloatArray:
    """The share of each label of a lattice at a place, of those that conduct."""
    near = np.maximum(1 - np.abs(np.stack(np.indices(labels.shape), axis=-1) - place), 0).prod(axis=-1)
    return np.array([near[labels == n].sum() * (n > 0) for n in range(5)])


def spline(u: FloatArray) -> FloatArray:
    """The quadratic B-spline, as the third difference of a power."""
    return sum(c * np.maximum(u + 1.5 - n, 0) ** 2 for n, c in enumerate((0.5, -1.5, 1.5, -0.5)))


def node_by_node(field: LeadField, point: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each contact, the value and the slopes of what is fitted at a point of a field of one box, where no tissues
    are joined: as it is defined, in no haste."""
    box, labels, values = field.boxes[0], field.tissue[0], field.potential[0]
    place = point / box.spacing_mm - np.array(box.first)
    at_nodes = labels[::2, ::2, ::2]
    own, half = (shares(place, at_nodes), shares(2 * place, labels))
    part = half * np.minimum(ENOUGH * own, 1)
    share = (part + (1 - part.sum()) * own / own.sum()) ** SHARPEN
    member = share / share.sum()
    member = np.where(member > FEW, member, 0) / member[member > FEW].sum()
    fits = {n: one_fit(place, at_nodes, values, n) for n in np.flatnonzero(member)}
    value, slope = (sum(member[n] * fit[k] for n, fit in fits.items()) for k in (0, 1))
    return value, slope / box.spacing_mm


def one_fit(place: FloatArray, at_nodes: np.ndarray, values: FloatArray, tissue: int) -> tuple[FloatArray, FloatArray]:
    """The same of one tissue, slopes per cell."""
    rows, weights, other, here = [], [], [], []
    for node in np.argwhere(np.isfinite(values[0])):
        away = (node - place) / REACH
        r2, own = away @ away, at_nodes[tuple(node)]
        if abs(away).max() < 1 and own > 0:
            x, y, z = away
            rows.append([1, x, y, z, x * x, y * y, z * z, x * y, y * z, z * x])
            weights.append(max(1 - r2, 0) ** 2 / (r2 + NEAR / REACH**2) * (own == tissue))
            other.append(spline(node - place).prod())
            here.append(values[(slice(None), *node)])
    terms, w, w_all, here = np.array(rows), np.array(weights), np.array(other), np.array(here, float)
    penalties = np.diag([0] + [SLOPE] * 3 + [RIDGE] * 6)
    penalties[4:7, 4:7] += EVEN
    inverse = np.linalg.inv(terms.T * w @ terms + w.sum() * penalties)
    found = inverse @ (terms.T * w @ here)
    step = np.clip(np.log(inverse[0, 0] * w.sum() / SURE) / np.log(OPEN / SURE), 0, 1)
    doubt, straight, both = step**2 * (3 - 2 * step), terms[:, :4], STILL * w + w_all
    level = np.linalg.solve(straight.T * both @ straight + both.sum() * penalties[:4, :4], straight.T * both @ here)
    return (1 - doubt) * found[0] + doubt * level[0], found[1:4] / REACH


@pytest.mark.parametrize("contacts", [1, 3, 16, 18])
def test_fits_are_those_of_their_definition_whatever_the_memorys_order(contacts: int) -> None:
    rng = np.random.default_rng(contacts)
    box = Box((-5, 2, 1), (9, 10, 11), 0.4)
    values = rng.normal(size=(contacts, *box.nodes)).astype(np.float32)
    values[:, rng.random(box.nodes) < 0.1] = np.nan
    labels = rng.integers(0, 3, box.halves).astype(np.uint8)
    labels[:9], labels[3:6] = 1, 2  # one plane of nodes, whose slope across nothing but the others tells
    names = tuple(f"C{n}" for n in range(contacts))
    field = LeadField("lab", names, (box,), (values,), (labels,), TISSUES, np.eye(contacts))
    points = rng.uniform(box.low, box.high, (40, 3))
    known = np.isfinite(potential(field, points, missing="nan")[0])
    assert known.sum() > 30
    expected = np.stack([node_by_node(field, point)[0] for point in points[known]], axis=1)
    by_node = replace(field, potential=(np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, 3)), 3, 0),))
    for each in (field, by_node):
        np.testing.assert_allclose(potential(each, points[known]), expected, rtol=1e-9, atol=1e-9)
    one = replace(by_node, tissue=(np.ones_like(labels),))
    slopes = np.stack([node_by_node(one, point)[1].T for point in points[known]], axis=1)
    np.testing.assert_allclose(gradient(one, points[known]), slopes, rtol=1e-9, atol=1e-9)


def test_complex_potentials_of_several_contacts_keep_apart() -> None:
    field, points = filled((cube(2.0, 0.4),), point_source), line((1, 1, 0), half=1.5, n=9)
    factors = np.array([3 - 4j, 2.0, 1j])
    turned = np.moveaxis((np.moveaxis(field.potential[0], 0, 3) * factors).astype(np.complex64), 3, 0)
    several = replace(field, contacts=("C1", "C2", "C3"), potential=(turned,), impedance=np.eye(3))
    for one in (potential, gradient):
        expected = np.multiply.outer(factors, one(field, points)[0])
        np.testing.assert_allclose(one(several, points), expected, rtol=1e-5, atol=1e-6)


def test_a_complex_potential_is_sampled_as_its_parts_are() -> None:
    field, points = filled((cube(2.0, 0.4),), point_source), line((1, 1, 0), half=1.5, n=9)
    turned = replace(field, potential=((field.potential[0] * (3 - 4j)).astype(np.complex64),))
    assert np.allclose(potential(turned, points), (3 - 4j) * potential(field, points), rtol=1e-6)


def test_the_tissue_at_a_point_is_that_of_most_nodes_round_it() -> None:
    field = filled((cube(3.0, 0.4),), halves, upper)
    points = np.array([[0.0, 0.5, 0], [0, -0.5, 0], [0, 40, 0]])
    assert tissue_at(field, points).tolist() == [1, 2, 0]


def test_a_known_tissue_counts_before_the_nodes() -> None:
    """Beside the plane, in a cell that is mostly of the other tissue."""
    field, points = filled((cube(3.0, 0.4),), halves, upper), beside_plane(-0.04)
    true = slope_of_halves(points)
    errors = [rms(gradient(field, points, within=within)[0] - true) for within in (None, "White", "CSF")]
    assert errors[1] < 0.2 * rms(true)
    assert errors[2] > 0.5 * rms(true)


def test_roots_and_rootlets_are_one_tissue() -> None:
    field = filled((cube(2.0, 0.4),), point_source, lambda x: np.where(x[:, 0] > 0, 3, 4))
    whole = filled((cube(2.0, 0.4),), point_source, lambda x: np.full(len(x), 3))
    points = line((1, 0.3, 0), half=1.5)
    assert np.array_equal(potential(field, points), potential(whole, points))


def test_a_point_without_a_potential_is_named() -> None:
    field = filled((cube(2.0, 0.4),), point_source)
    points = np.array([[0, 0, 0], [0, 0, 2.5], [7, 0, 0]], dtype=float)
    with pytest.raises(InputError, match=r"\(0, 0, 2.5\) mm, point 1, and at 1 other .* reaches x, y, z = -2.4 to 2.4"):
        potential(field, points)
    assert np.isfinite(potential(field, points, missing="nan")).tolist() == [[True, False, False]]
    assert np.isnan(gradient(field, points, missing="nan")[0, 1:]).all()


def test_nothing_is_made_up_where_nothing_conducts() -> None:
    field = filled((cube(2.0, 0.4),), point_source)
    labels, values = field.tissue[0].copy(), field.potential[0].copy()
    labels[:8], values[:, :4] = 0, np.nan
    field = replace(field, tissue=(labels,), potential=(values,))
    points = np.array([[-1.5, 0, 0], [0.4, 0, 0]])
    with pytest.raises(InputError, match="nothing conducts there"):
        potential(field, points)
    assert np.isfinite(potential(field, points, missing="nan")).tolist() == [[False, True]]
    assert np.isnan(potential(field, np.array([[np.nan, 0, 0]]), missing="nan")).all()
    near = np.array([[-0.3, 0.1, 0.1]])  # beside the hole
    assert potential(field, near)[0] == pytest.approx(point_source(near), rel=1e-2)


def test_what_cannot_be_is_refused() -> None:
    field = filled((cube(1.0, 0.4),), point_source)
    points = np.zeros((2, 3))
    with pytest.raises(InputError, match=r"got \(3,\), expected \(n, 3\)"):
        potential(field, np.zeros(3))
    with pytest.raises(InputError, match="no tissue Bulk in the field; it has CSF, White, Root"):
        potential(field, points, within="Bulk")
    with pytest.raises(InputError, match=r"tissue: got \(5, 5, 5\), expected"):
        potential(replace(field, tissue=(np.ones((5, 5, 5), dtype=np.uint8),)), points)
    with pytest.raises(InputError, match="one of each of 2 points"):
        potential(field, points, within=["CSF"])


def test_no_points_are_no_error() -> None:
    assert potential(filled((cube(1.0, 0.4),), point_source), np.empty((0, 3))).shape == (1, 0)
