from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.geometry import TABLE, centres_um, lengths_um, mrg_geometry


@given(st.floats(2.0, 16.0))
def test_lengths_fill_the_period(diameter: float) -> None:
    geometry = mrg_geometry([diameter])
    lengths = lengths_um(geometry)
    assert lengths.sum() == pytest.approx(geometry.spacing_um[0], rel=1e-12)
    assert (lengths > 0).all()
    assert lengths[0, 1:] == pytest.approx(lengths[0, :0:-1])


def test_middles_lie_in_the_compartments() -> None:
    geometry = mrg_geometry(list(TABLE), "table")
    lengths, centres = lengths_um(geometry), centres_um(geometry)
    assert (centres[:, 0] == 0).all()
    assert np.diff(centres, axis=1) == pytest.approx((lengths[:, 1:] + lengths[:, :-1]) / 2)
    assert centres[:, 5] + centres[:, 6] == pytest.approx(geometry.spacing_um)


def test_stins_are_those_of_the_paper() -> None:
    """McIntyre et al. 2002, Table 1: lengths of STIN."""
    geometry = mrg_geometry([5.7, 7.3, 8.7, 10.0, 11.5, 12.8, 14.0, 15.0, 16.0], "table")
    stin = [70.5, 111.2, 152.2, 175.2, 190.5, 205.8, 213.5, 221.2, 228.8]
    assert lengths_um(geometry)[:, 4] == pytest.approx(stin, abs=0.06)


@pytest.mark.parametrize("name", ["axon_um", "node_um", "spacing_um", "flut_um", "lamellae"])
def test_quadratics_run_near_the_table(name: str) -> None:
    known = [one for one in TABLE if one >= 5.7]
    table, fitted = getattr(mrg_geometry(known, "table"), name), getattr(mrg_geometry(known), name)
    assert fitted == pytest.approx(table, rel=0.15)


def test_quadratics_meet() -> None:
    below, above = mrg_geometry([5.643 - 1e-9, 5.643]).spacing_um
    assert below == pytest.approx(above, rel=2e-4)


@pytest.mark.parametrize("diameter", [1.9, 16.1, np.nan])
def test_what_the_quadratics_do_not_hold_for_is_refused(diameter: float) -> None:
    with pytest.raises(InputError, match="hold for 2 to 16 um"):
        mrg_geometry([10.0, diameter])


def test_what_the_table_lacks_is_refused() -> None:
    with pytest.raises(InputError, match="take rule interpolated"):
        mrg_geometry([9.0], "table")


def test_take_keeps_fibres_together() -> None:
    geometry = mrg_geometry([4.0, 8.0, 12.0])
    some = geometry.take(np.array([2, 0]))
    assert some.diameter_um.tolist() == [12.0, 4.0]
    assert some.flut_um.tolist() == geometry.flut_um[[2, 0]].tolist()
