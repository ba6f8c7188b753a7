"""The Python that has bpy, and what its scripts make of the toy scene."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from spinemodel.anatomy.surface import Surface
from spinemodel.io.exports.blend_file import VARIABLE, blender_python
from spinemodel.io.exports.blender import write_scene
from spinemodel.io.whole_model import read_model
from tests.blender.toy_scene import toy_contents, toy_extras, toy_folder

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "blender_scripts"
sys.path.insert(0, str(SCRIPTS))  # the scripts are no package of ours: they stand alone, as in Blender

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the toy model."""
    return toy_folder(tmp_path_factory.mktemp("models") / "sub-toy")


@pytest.fixture(scope="session")
def scene(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the toy scene."""
    folder = tmp_path_factory.mktemp("scene")
    contents = toy_contents(model)
    write_scene(contents, folder, toy_extras(contents))
    return folder


@pytest.fixture(scope="session")
def structures(model: Path) -> Mapping[str, Surface]:
    """The toy's structures, as the package reads them."""
    return read_model(model).surfaces


@pytest.fixture(scope="session")
def parts(model: Path) -> Mapping[str, Surface]:
    """The toy's tissues, and the parts of the lead that lies in them."""
    return toy_contents(model).parts


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a script in the Python that has bpy; skip without one."""
    program = blender_python()
    if program is None:
        pytest.skip(f"no Python with bpy; name one in {VARIABLE}")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def start(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(program), str(script), *map(str, arguments)]
        return subprocess.run(command, env=clean, capture_output=True, text=True, timeout=300, check=False)

    return start


@pytest.fixture(scope="session")
def inside(run: Run, scene: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What ``inside.py`` finds in Blender, all in one run; its files lie in the folder named ``work``."""
    work = tmp_path_factory.mktemp("inside")
    done = run(Path(__file__).with_name("inside.py"), scene, model, work)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((work / "found.json").read_text()) | {"work": work}
