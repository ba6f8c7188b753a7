"""Which processor works."""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import find_spec
from typing import Literal, TypeAlias

from spinemodel.errors import BackendUnavailableError, InputError

Device: TypeAlias = Literal["auto", "cpu", "cuda"]

_LOG = logging.getLogger(__name__)


def choose(device: Device) -> Literal["cpu", "cuda"]:
    """Return the processor to use; ``auto`` takes a GPU where there is one, and logs why it does not.

    numba's simulator of a GPU (``NUMBA_ENABLE_CUDASIM=1``) is used only where ``cuda`` is asked for.

    Raises
    ------
    BackendUnavailableError
        If ``cuda`` is asked for and cannot be had.
    InputError
        If the name is unknown.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(f"device: got {device}, expected auto, cpu or cuda")
    if device == "cpu":
        return "cpu"
    lack = _lack()
    if device == "cuda" and lack:
        raise BackendUnavailableError(f"device cuda: {lack}; or choose device auto or cpu")
    if device == "auto" and (lack or _is_simulated()):
        _LOG.info("working on the CPU: %s", lack or "the GPU is simulated")
        return "cpu"
    return "cuda"


@cache
def _lack() -> str:
    """Return what a GPU cannot be used for want of; empty where it can."""
    if find_spec("numba_cuda") is None:
        return "numba-cuda is not installed; install it with: pip install 'spinemodel[gpu]'"
    from numba import cuda

    if not cuda.is_available():
        return "no CUDA device was found, or its driver is too old; the extra spinemodel[gpu] is installed"
    return ""


def _is_simulated() -> bool:
    """Tell whether numba only simulates a GPU."""
    from numba import config

    return bool(config.ENABLE_CUDASIM)
