"""Strength and duration: laws are found again, and the chronaxie of the table's thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.strength_duration import Law, StrengthDuration, fit_strength_duration, threshold_of

WIDTHS = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 1.0])

POINT_SOURCE = {
    5.7: ([0.5744, 0.3463, 0.2179, 0.1731, 0.1375, 0.1136], 0.286),
    10.0: ([0.3167, 0.2033, 0.1366, 0.1128, 0.0940, 0.0825], 0.187),
    16.0: ([0.2536, 0.1681, 0.1162, 0.0973, 0.0825, 0.0737], 0.158),
}
"""Thresholds, mA, of MRG fibres by diameter, 1 mm from a point source of 300 Ohm cm, and their Weiss chronaxie, ms."""


@pytest.mark.parametrize("diameter", POINT_SOURCE)
def test_chronaxie_of_the_table(diameter: float) -> None:
    thresholds, chronaxie = POINT_SOURCE[diameter]
    found = fit_strength_duration(WIDTHS, thresholds)
    assert found.chronaxie_ms == pytest.approx(chronaxie, abs=0.0006)
    assert found.residual < 0.03
    assert found.rheobase_mA < min(thresholds)


@pytest.mark.parametrize("law", ["weiss", "lapicque"])
@given(st.floats(0.01, 10.0), st.floats(0.03, 2.0))
def test_a_law_is_found_again(law: Law, rheobase: float, chronaxie: float) -> None:
    found = fit_strength_duration(WIDTHS, threshold_of(StrengthDuration(law, rheobase, chronaxie, 0), WIDTHS), law)
    assert found.rheobase_mA == pytest.approx(rheobase, rel=1e-3)
    assert found.chronaxie_ms == pytest.approx(chronaxie, rel=1e-3)
    assert found.residual < 1e-3


@pytest.mark.parametrize("law", ["weiss", "lapicque"])
def test_chronaxie_doubles_the_rheobase(law: Law) -> None:
    fit = StrengthDuration(law, 0.7, 0.2, 0.0)
    np.testing.assert_allclose(threshold_of(fit, [0.2, 1e6]), [1.4, 0.7], rtol=1e-5)


@pytest.mark.parametrize("law", ["weiss", "lapicque"])
@pytest.mark.parametrize(
    ("width", "threshold", "match"),
    [
        ([0.1, 0.1], [1.0, 1.0], "two widths"),
        ([0.1, 0.2], [1.0, np.inf], "all above 0"),
        ([0.1, 0.2], [1.0], "a threshold of each"),
        ([0.1, 0.2, 0.3], [1.0, 1.2, 1.5], "do not fall"),
        ([0.1, 0.2, 0.3], [1.0, 0.4, 0.1], "do not fall"),
    ],
)
def test_refused(law: Law, width: list[float], threshold: list[float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        fit_strength_duration(width, threshold, law)
