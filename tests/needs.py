"""What a test needs of the machine, and why it is skipped without."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest


def _without_gmsh() -> str:
    """Why Gmsh cannot be used here; empty where it can."""
    if find_spec("gmsh") is None:
        return "Gmsh (extra meshing) is not installed"
    done = subprocess.run([sys.executable, "-c", "import gmsh"], capture_output=True, text=True, check=False)
    return f"Gmsh does not load: {done.stderr.strip().splitlines()[-1]}" if done.returncode else ""


_GMSH = _without_gmsh()
needs_gmsh = pytest.mark.skipif(bool(_GMSH), reason=_GMSH or "Gmsh is here")
