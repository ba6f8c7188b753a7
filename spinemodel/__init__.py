"""spinemodel: from the marks that a person draws on a spine MRI to a model that can be stimulated.

Conventions, everywhere in this package:

- **Frame.** Every coordinate is RAS+ and in millimetres. LPS exists only in :mod:`spinemodel.io`, which reads the
  frame and the unit from the file. Every geometry carries the name of its space, such as ``"sub-03/scanner"``.
- **Units.** mm and mm3; a number in any other unit wears it in its name (``diameter_um``).
- **Types hold data, functions act on it.** Types are frozen dataclasses with read-only arrays.
- **Errors.** :class:`~spinemodel.errors.SpineModelError` and its children; the message says how to mend it.
- **Imports.** ``import spinemodel`` loads nothing heavy; names are resolved when first used.

Examples
--------
>>> import spinemodel as sm
>>> anatomy = sm.build(sm.annotate(sm.Phantom()))
>>> sm.audit(anatomy.surfaces).failures
()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spinemodel.anatomy.annotation import Annotation, Markers
    from spinemodel.anatomy.audit import Audit, audit
    from spinemodel.anatomy.build import build
    from spinemodel.anatomy.compartments import Partition, partition
    from spinemodel.anatomy.cord_course import cord_course, fibre_direction
    from spinemodel.anatomy.curves import Centreline, Contour
    from spinemodel.anatomy.fidelity import marker_errors
    from spinemodel.anatomy.loft import loft
    from spinemodel.anatomy.model import Anatomy, BuildParameters
    from spinemodel.anatomy.perturb import perturb
    from spinemodel.anatomy.phantom import Phantom, annotate
    from spinemodel.anatomy.roots import RootParameters
    from spinemodel.anatomy.surface import Surface
    from spinemodel.anatomy.sweep import sweep
    from spinemodel.anatomy.tissues import TissueParameters, Tissues, complete
    from spinemodel.anatomy.untangle import untangle
    from spinemodel.errors import SpineModelError
    from spinemodel.io.bids import read_subject, write_subject
    from spinemodel.io.surfaces import read_surface, write_surface
    from spinemodel.spaces import Transform

__version__ = "0.1.0"

_HOME: Final = {
    "Anatomy": "anatomy.model",
    "Annotation": "anatomy.annotation",
    "Audit": "anatomy.audit",
    "BuildParameters": "anatomy.model",
    "Centreline": "anatomy.curves",
    "Contour": "anatomy.curves",
    "Markers": "anatomy.annotation",
    "Partition": "anatomy.compartments",
    "Phantom": "anatomy.phantom",
    "RootParameters": "anatomy.roots",
    "SpineModelError": "errors",
    "Surface": "anatomy.surface",
    "TissueParameters": "anatomy.tissues",
    "Tissues": "anatomy.tissues",
    "Transform": "spaces",
    "annotate": "anatomy.phantom",
    "audit": "anatomy.audit",
    "build": "anatomy.build",
    "complete": "anatomy.tissues",
    "cord_course": "anatomy.cord_course",
    "fibre_direction": "anatomy.cord_course",
    "loft": "anatomy.loft",
    "marker_errors": "anatomy.fidelity",
    "partition": "anatomy.compartments",
    "perturb": "anatomy.perturb",
    "read_subject": "io.bids",
    "read_surface": "io.surfaces",
    "sweep": "anatomy.sweep",
    "untangle": "anatomy.untangle",
    "write_subject": "io.bids",
    "write_surface": "io.surfaces",
}
"""The room of every public name."""

__all__ = [
    "Anatomy",
    "Annotation",
    "Audit",
    "BuildParameters",
    "Centreline",
    "Contour",
    "Markers",
    "Partition",
    "Phantom",
    "RootParameters",
    "SpineModelError",
    "Surface",
    "TissueParameters",
    "Tissues",
    "Transform",
    "__version__",
    "annotate",
    "audit",
    "build",
    "complete",
    "cord_course",
    "fibre_direction",
    "loft",
    "marker_errors",
    "partition",
    "perturb",
    "read_subject",
    "read_surface",
    "sweep",
    "untangle",
    "write_subject",
    "write_surface",
]


def __getattr__(name: str) -> object:
    """Import the room of a public name when the name is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'spinemodel' has no attribute {name!r}")
    return getattr(import_module(f"spinemodel.{_HOME[name]}"), name)
