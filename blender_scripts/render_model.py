"""Render a model as a turn of PNG pictures, and as a film where FFmpeg is there; Cycles on the processor.

::

    blender --background --python render_model.py -- EXPORT --out pictures --frames 36 --film
    python render_model.py sub-03.blend --out pictures --frames 1 --view behind-right --hide Bone,Disc

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
from spine_model.leads import BEFORE_LEADS, clear_leads
from spine_model.records import SceneError
from spine_model.rendering import Picture, join_film, render_turn, set_picture
from spine_model.stage import FRAMES, VIEWS, set_stage

LEADS = (
    f"With a lead, the camera looks at it and {', '.join(BEFORE_LEADS)} are left out, for they would cover it: "
    "--show Bone brings bone back, --focus Cord,Dura,Roots shows the whole model, --hide Leads leaves the lead out."
)

def main(arguments: argparse.Namespace) -> None:
    """Render a model as a turn of pictures, and as a film."""
    model, scene = _model(arguments), bpy.context.scene
    focus = _choose(model, arguments)
    set_picture(scene, Picture(*arguments.size, arguments.samples))
    set_stage(model, scene, arguments.view, arguments.frames, focus)
    if arguments.field:
        show_field(model, arguments.field)
    name = tags.file_name(model)
    pictures = render_turn(scene, arguments.out, name)
    for path in pictures:
        print(path)
    if arguments.film:
        film = join_film(pictures, arguments.out / f"{name}.mp4")
        print(film or "note: no film, for this Blender was built without FFmpeg; the pictures are there")


def _model(arguments: argparse.Namespace) -> bpy.types.Collection:
    """Return the model in a .blend file, or import one."""
    if arguments.model.suffix == ".blend":
        headless.open_file(str(arguments.model))
        return tags.the_model(arguments.subject)
    headless.empty_file()
    return import_scene(arguments.model, bpy.context)


def _choose(model: bpy.types.Collection, arguments: argparse.Namespace) -> list[bpy.types.Object]:
    """Show and hide what was asked for, clear the view of leads, and return what the picture is about."""
    shown = _named(model, arguments.show)
    for names, hidden in ((shown, False), (_named(model, arguments.hide), True)):
        for one in names:
            one.hide_render = hidden
    parts = clear_leads(model, shown)
    return _named(model, arguments.focus) or parts


def _named(model: bpy.types.Collection, names: str) -> list[bpy.types.Object]:
    """Return objects by their names, or by those of their collections, with commas between."""
    every: list[bpy.types.Object] = []
    for name in filter(None, names.split(",")):
        below = [child for child in model.children_recursive if child.name == name]
        found = [one for one in model.all_objects if one.name == name]
        found += [one for child in below for one in child.all_objects]
        if not found:
            raise SceneError(f"{name}: no such object or collection of {model.name}; see the outliner for the names")
        every += found
    return every


def _size(text: str) -> tuple[int, int]:
    """Return the two numbers of ``900x1200``."""
    width, height = (int(part) for part in text.lower().split("x"))
    if min(width, height) < 16:
        raise ValueError
    return width, height


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="render_model.py", description=main.__doc__, epilog=LEADS)
    parser.add_argument("model", type=Path, help=".blend file, scene.json, model.json, or a folder that holds one")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--subject", default="", help="which model of a .blend file that holds several")
    parser.add_argument("--frames", type=int, default=FRAMES, help="pictures of a full turn")
    parser.add_argument("--size", type=_size, default=Picture()[:2], help="of a picture, such as 900x1200")
    parser.add_argument("--samples", type=int, default=Picture().samples, help="paths of light per pixel")
    parser.add_argument("--view", choices=VIEWS, default="behind", help="of the first picture")
    parser.add_argument("--show", default="", help="objects or collections to show, such as Fat,Rootlets")
    parser.add_argument("--hide", default="", help="objects or collections to hide")
    parser.add_argument("--focus", default="", help="objects or collections that fill it (default: lead, else all)")
    parser.add_argument("--field", default="", help="show the meshes in the colours of this field")
    parser.add_argument("--film", action="store_true", help="also write the turn as MP4")
    headless.run(parser, main)
