from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.engine import STEP_MS, Spikes
from spinemodel.recruitment.propagation import AWAY, INSET, LEAST_NODES, WALK, arrives, respond, walks, watched
from spinemodel.recruitment.pulse import monophasic
from tests.recruitment.toy_engine import FIRES_MV, Toy, toy_axons

PULSE = monophasic(0.2)


def walk(nodes: int, site: int, reach: tuple[int, int]) -> np.ndarray:
    """When nodes fire of a spike that walks from a site to nodes ``reach``, both included."""
    k = np.arange(nodes)
    return np.where((k >= reach[0]) & (k <= reach[1]), 0.1 + 0.02 * abs(k - site), np.inf).astype(np.float32)


@given(st.integers(LEAST_NODES, 60), st.data())
def test_a_spike_from_anywhere_arrives(nodes: int, data: st.DataObject) -> None:
    site = data.draw(st.integers(0, nodes - 1))
    assert arrives(walk(nodes, site, (0, nodes - 1))[None], np.array([nodes]))[0]


@given(st.integers(LEAST_NODES, 60), st.data())
def test_one_that_stops_before_a_watched_node_does_not(nodes: int, data: st.DataObject) -> None:
    low, high = INSET + 1, nodes - 2 - INSET
    site = data.draw(st.integers(low, high))
    assert not arrives(walk(nodes, site, (low, high))[None], np.array([nodes]))[0]


def test_nodes_that_fire_at_once_or_few_in_order_are_no_spike() -> None:
    at_once = np.full(41, 0.1, np.float32)
    short = walk(41, INSET + AWAY - 1, (0, 10))
    towards = at_once + walk(41, 0, (0, 40))[::-1]
    assert arrives(np.stack([at_once, short, towards]), np.array([41] * 3)).tolist() == [False, False, True]


@pytest.mark.parametrize(("site", "reach", "walked"), [(20, (20 - WALK, 20), True), (20, (21 - WALK, 20), False),
                                                       (5, (5, 5 + WALK), True), (5, (5, 4 + WALK), False),
                                                       (0, (0, WALK), True), (40, (40 - WALK, 40), True)])  # fmt: skip
def test_walks_are_so_many_nodes_in_order(site: int, reach: tuple[int, int], walked: bool) -> None:
    assert walks(walk(41, site, reach)[None]).tolist() == [walked]


def test_a_spike_that_walks_need_not_be_followed_to_the_end() -> None:
    nodes = 301
    axons = toy_axons((np.maximum(np.arange(nodes) - 150.0, 0) - 0.3 * np.maximum(np.arange(nodes) - 20.0, 0))[None])
    lane, amplitude = np.zeros(1, int), np.array([FIRES_MV])
    quick = Toy()
    assert respond(quick, axons, lane, amplitude, PULSE, STEP_MS, thorough=False).active[0]
    assert quick.latest_ms < PULSE.end_ms + 2.5
    assert respond(Toy(), axons, lane, amplitude, PULSE, STEP_MS).active[0]


def test_nodes_that_an_axon_has_not_are_not_asked() -> None:
    longer = np.full(60, np.inf, np.float32)
    longer[:21] = walk(21, 10, (10, 20))
    assert arrives(longer[None], np.array([21]))[0]
    assert not arrives(longer[None], np.array([60]))[0]
    assert watched(np.array([21, 60])).tolist() == [[INSET, 17], [INSET, 56]]


@pytest.mark.parametrize(("site", "runs"), [(20, 1), (INSET + 1, 2)])
def test_lanes_left_too_soon_are_run_again(site: int, runs: int) -> None:
    axons = toy_axons(np.maximum(np.arange(41.0) - site, 0)[None])
    toy = Toy()
    response = respond(toy, axons, np.zeros(2, int), FIRES_MV * np.array([0.99, 1.0]), PULSE, STEP_MS)
    assert response.active.tolist() == [False, True]
    assert response.silent.tolist() == [True, False]
    assert response.site[1] == site
    assert response.latency_ms[1] == pytest.approx(0.099)
    assert toy.calls == [2, 1][:runs]


def test_a_pulse_that_pushes_all_nodes_over_is_no_activation() -> None:
    class Pushing:
        def run(self, axons: Axons, axon, amplitude_mA, pulse, **options) -> Spikes:  # type: ignore[no-untyped-def]
            return Spikes(np.full((len(axon), 41), 0.05, np.float32))

    response = respond(Pushing(), toy_axons(np.zeros((1, 41))), np.zeros(1, int), np.ones(1), PULSE, STEP_MS)
    assert not response.active[0]
    assert not response.silent[0]
