"""Potentials between nodes: against closed forms, on both sides of interfaces, from box to box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.lead_field import LeadField
from spinemodel.field.sampling import gradient, potential
from tests.field.closed_forms import cylinders_in_field, shells_in_field
from tests.field.sampled_fields import (
    beside_plane,
    cube,
    filled,
    halves,
    line,
    point_source,
    rms,
    slope_of_halves,
    slope_of_source,
    upper,
)


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


def trilinear(field: LeadField, points: FloatArray) -> FloatArray:
    axes = node_points(field.boxes[0])
    return np.asarray(RegularGridInterpolator(axes, field.potential[0][0].astype(float))(points))


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
