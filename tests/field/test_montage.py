"""Montages: what may be told, and that fields add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage, combined, currents, parse_montage, superpose, told
from spinemodel.field.sampling import gradient, potential

CONTACTS = ("C1", "C5", "C9")
AMPERES = st.floats(-100, 100).filter(lambda x: abs(x) > 1e-6)


def made(seed: int = 0) -> LeadField:
    rng = np.random.default_rng(seed)
    boxes = Box((0, 0, 0), (13, 13, 13), 0.4), Box((-4, -4, -4), (15, 15, 15), 0.8)
    values = tuple(rng.normal(scale=50, size=(3, *box.nodes)).astype(np.float32) for box in boxes)
    values[0][:, 0, 0, 0] = np.nan
    half = rng.normal(size=(3, 3))
    tissue = tuple(np.ones(box.halves, dtype=np.uint8) for box in boxes)
    return LeadField("lab", CONTACTS, boxes, values, tissue, {1: "CSF"}, half @ half.T, {"preset": "mine"})


@given(st.dictionaries(st.sampled_from(CONTACTS), AMPERES, min_size=1))
def test_what_is_written_is_read(currents: dict[str, float]) -> None:
    montage = parse_montage(",".join(f"{name}:{value!r}" for name, value in currents.items()), CONTACTS)
    assert dict(montage.currents) == currents
    assert list(montage.currents) == list(currents)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "got '', expected NAME:CURRENT"),
        ("C5", "got 'C5', expected NAME:CURRENT with a current in mA, such as C5:-1,C9:"),
        ("C5:-1,", "got '', expected"),
        ("C5:one", "got 'C5:one', expected"),
        ("C5:nan", "got 'C5:nan', expected"),
        ("C5:inf", "got 'C5:inf', expected"),
        (":1", "got ':1', expected"),
        ("C5:-1:2", "got 'C5:-1:2', expected"),
        ("C4:-1", "no contact 'C4'; expected some of C1, C5, C9"),
        ("c5:-1", "no contact 'c5'"),
        ("C5:-1, C5:1", "C5 stands there twice"),
        ("C5:0,C9:0", "no current flows"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_montage(text, CONTACTS)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert repr(text) in str(caught.value)


def test_sums_are_told() -> None:
    assert told(parse_montage("C5:-1,C9:+1", CONTACTS)) == "C5 -1 mA, C9 +1 mA; sum 0 mA"
    assert told(parse_montage("C5:-1", CONTACTS)) == "C5 -1 mA; sum -1 mA, which the ground gives"
    assert told(parse_montage("C5:2", CONTACTS)) == "C5 +2 mA; sum 2 mA, which the ground takes"
    assert parse_montage("C1:0.1,C5:0.2,C9:-0.3", CONTACTS).sum_mA == 0


def test_currents_stand_in_the_order_of_the_contacts() -> None:
    assert currents(parse_montage("C9:2,C1:-1", CONTACTS), CONTACTS).tolist() == [-1, 0, 2]
    with pytest.raises(InputError, match="no contact C7; expected some of C1, C5, C9"):
        currents(Montage({"C7": 1.0}), CONTACTS)
    with pytest.raises(InputError, match="values of 2 contacts, expected those of 3"):
        combined(np.ones((2, 5)), Montage({"C1": 1.0}), CONTACTS)


@given(st.lists(AMPERES, min_size=3, max_size=3))
def test_the_field_of_a_montage_is_the_sum_of_its_contacts(amperes: list[float]) -> None:
    """Sampled before or after adding: the same to 1e-6 of what is added."""
    field, montage = made(), Montage(dict(zip(CONTACTS, amperes, strict=True)))
    points = np.random.default_rng(1).uniform(-2, 6, (50, 3))
    for sample in (potential, gradient):
        each = sample(field, points)
        added = np.abs(np.array(amperes)).reshape(3, *[1] * (each.ndim - 1)) * np.abs(each)
        error = np.abs(sample(superpose(field, montage), points)[0] - combined(each, montage, CONTACTS))
        assert error.max() < 1e-6 * added.sum(axis=0).max()


def test_a_superposed_field_is_of_one_contact() -> None:
    field = made()
    whole = superpose(field, parse_montage("C5:-1,C9:+0.5", CONTACTS))
    assert whole.contacts == ("C5:-1,C9:+0.5",)
    assert whole.potential[0].shape == (1, *field.boxes[0].nodes)
    assert whole.potential[0].dtype == np.float32
    assert np.isnan(whole.potential[0][0, 0, 0, 0])
    assert np.isfinite(whole.potential[0]).sum() == 13**3 - 1
    assert whole.about == {"preset": "mine", "montage": {"C5": -1.0, "C9": 0.5}}
    z = field.impedance
    assert whole.impedance[0, 0] == pytest.approx(z[1, 1] - z[1, 2] + 0.25 * z[2, 2])
    alone = superpose(field, Montage({"C9": 1.0}))
    assert np.array_equal(alone.potential[1][0], field.potential[1][2])
