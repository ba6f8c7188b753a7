"""The kernels of the GPU, in numba's simulator where there is none: the same runs as the CPU's, bit for bit."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import trimesh

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import BackendUnavailableError, GeometryError, InputError
from spinemodel.volume import _device
from spinemodel.volume._device import choose
from spinemodel.volume.grid import Grid
from spinemodel.volume.rasterise import rasterise
from tests.shapes import box

pytest.importorskip("numba_cuda", reason="the extra spinemodel[gpu] is not installed")

GRID = Grid(
    (15, 14, 11), np.array([[0.5, 0.1, 0, -4], [-0.1, 0.6, 0.2, -4.5], [0, -0.1, 0.7, -3.7], [0, 0, 0, 1.0]]), "test"
)


def surface_of(mesh: trimesh.Trimesh) -> Surface:
    return Surface("shape", "test", np.asarray(mesh.vertices), np.asarray(mesh.faces))


BALL = surface_of(trimesh.creation.icosphere(subdivisions=1, radius=3.0))
RING = surface_of(trimesh.creation.torus(3.0, 1.0, major_sections=8, minor_sections=6))


@pytest.mark.parametrize(
    "group", [[BALL], [RING, BALL], [BALL, RING, box((-1.9, -1.5, -1.5), 3.3)], [box((90, 0, 0))]]
)
def test_the_runs_are_those_of_the_cpu(group: list[Surface]) -> None:
    cpu, gpu = (rasterise(group, GRID, device=device) for device in ("cpu", "cuda"))
    assert np.array_equal(cpu.start, gpu.start)
    assert np.array_equal(cpu.stop, gpu.stop)
    assert np.array_equal(cpu.label, gpu.label)


def test_an_open_surface_is_an_error_there_too() -> None:
    with pytest.raises(GeometryError, match="3 edges"):
        rasterise(Surface("open", "test", BALL.vertices, BALL.faces[1:]), GRID, device="cuda")


def test_without_a_device_cuda_is_refused_and_auto_says_what_it_does(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for lack in ("numba-cuda is not installed; install it with: pip install 'spinemodel[gpu]'", "no CUDA device"):
        monkeypatch.setattr(_device, "_lack", lambda lack=lack: lack)
        with pytest.raises(BackendUnavailableError, match="device cuda: n"):
            rasterise(BALL, GRID, device="cuda")
        with caplog.at_level(logging.INFO):
            assert choose("auto") == "cpu"
        assert lack in caplog.text


def test_a_missing_package_is_told_from_a_missing_device(monkeypatch: pytest.MonkeyPatch) -> None:
    lack = _device._lack.__wrapped__
    monkeypatch.setattr(_device, "find_spec", lambda name: None)
    assert "spinemodel[gpu]" in lack()


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(InputError, match="auto, cpu or cuda"):
        choose("gpu")  # type: ignore[arg-type]
