"""spinemodel: from the marks that a person draws on a spine MRI to a model that can be stimulated.

Conventions, everywhere in this package:

- **Frame.** Every coordinate is RAS+ and in millimetres. LPS exists only in :mod:`spinemodel.io`, which reads the
  frame and the unit from the file. Every geometry carries the name of its space, such as ``"sub-03/scanner"``.
- **Units.** mm and mm3; a number in any other unit wears it in its name (``diameter_um``).
- **Types hold data, functions act on it.** Types are frozen dataclasses with read-only arrays.
- **Errors.** :class:`~spinemodel.errors.SpineModelError` and its children; the message says how to mend it.
- **Imports.** ``import spinemodel`` loads nothing heavy; names are resolved when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

__version__ = "0.1.0"

_HOME: Final[dict[str, str]] = {
    "Annotation": "spinemodel.anatomy.annotation",
    "Markers": "spinemodel.anatomy.annotation",
    "Centreline": "spinemodel.anatomy.curves",
    "Contour": "spinemodel.anatomy.curves",
    "Surface": "spinemodel.anatomy.surface",
    "Transform": "spinemodel.spaces",
    "SpineModelError": "spinemodel.errors",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> object:
    """Import the module of a public name when the name is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'spinemodel' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
