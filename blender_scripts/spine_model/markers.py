"""Markers as empties."""

from __future__ import annotations

import bpy

from .entries import MarkerEntry
from .tags import GROUP, KIND, NAME
from .tree import inside, marker_place

SIZE_MM = {"segment": 3.0, "vertebra": 6.0, "ganglion": 2.0, "entry": 1.0}
"""Half width of an empty; 0.5 where the kind is not listed. A choice."""


def add_marker(model: bpy.types.Collection, marker: MarkerEntry) -> bpy.types.Object:
    """Return a new empty at a marker."""
    made = bpy.data.objects.new(marker.name, None)
    made.empty_display_type = "SPHERE" if marker.kind == "ganglion" else "PLAIN_AXES"
    made.empty_display_size = SIZE_MM.get(marker.kind, 0.5)
    made.location = marker.position
    made.show_name = marker.kind in ("segment", "vertebra")
    made[NAME], made[GROUP], made[KIND] = marker.name, "markers", marker.kind
    inside(model, *marker_place(marker)).objects.link(made)
    return made
