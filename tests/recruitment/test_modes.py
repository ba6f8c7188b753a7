"""Modes of internodes: those of the matrices of the whole double cable, written out apart."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinemodel.recruitment.cable import Cable, mrg_cable
from spinemodel.recruitment.geometry import mrg_geometry
from spinemodel.recruitment.modes import EACH, internode_modes

DIAMETERS = st.lists(st.floats(2, 16), min_size=1, max_size=3)


def written_out(cable: Cable, axon: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Capacitance and conductance (20, 20) of u and w of an internode between nodes that are held."""
    store, flow = np.zeros((20, 20)), np.zeros((20, 20))
    for k in range(10):
        u, w, at = k, 10 + k, k + 1
        for matrix, across, out in (
            (store, cable.membrane_nF[axon, at], cable.myelin_nF[axon, at]),
            (flow, cable.leak_uS[axon, at], cable.myelin_uS[axon, at]),
        ):
            matrix[np.ix_([u, w], [u, w])] += across * np.array([[1, -1], [-1, 1]])
            matrix[w, w] += out
        for one, along in ((u, cable.axial_uS[axon]), (w, cable.gap_uS[axon])):
            flow[one, one] += along[at - 1] + along[at]
            if k < 9:
                flow[one, one + 1] = flow[one + 1, one] = -along[at]
    return store, flow


@given(DIAMETERS)
def test_modes_are_those_of_the_matrices(diameters: list[float]) -> None:
    cable = mrg_cable(mrg_geometry(diameters))
    modes = internode_modes(cable)
    for axon in range(len(diameters)):
        store, flow = written_out(cable, axon)
        shape, rate = modes.shape[axon].reshape(20, 20), modes.rate[axon]
        np.testing.assert_allclose(shape.T @ store @ shape, np.eye(20), atol=1e-9)
        scale = np.sqrt(rate[:, None] * rate)
        np.testing.assert_allclose(shape.T @ flow @ shape / scale, np.eye(20), atol=1e-6)


@given(DIAMETERS)
def test_modes_are_even_and_odd_and_decay(diameters: list[float]) -> None:
    modes = internode_modes(mrg_cable(mrg_geometry(diameters)))
    turned = modes.shape[:, :, ::-1]
    np.testing.assert_array_equal(turned[..., :EACH], modes.shape[..., :EACH])
    np.testing.assert_array_equal(turned[..., EACH:], -modes.shape[..., EACH:])
    assert (modes.rate > 0).all()
    assert (np.diff(modes.rate[:, :EACH], axis=1) > 0).all()


@given(DIAMETERS)
def test_a_held_internode_conducts_what_its_cable_does(diameters: list[float]) -> None:
    cable = mrg_cable(mrg_geometry(diameters))
    modes = internode_modes(cable)
    for axon in range(len(diameters)):
        _, flow = written_out(cable, axon)
        into = np.zeros((20, 2))
        into[[0, 9], [0, 1]] = cable.axial_uS[axon, 0]
        held = into.T @ np.linalg.solve(flow, into)
        by_mode = modes.reach[axon] ** 2 / modes.rate[axon]
        even, odd = by_mode[:EACH].sum(), by_mode[EACH:].sum()
        np.testing.assert_allclose([even + odd, even - odd], held[0], rtol=1e-9)


def test_no_axons_have_no_modes() -> None:
    none = mrg_geometry([10.0]).take(np.empty(0, np.int64))
    assert internode_modes(mrg_cable(none)).shape.shape == (0, 2, 10, 20)
