"""Bands as tables: what is written is read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinemodel.io.band_tables import BANDS, CURRENTS, band_current_rows, band_rows, read_bands
from spinemodel.io.recruitment_tables import read_rows, write_table
from spinemodel.recruitment.bands import SEEDS, bands
from spinemodel.recruitment.curves import curves
from tests.recruitment.made_fibres import table, whole_table


def test_bands_come_back(tmp_path: Path) -> None:
    found = [
        *bands([curves(whole_table(seed)) for seed in range(3)], SEEDS, 0.8),
        *bands([curves(table([1.0, top], montage="C2:-1")) for top in (2.0, np.nan)], SEEDS),
        *bands([curves(table([np.nan], montage="C3:-1"))] * 2, "nothing"),
    ]
    write_table(tmp_path / BANDS, "bands", band_rows(found))
    write_table(tmp_path / CURRENTS, "currents_bands", band_current_rows(found))
    back = read_bands(tmp_path)
    assert len(back) == len(found) == 30
    for one, other in zip(found, back, strict=True):
        for name in ("target", "fibre_class", "montage", "pulse", "source", "level", "repetitions"):
            assert getattr(one, name) == getattr(other, name)
        for name in ("amplitude_mA", "low", "middle", "high", "currents_mA"):
            np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-5)
    assert read_rows(tmp_path / CURRENTS, "currents_bands")[-2]["I90_high_mA"] == "n/a"
