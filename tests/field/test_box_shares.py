"""Which box has which share in a point's value: against what depths say, point by point."""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.field._box_shares import BAND, BORDER, DEEPER, shares_of
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField, Patch

FINE, COARSE = Box((-8, -8, -8), (17, 17, 17), 0.5), Box((-8, -8, -10), (17, 17, 17), 1.0)
PATCHES = Box((-20, -20, -20), (31, 41, 41), 0.1), Box((-10, -20, -20), (31, 41, 41), 0.1)


def room(box: Box) -> Patch:
    return Patch(box, np.zeros((1, *box.nodes), np.float32), np.ones(box.halves, np.uint8))


def field() -> LeadField:
    boxes, patches = [room(box) for box in (FINE, COARSE)], tuple(room(box) for box in PATCHES)
    values, tissue = tuple(one.potential for one in boxes), tuple(one.tissue for one in boxes)
    return LeadField("lab", ("C1",), (FINE, COARSE), values, tissue, {1: "CSF"}, np.eye(1), patches=patches)


def bands(box: Box, point: FloatArray) -> float:
    """How deep a point lies in a box whose every face is a border, beyond a fit's reach."""
    deep = min((point - box.low).min(), (box.high - point).min()) / box.spacing_mm
    return max((deep - BORDER) / BAND, 0.0)


def smooth(deep: float) -> float:
    step = min(deep, 1.0)
    return step**2 * (3 - 2 * step)


def expected(point: FloatArray) -> list[float]:
    """Of both patches, the finer box, and the outermost, which leaves nothing over."""
    one, two = (bands(box, point) for box in PATCHES)
    patched = smooth(max(one, two))
    each = [patched * deep**DEEPER / (one**DEEPER + two**DEEPER) if deep else 0.0 for deep in (one, two)]
    fine = (1 - patched) * smooth(bands(FINE, point))
    return [*each, fine, 1 - patched - fine]


def test_shares_are_those_of_the_depths() -> None:
    points = np.random.default_rng(0).uniform(-4, 4, (4000, 3)) * np.repeat([0.5, 1.0], 2000)[:, None]
    found = np.zeros((len(points), 4))
    order = [*PATCHES, FINE, COARSE]
    for part, some, shares in shares_of(field(), points):
        found[some, order.index(part.box)] += shares
    np.testing.assert_allclose(found, [expected(point) for point in points], atol=1e-12)
    assert (found > 0).sum(axis=0).min() > 50


def test_nothing_has_a_share_outside() -> None:
    points = np.array([[20.0, 0, 0], [0, 0, -10.5], [np.nan, 0, 0], [8, 8, 6]])
    assert [some.tolist() for _, some, _ in shares_of(field(), points)] == [[], [], [], [3]]
