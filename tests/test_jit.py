"""Compiled loops: what is kept on disk must be what the files say."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from spinemodel import jit
from spinemodel.jit import compiled

USE = "import sys; sys.path.insert(0, '.'); from kernels.outer import outer; print(outer(1))"


def test_a_change_of_what_a_kernel_calls_is_noticed(tmp_path: Path) -> None:
    package = tmp_path / "kernels"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "jit.py").write_text(Path(jit.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    inner = "from kernels.jit import compiled\n\n\n@compiled\ndef inner(x):\n    return x + {}\n"
    outer = "from kernels.inner import inner\nfrom kernels.jit import compiled\n"
    outer += "\n\n@compiled\ndef outer(x):\n    return inner(x)\n"
    (package / "outer.py").write_text(outer, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    found = []
    for step in (1, 1, 20):
        (package / "inner.py").write_text(inner.format(step), encoding="utf-8")
        run = [sys.executable, "-c", USE]
        done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        found.append(done.stdout)
        assert len(list((package / "__pycache__").glob("numba-*"))) == 1
    assert found == ["2\n", "2\n", "21\n"]


@compiled
def multiply_and_add(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    result = np.empty_like(a)
    for n in range(len(a)):
        result[n] = a[n] * b[n] + c[n]
    return result


def test_products_are_rounded_before_they_are_added() -> None:
    # (1 + e)^2 - (1 + 2 e) is 0 where the product is rounded first, and e^2 where it is fused with the sum.
    tiny = np.full(64, 1 + 2.0**-30)
    assert not multiply_and_add(tiny, tiny, -(1 + 2.0**-29 * np.ones(64))).any()
