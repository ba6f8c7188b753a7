"""What a scene for Blender says of points: contacts of the lead, ends of roots, levels, markers as they were drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from spinemodel.anatomy.annotation import Annotation
from spinemodel.arrays import FloatArray
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.lead import Lead, to_space
from spinemodel.levels import CORD, DURA

Record = dict[str, Any]


def lead_record(lead: Lead, parts: list[Record]) -> Record:
    """Return what is said of the lead."""
    contacts = lead.design.contacts
    faces = np.array([[contact.u_mm, contact.v_mm, 0.0] for contact in contacts])
    middle, behind, ahead = (to_space(lead.ribbon, faces + step) for step in ([0, 0, 0], [0, 0, 0.1], [0, 0.1, 0]))
    normal, along = _unit(middle - behind), _unit(ahead - middle)
    rows = [
        {"name": contact.name, "middle": m.tolist(), "normal": n.tolist(), "along": a.tolist()}
        for contact, m, n, a in zip(contacts, middle, normal, along, strict=True)
    ]
    return {"name": lead.design.name, "title": lead.design.title, "parts": parts, "contacts": rows}


def _unit(vectors: FloatArray) -> FloatArray:
    """Return vectors (n, 3) made one long."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def model_marks(model: WholeModel) -> Iterator[Record]:
    """Yield the ends of the roots, and the middle of each spinal segment and vertebra on the axis."""
    for name, line in model.centrelines.items():
        level = name.split("_")[0]
        yield _marker(f"entry {name}", "entry", line.points[0], name, level)
        yield _marker(f"ganglion {name}", "ganglion", line.points[-1], name, level)
    levels = model.levels
    for kind, spans in (("segment", levels.spinal), ("vertebra", levels.vertebral)):
        for span in spans:
            middle = (span.bottom + span.top) / 2
            if "/" not in span.name and 0 <= middle <= levels.axis.s[-1]:
                place = np.array([np.interp(middle, levels.axis.s, axis) for axis in levels.axis.points.T])
                yield _marker(f"{kind} {span.name}", kind, place, "", span.name)


def drawn_marks(annotation: Annotation) -> Iterator[Record]:
    """Yield every marker of an annotation, named by its structure, contour and place in the file."""
    for name, contours in ((CORD.name, annotation.cord), (DURA.name, annotation.dura)):
        for i, contour in enumerate(contours, 1):
            for j, point in enumerate(contour.points, 1):
                yield _marker(f"{name} {i}-{j}", name.lower(), point, name, "")
    for kind, markers in (("root", annotation.roots), ("ganglion", annotation.ganglia)):
        for root, drawn in markers.items():
            for j, point in enumerate(drawn.points, 1):
                yield _marker(f"{kind} {root} marker {j}", kind, point, str(root), root.level)


def _marker(name: str, kind: str, place: FloatArray, structure: str, level: str) -> Record:
    """Return what is said of a point."""
    return {"name": name, "kind": kind, "position": place.tolist(), "structure": structure, "level": level}
