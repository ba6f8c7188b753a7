"""What is said of a field and of fibres before thresholds are relied on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinemodel.field.lead_field import LeadField
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.remarks import cell_mm, remarks
from spinemodel.recruitment.thresholds import Outcome, Thresholds
from tests.io.made_fields import point_field
from tests.recruitment.test_recruit import population


def field(**about: object) -> LeadField:
    stated = {"certificate": {"holds": True}, "settings": {"spacing_mm": 0.5}, **about}
    return point_field({"C1": (0, 0, 0)}, about=stated)


def recruited(outcome: list[Outcome], sites: list[list[float]]) -> Recruited:
    n = len(outcome)
    thresholds = Thresholds(np.ones(n), np.array(outcome), np.zeros(n, int), np.ones(n), 10.0, 1e-3)
    return Recruited("C1:-1", "0.3 ms", population([30.0] * n), thresholds, np.array(sites))


def test_nothing_to_say() -> None:
    assert remarks(field(), [recruited([Outcome.ACTIVATED], [[0.0, 0, 1]])]) == ()


def test_all_there_is_to_say() -> None:
    several = recruited([Outcome.ACTIVATED, Outcome.LEFT_OUT, Outcome.AT_END, Outcome.BLOCKED],
                        [[0.0, 0, 15.0], [np.nan] * 3, [0, 0, 1], [np.nan] * 3])  # fmt: skip
    certificate, cells, *outcomes = remarks(replace(field(), about={"settings": {"spacing_mm": 0.5}}), [several])
    assert "not certified" in certificate
    assert "1 of 2 first spikes" in cells
    assert "not 0.5 mm" in cells
    assert sum("elsewhere is unknown" in line for line in outcomes) == 1
    assert [line.split(" fibres")[0] for line in outcomes] == ["1 of 4"] * 3


def test_a_certificate_that_does_not_hold() -> None:
    (line,) = remarks(field(certificate={"holds": False}), [recruited([Outcome.ACTIVATED], [[0.0, 0, 1]])])
    assert "less sure" in line


def test_spikes_in_the_dorsal_columns() -> None:
    named = replace(field(), tissues={1: "DorsalColumns"})
    (line,) = remarks(named, [recruited([Outcome.ACTIVATED, Outcome.NOT_ACTIVATED], [[0.0, 0, 1], [np.nan] * 3])])
    assert line.startswith("1 of 1 first spikes (100%) lie in the dorsal columns")


def test_cells() -> None:
    boxes = field().boxes
    found = cell_mm(boxes, np.array([[0.0, 0, 0], [0, 0, 19.0], [0, 0, 1000.0]]))
    assert found[0] == 0.5
    assert found[1] > 0.5
    assert np.isinf(found[2])
