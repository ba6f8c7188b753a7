"""Montages to try: cathodes, and neighbours of real leads."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.montage import Montage
from spinemodel.io.lead_catalogue import find_lead
from spinemodel.leads.design import Contact
from spinemodel.recruitment.montages import bipoles, monopoles, neighbours, scaled


def test_monopoles_are_cathodes() -> None:
    assert [dict(one.currents) for one in monopoles(["C1", "C2"])] == [{"C1": -1.0}, {"C2": -1.0}]


def test_the_largest_current_becomes_1_mA_and_signs_stay() -> None:
    (one,) = scaled([Montage({"C1": -0.5, "C2": 2.0, "C3": 0.0})])
    assert dict(one.currents) == {"C1": -0.25, "C2": 1.0, "C3": 0.0}
    assert len(scaled([Montage({"C1": -1.0}), Montage({"C1": 1.0})])) == 2


@pytest.mark.parametrize(("currents", "told"), [({"C1": 0.0}, "no current flows"), ({"C1": -2.0}, "for their size")])
def test_montages_that_say_nothing_new_are_refused(currents: dict[str, float], told: str) -> None:
    with pytest.raises(InputError, match=told):
        scaled([Montage({"C1": -1.0}), Montage(currents)])


def test_every_pair_each_way_round() -> None:
    contacts = find_lead("rado-scs").contacts
    found = [str(one) for one in bipoles(contacts, "all")]
    assert len(found) == len(set(found)) == 8 * 7
    assert {"C1:-1,C2:+1", "C2:-1,C1:+1"} <= set(found)
    assert all(one.sum_mA == 0 for one in bipoles(contacts, "all"))
    assert bipoles(contacts, "none") == ()


def test_neighbours_on_a_cylinder_are_next_to_each_other() -> None:
    contacts = find_lead("rado-scs").contacts
    order = np.argsort([one.v_mm for one in contacts])
    near = neighbours(contacts)[np.ix_(order, order)]
    np.testing.assert_array_equal(near, np.eye(8, k=1, dtype=bool) | np.eye(8, k=-1, dtype=bool))


def test_neighbours_on_a_grid_are_the_eight_around() -> None:
    cells = list(product(range(4), range(5)))
    near = neighbours([Contact(f"C{i}", "disc", 4.0 * a, 4.0 * b, 3.0, 3.0) for i, (a, b) in enumerate(cells)])
    apart = np.abs(np.array(cells)[:, None] - np.array(cells)).max(axis=2)
    np.testing.assert_array_equal(near, apart == 1)


@pytest.mark.parametrize(("contact", "expected"), [("C8", "C2 C3 C7 C9 C13 C14"), ("C6", "C1 C7 C12")])
def test_neighbours_on_a_staggered_paddle(contact: str, expected: str) -> None:
    contacts = find_lead("specify-5-6-5").contacts
    names = [one.name for one in contacts]
    near = neighbours(contacts)
    assert (near == near.T).all()
    assert [names[i] for i in np.flatnonzero(near[names.index(contact)])] == expected.split()
