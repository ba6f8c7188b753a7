"""Sizes that cannot be."""

import pytest

from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.errors import InputError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dura_mm": 0.0}, "dura_mm is 0; expected a length above 0"),
        ({"sleeve_gap_mm": -0.1}, "sleeve_gap_mm is -0.1"),
        ({"foramen_mm": 1.0}, "does not hold a sleeve"),
    ],
)
def test_impossible_parameters_are_refused(changes, message) -> None:
    with pytest.raises(InputError, match=message):
        SurroundParameters(**changes)
