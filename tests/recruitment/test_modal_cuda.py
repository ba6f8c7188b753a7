"""The fast engine's kernel for a GPU, in numba's simulator where there is none: the results of the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.geometry import PERIOD, centres_um, mrg_geometry
from spinemodel.recruitment.modal import Modal
from spinemodel.recruitment.pulse import biphasic

pytest.importorskip("numba_cuda", reason="the extra spinemodel[gpu] is not installed")

from numba import config, cuda

if not cuda.is_available():
    pytest.skip("neither a GPU nor numba's simulator", allow_module_level=True)

from spinemodel.recruitment import _modal_cuda, modal

NODES = np.array([4, 3, 5])


@pytest.fixture
def few() -> Axons:
    """Three short axons near a point."""
    geometry = mrg_geometry([10.0, 4.0, 15.0])
    period = geometry.spacing_um[:, None, None] * np.arange(5)[:, None]
    x = (period + centres_um(geometry)[:, None]).reshape(3, -1)[:, : PERIOD * 4 + 1] * 1e-3
    return Axons("mrg", geometry, NODES, -240 / np.hypot(x - geometry.spacing_um[:, None] * 1e-3, 0.5))


def run(axons: Axons, device: str, watch: bool) -> np.ndarray:
    seen = np.stack([np.ones(3, np.int64), NODES - 2], axis=1) if watch else None
    lanes, amplitude = np.array([0, 1, 2, 0]), np.array([3.0, -2.0, 1.0, 0.01])
    return Modal(device).run(axons, lanes, amplitude, biphasic(0.05), step_ms=0.01, end_ms=0.4, watch=seen).first_ms


@pytest.mark.parametrize("watch", [False, True])
def test_results_are_those_of_the_cpu(few: Axons, watch: bool) -> None:
    here, there = run(few, "cpu", watch), run(few, "cuda", watch)
    assert 0 < np.isfinite(here).sum() < here.size
    if config.ENABLE_CUDASIM:
        np.testing.assert_array_equal(there, here)
    else:
        np.testing.assert_allclose(there, here, rtol=1e-4)


@pytest.mark.skipif(not config.ENABLE_CUDASIM, reason="a real device is launched as it is")
def test_results_do_not_depend_on_the_size_of_a_launch(few: Axons, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(few, "cuda", True)
    monkeypatch.setattr(_modal_cuda, "THREADS", 1)
    monkeypatch.setattr(_modal_cuda, "FEWEST_BLOCKS", 1)
    monkeypatch.setattr(modal, "GPU_LANES", 2)
    np.testing.assert_array_equal(run(few, "cuda", True), before)
