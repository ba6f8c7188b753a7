"""Tissues at a frequency."""

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.dispersion import EPSILON_0, ColeCole, at_frequency, of_row

DEBYE = ColeCole(5.0, ((1000.0, 1e-5, 0.0),), 0.2)


@pytest.mark.parametrize("frequency", [10.0, 1e3, 1e5])
def test_one_term_without_spread_is_debye_s(frequency: float) -> None:
    turn = 2 * np.pi * frequency * 1e-5
    sigma, relative = at_frequency(DEBYE, frequency)
    assert relative == pytest.approx(5 + 1000 / (1 + turn**2), rel=1e-12)
    assert sigma == pytest.approx(0.2 + EPSILON_0 * 1000 / 1e-5 * turn**2 / (1 + turn**2), rel=1e-12)


def test_conductivity_rises_and_permittivity_falls_with_frequency() -> None:
    spread = ColeCole(4.0, ((4e4, 5e-5, 0.3), (100.0, 8e-9, 0.1)), 0.02)
    sigma, relative = np.array([at_frequency(spread, f) for f in np.logspace(0, 11, 60)]).T
    assert (np.diff(sigma) > 0).all()
    assert (np.diff(relative) < 0).all()
    assert (sigma[0], relative[-1]) == pytest.approx((0.02, 4.0), rel=0.2)


def test_a_row_has_its_columns_units() -> None:
    found = of_row((2.5, 1, 2, 0.1, 3, 4, 0.2, 0.07, 5, 6, 0.3, 7, 8, 0.4))
    assert (found.infinity, found.ionic) == (2.5, 0.07)
    assert np.ravel(found.terms) == pytest.approx([1, 2e-12, 0.1, 3, 4e-9, 0.2, 5, 6e-6, 0.3, 7, 8e-3, 0.4])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="got 2 numbers, expected 14"):
        of_row((1.0, 2.0))
