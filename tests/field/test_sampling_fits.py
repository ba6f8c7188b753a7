"""Potentials between nodes: fits as they are defined, each point and each contact by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.arrays import FloatArray
from spinemodel.field._sampling import EVEN, FEW, NEAR, OPEN, REACH, RIDGE, SLOPE, STILL, SURE
from spinemodel.field._tissue_shares import ENOUGH, SHARPEN
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField
from spinemodel.field.sampling import gradient, potential
from tests.field.sampled_fields import TISSUES, cube, filled, halves, line, point_source, upper


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
