"""Scripts without a window, run by Blender (``--background --python SCRIPT.py -- ARGUMENTS``) or a Python with bpy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import bpy

from .records import SceneError


def run(parser: argparse.ArgumentParser, act: Callable[[argparse.Namespace], None]) -> None:
    """Act on the command line; what the user can mend is one line and exit status 1."""
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    try:
        act(parser.parse_args(words))
    except SceneError as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(1)


def empty_file() -> None:
    """Begin with a file that holds nothing."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def open_file(path: str) -> None:
    """Open a ``.blend`` file; scripts inside it do not run.

    Raises
    ------
    SceneError
        If it cannot be read.
    """
    try:
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
    except RuntimeError as problem:
        raise SceneError(f"{path}: cannot be opened ({' '.join(str(problem).split())})") from None
