from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.agreement.estimate import Estimate
from spinemodel.io.agreement.cells import estimate_cells, number


@given(st.floats(allow_nan=True, allow_infinity=True, width=32))
def test_a_number_is_a_number_or_not_known(value: float) -> None:
    text = number(value)
    assert text == "n/a" if not np.isfinite(value) else abs(float(text) - value) <= 5.1e-4 + 1e-12 * abs(value)
    assert text != "-0.000"


def test_an_interval_is_named_after_its_value() -> None:
    known = estimate_cells(Estimate(0.5, 0.25, 0.75, "kappa", 9), name="bias")
    assert (known["bias_low"], known["bias_high"], known["bias_subjects"]) == ("0.250", "0.750", "9")
