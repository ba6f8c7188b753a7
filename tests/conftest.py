"""Where the tests find real data, and what they do without it."""

from __future__ import annotations

import os
from pathlib import Path

# Before numba is first imported: kernels for the GPU run in its simulator, unless a device is to be tested.
os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

_ROOT = Path(__file__).parents[1]


def _data(name: str) -> Path:
    """Return a file or folder of the real data, or skip."""
    path = (_ROOT / os.environ.get("SPINEMODEL_DATA", "../shared/data") / name).resolve()
    if not path.exists():
        pytest.skip(f"no {name} in the data folder; set SPINEMODEL_DATA to the folder that holds it")
    return path


@pytest.fixture(scope="session")
def sub03() -> Path:
    """Folder of the 174 marker files of one real subject."""
    return _data("lumbosacral_sub03/sub-03")


@pytest.fixture(scope="session")
def slicer_markups() -> Path:
    """Folder of old ``.fcsv`` files from Slicer's own tests."""
    return _data("slicer_markups")


@pytest.fixture(scope="session")
def slicer_schema() -> Path:
    """Folder of Slicer's schemas of Markups JSON, v1.0.0 to v1.0.3."""
    return _data("slicer_schema")
