from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.recruitment.cable import between_middles, mrg_cable
from spinemodel.recruitment.gaines import MOTOR, gaines_cable
from spinemodel.recruitment.geometry import TABLE, lengths_um, mrg_geometry
from spinemodel.recruitment.sweeney import sweeney_cable, sweeney_geometry

TEN = mrg_geometry([10.0], "table")


def test_axial_conductances_by_hand() -> None:
    """10 um: node 1 um and MYSA 3 um of 3.3 um, FLUT 46 um of 6.9 um; R = 70 Ohm cm x length / section."""
    thin, thick = np.pi / 4 * 3.3e-4**2, np.pi / 4 * 6.9e-4**2
    node_mysa = 70 * 2e-4 / thin
    mysa_flut = 70 * (1.5e-4 / thin + 23e-4 / thick)
    assert 1e6 / mrg_cable(TEN).axial_uS[0, :2] == pytest.approx([node_mysa, mysa_flut], rel=1e-12)


def test_gaps_are_those_of_public_models() -> None:
    """Resistance per length rho / (pi ((d/2 + s)^2 - (d/2)^2)), half of MYSA and half of FLUT in series."""
    per_um = [0.7e6 / (np.pi * ((d / 2 + s) ** 2 - (d / 2) ** 2)) for d, s in ((3.3, 0.002), (6.9, 0.004))]
    assert 1e6 / mrg_cable(TEN).gap_uS[0, 1] == pytest.approx(1.5 * per_um[0] + 23 * per_um[1], rel=1e-9)


def test_membranes_by_hand() -> None:
    """2 uF/cm2, 1e-3 S/cm2 of MYSA on the axon; 0.1 uF/cm2 and 1e-3 S/cm2 per membrane of 240 on the fibre."""
    cable = mrg_cable(TEN)
    mysa, fibre = np.pi * 3.3e-4 * 3e-4, np.pi * 10e-4 * 3e-4
    assert cable.membrane_nF[0, 1] == pytest.approx(2e3 * mysa)
    assert cable.leak_uS[0, 1] == pytest.approx(1e3 * mysa)
    assert cable.myelin_nF[0, 1] == pytest.approx(0.1e3 / 240 * fibre)
    assert cable.myelin_uS[0, 1] == pytest.approx(1e3 / 240 * fibre)
    assert cable.leak_uS[0, 4] / cable.area_um2[0, 4] == pytest.approx(1e-6)


def test_periods_read_the_same_from_both_ends() -> None:
    cable = mrg_cable(mrg_geometry(list(TABLE), "table"))
    assert cable.axial_uS == pytest.approx(cable.axial_uS[:, ::-1])
    assert cable.gap_uS == pytest.approx(cable.gap_uS[:, ::-1])
    for name in ("membrane_nF", "leak_uS", "myelin_nF", "myelin_uS"):
        values = getattr(cable, name)[:, 1:]
        assert values == pytest.approx(values[:, ::-1])


@given(st.lists(st.floats(0.1, 300), min_size=2, max_size=12), st.floats(0.5, 200))
def test_resistances_of_a_period_add_up(lengths: list[float], section: float) -> None:
    along = between_middles(np.array([lengths]), np.full((1, len(lengths)), section), 70.0)
    assert (1 / along).sum() == pytest.approx(70e-2 * sum(lengths) / section, rel=1e-9)


def test_gaines_channels_cover_the_fibre() -> None:
    ours, mrg = gaines_cable(MOTOR, TEN), mrg_cable(TEN)
    assert ours.area_um2[0, 1:] == pytest.approx(np.pi * 10 * lengths_um(TEN)[0, 1:])
    assert ours.leak_uS[0, [0, 1, 4]] == pytest.approx(ours.area_um2[0, [0, 1, 4]] * np.array([7e-5, 2e-5, 2e-6]))
    assert ours.area_um2[0, 0] == mrg.area_um2[0, 0]
    assert (ours.axial_uS == mrg.axial_uS).all()
    assert (ours.membrane_nF == mrg.membrane_nF).all()


def test_sweeney_s_nodes_lie_apart_by_an_insulated_axon() -> None:
    cable = sweeney_cable(sweeney_geometry([10.0]))
    assert 1e6 / cable.axial_uS[0, 0] == pytest.approx(54.7 * 0.1 / (np.pi / 4 * 6e-4**2))
    assert cable.membrane_nF[0, 0] == pytest.approx(2.5e3 * np.pi * 6e-4 * 1.5e-4)
