"""Runs in Blender's Python: installs the packed extension as a user does, and imports a scene with it."""

from __future__ import annotations

import sys


def main(archive: str, scene: str) -> None:
    """Install and import."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    print("enabled:", "bl_ext.user_default.spine_model" in bpy.context.preferences.addons)
    print("imported:", bpy.ops.import_scene.spine_model(filepath=scene), "Cord" in bpy.data.objects)


if __name__ == "__main__":
    main(*sys.argv[1:])
