"""Make a .blend file of a model, without a window.

::

    blender --background --python import_model.py -- EXPORT --out sub-03.blend
    python import_model.py EXPORT --out sub-03.blend          # a Python that has bpy

EXPORT is what ``spinemodel export --to blender`` wrote, or a model folder of ``spinemodel build``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
from spine_model import headless, tags
from spine_model.fields import show_field
from spine_model.importing import import_scene
from spine_model.records import SceneError


def main(arguments: argparse.Namespace) -> None:
    """Import and save."""
    headless.empty_file()
    model = import_scene(arguments.model, bpy.context)
    if arguments.field:
        show_field(model, arguments.field)
    out = arguments.out.resolve()
    source = Path(model[tags.FILE])
    if source.parent == out.parent:
        model[tags.FILE] = f"//{source.name}"  # beside the .blend, wherever both are moved
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(out), compress=True, relative_remap=False)
    except (OSError, RuntimeError) as problem:
        raise SceneError(f"{out}: cannot be written ({' '.join(str(problem).split())}); choose another place") from None
    print(f"{out}: {model.name}, {len(model.all_objects)} objects")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="import_model.py", description=main.__doc__)
    parser.add_argument("model", type=Path, help="scene.json, model.json, or a folder that holds one")
    parser.add_argument("--out", type=Path, required=True, help=".blend file to write")
    parser.add_argument("--field", default="", help="show the meshes in the colours of this field")
    headless.run(parser, main)
