"""Pictures: one, a turn of several, and a turn as a film."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import bpy

from .records import SceneError

FILM_RATE = 12
"""Pictures a second. A choice: a turn of 36 takes three seconds."""


class Picture(NamedTuple):
    """Width and height in pixels, and the paths of light per pixel (Cycles; noise is filtered afterwards)."""

    width: int = 900
    height: int = 1200
    samples: int = 32


def set_picture(scene: bpy.types.Scene, picture: Picture) -> None:
    """Render with Cycles on the processor: it needs no display and no graphics card."""
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples = "CPU", picture.samples
    scene.cycles.use_denoising = True
    scene.cycles.transparent_max_bounces = 64  # every shell that is seen through counts twice
    scene.cycles.max_bounces = 4
    scene.render.resolution_x, scene.render.resolution_y = picture.width, picture.height
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True  # the model does not change while the camera turns
    set_output(scene, "IMAGE", "PNG")


def set_output(scene: bpy.types.Scene, media: str, file_format: str) -> None:
    """Choose pictures or films; Blender 5 asks which before the format."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = media
    settings.file_format = file_format


def render_turn(scene: bpy.types.Scene, folder: Path, name: str) -> list[Path]:
    """Render every picture of the scene's turn as ``NAME_001.png`` ... and return the paths."""
    width = max(3, len(str(scene.frame_end)))
    return [
        render_one(scene, folder / f"{name}_{frame:0{width}d}.png", frame)
        for frame in range(scene.frame_start, scene.frame_end + 1)
    ]


def render_one(scene: bpy.types.Scene, path: Path, frame: int = 1) -> Path:
    """Render one picture of the turn to a PNG file.

    Raises
    ------
    SceneError
        If nothing came of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else None
    scene.frame_set(frame)
    scene.render.filepath = str(path.resolve())
    bpy.ops.render.render(write_still=True, scene=scene.name)
    if not path.exists() or path.stat().st_mtime_ns == before:
        raise SceneError(f"{path}: was not written; choose a folder that can be written to")
    return path


def join_film(pictures: list[Path], path: Path) -> Path | None:
    """Write pictures as an H.264 film and return its path; None where this Blender has no FFmpeg."""
    if not bpy.app.build_options.codec_ffmpeg:
        return None
    film = bpy.data.scenes.new("Film")
    try:
        _set_strip(film, pictures)
        film.view_settings.view_transform = "Standard"
        set_output(film, "VIDEO", "FFMPEG")
        film.render.ffmpeg.format, film.render.ffmpeg.codec = "MPEG4", "H264"
        film.render.ffmpeg.constant_rate_factor = "HIGH"
        film.render.fps, film.render.filepath = FILM_RATE, str(path.resolve())
        bpy.ops.render.render(animation=True, scene=film.name)
    finally:
        bpy.data.scenes.remove(film)
    return path if path.exists() else None


def _set_strip(film: bpy.types.Scene, pictures: list[Path]) -> None:
    """Put the pictures one after another into a scene's sequencer."""
    editor = film.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences  # named so from Blender 4.4
    strip = strips.new_image(name="turn", filepath=str(pictures[0].resolve()), channel=1, frame_start=1)
    for picture in pictures[1:]:
        strip.elements.append(picture.name)
    film.frame_start, film.frame_end = 1, len(pictures)
    image = bpy.data.images.load(str(pictures[0].resolve()))
    film.render.resolution_x, film.render.resolution_y = (side - side % 2 for side in image.size)  # H.264 wants even
    bpy.data.images.remove(image)
