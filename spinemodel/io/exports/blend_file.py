"""A ``.blend`` file made by another program: a Python that has bpy, or Blender itself, never this process.

bpy is under the GPL and needs a NumPy of its own, so it stays apart: the script in ``blender_scripts`` reads the files
of an export and knows nothing of this package.
"""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path
from typing import Final

import spinemodel
from spinemodel.errors import BackendUnavailableError, InputError

log = logging.getLogger("spinemodel")

VARIABLE: Final = "SPINEMODEL_BLENDER_PYTHON"
"""Environment variable with the path of a Python that has bpy, or of Blender; empty for neither."""

LONGEST_S: Final = 1800
"""Time that is given to it. A choice: a whole model takes some ten seconds."""

_PACKAGE: Final = Path(spinemodel.__file__).resolve().parent


def blender_python() -> Path | None:
    """Return the program that runs Blender's scripts: of :data:`VARIABLE`, or ``.venv-blender`` beside the package.

    Raises
    ------
    InputError
        If the variable names a program that is not there.
    """
    named = os.environ.get(VARIABLE)
    if named is None:
        beside = _PACKAGE.parent / ".venv-blender" / "bin" / "python"
        return beside if beside.exists() else None
    if named and not Path(named).is_file():
        raise InputError(f"{VARIABLE}={named}: no such program; name a Python with bpy, or Blender, or leave it empty")
    return Path(named).absolute() if named else None


def blender_scripts() -> Path | None:
    """Return the folder of the scripts: in the package where it was installed so, else beside it; None without."""
    found = [_PACKAGE / "blender_scripts", _PACKAGE.parent / "blender_scripts"]
    return next((folder for folder in found if (folder / "import_model.py").is_file()), None)


def write_blend(scene: Path, out: Path) -> bool:
    """Write a scene as a ``.blend`` file, and return whether there is a program that does it.

    Parameters
    ----------
    scene
        Folder with ``scene.json``.
    out
        The file.

    Raises
    ------
    BackendUnavailableError
        If the program fails; its own last line says why.
    """
    program, scripts = blender_python(), blender_scripts()
    if program is None or scripts is None:
        log.info("no .blend file: no Python with bpy; install one and name it in %s", VARIABLE)
        return False
    run_script(program, scripts / "import_model.py", str(scene.resolve()), "--out", str(out.resolve()))
    return True


def run_script(program: Path, script: Path, *arguments: str) -> str:
    """Run a script of Blender's and return what it printed.

    Raises
    ------
    BackendUnavailableError
        If it fails; its own last line says why.
    """
    is_blender = program.name.lower().startswith("blender")
    start = ["--background", "--python-exit-code", "1", "--python", str(script), "--"] if is_blender else [str(script)]
    command = [str(program), *start, *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise BackendUnavailableError(f"{program}: {' '.join(str(problem).split())}; mend {VARIABLE}") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise BackendUnavailableError(f"{program}: {said}; mend {VARIABLE}, or leave it empty for no .blend file")
    return done.stdout
