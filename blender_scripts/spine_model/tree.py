"""Collections by kind and level: Cord, Dura, Roots > Roots L1 ..., Tissues > Rootlets, Leads, Markers > ..., Stage."""

from __future__ import annotations

import bpy

from .entries import MarkerEntry, MeshEntry

_MARKERS = {
    **{"entry": "Root entries", "ganglion": "Ganglia", "segment": "Spinal segments", "vertebra": "Vertebrae"},
    **{"cord": "Cord markers", "dura": "Dura markers", "root": "Root markers"},
}


def inside(parent: bpy.types.Collection, *names: str) -> bpy.types.Collection:
    """Return the collection at a path below another, made where it is not there."""
    for name in names:
        here = [child for child in parent.children if child.name.partition(".")[0] == name]
        if not here:
            here = [bpy.data.collections.new(name)]
            parent.children.link(here[0])
        parent = here[0]
    return parent


def place_of(entry: MeshEntry) -> tuple[str, ...]:
    """Return the path of the collection that a mesh belongs into."""
    if entry.group == "leads":
        return ("Leads",)
    if entry.group == "tissues":
        return ("Tissues", "Rootlets") if entry.kind == "rootlets" else ("Tissues",)
    return ("Roots", f"Roots {entry.level}") if entry.kind == "root" else (entry.name,)


def marker_place(marker: MarkerEntry) -> tuple[str, ...]:
    """Return the path of the collection that a marker belongs into."""
    return ("Markers", _MARKERS.get(marker.kind, marker.kind))
