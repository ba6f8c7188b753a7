"""Models of the lumbosacral spine in Blender: import, look, edit, and give the edited meshes back.

One Blender unit is one millimetre; x is right, y anterior, z towards the head (RAS+). Needs Blender 4.2 or later and
nothing else: what is read was written by ``spinemodel export --to blender`` or ``spinemodel build``.

Nothing is imported before Blender registers the extension, so that the modules that need no Blender run without it.
"""

from __future__ import annotations


def register() -> None:
    """Add the operators, the menu entry and the panel."""
    from . import operators, panel

    operators.register()
    panel.register()


def unregister() -> None:
    """Take them away again."""
    from . import operators, panel

    panel.unregister()
    operators.unregister()
