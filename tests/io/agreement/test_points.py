from __future__ import annotations

import numpy as np

from spinemodel.agreement.means import MeanPoints
from spinemodel.io.agreement.points import spread_rows


def test_every_point_of_a_consensus_has_its_spread() -> None:
    mean = MeanPoints(np.array([[1.0, 2, 3], [1, 2, 1]]), np.array([0.25, np.nan]), np.array([2, 1]),
                      np.array([2, 1]), "slice")
    rows = spread_rows({"nerveroots_L1_L": mean})
    assert [row["sd_mm"] for row in rows] == ["0.250", "n/a"]
    assert [row["raters"] for row in rows] == ["2", "1"]
