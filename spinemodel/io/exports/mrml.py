"""A scene file of 3D Slicer (MRML): nodes as XML elements that refer to each other and to files.

What a scene must say was read in Slicer's sources: an element's tag is that of its class (``vtkMRMLParser``,
``GetNodeTagName``); ``references="role:id;"`` ties nodes (``vtkMRMLNode::ReadXMLAttributes``); ``fileName`` is relative
to the scene and percent-encoded (``vtkMRMLStorageNode``); a mesh's ``coordinateSystem`` is RAS where a scene leaves it
out, and the statement in the mesh itself comes first (``vtkMRMLModelStorageNode``). What is left out has its default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from spinemodel.io.slicer import Frame
from spinemodel.leads.colours import Colour

VERSION: Final = "Slicer4.4.0"
"""What the scene states as its writer's version: that of the example in Slicer's own documentation (Volume rendering,
custom presets). Slicer keeps it for information."""

VIEWS: Final = ("Red", "Green", "Yellow")
"""Slicer's three slice views."""


@dataclass
class Scene:
    """Nodes in the order in which they are written.

    Attributes
    ----------
    nodes
        Tag and attributes of each.
    """

    nodes: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def add(self, tag: str, class_name: str, name: str, **attributes: str) -> str:
        """Add a node, and return its id."""
        number = sum(1 for other, _ in self.nodes if other == tag) + 1
        identity = f"{class_name}{number}"
        self.nodes.append((tag, {"id": identity, "name": name, **attributes}))
        return identity


def add_model(scene: Scene, name: str, file: Path, frame: Frame, colour: Colour, opacity: float, shown: bool) -> None:
    """Add a mesh with its colour."""
    storage = scene.add("ModelStorage", "vtkMRMLModelStorageNode", name, **_stored(file, frame))
    display = scene.add(
        "ModelDisplay",
        "vtkMRMLModelDisplayNode",
        name,
        **{"hideFromEditors": "true", "color": _numbers(colour), "opacity": f"{opacity:g}", "visibility": _flag(shown)},
        **{"visibility2D": _flag(shown), "backfaceCulling": "false", "scalarVisibility": "false"},
    )
    scene.add("Model", "vtkMRMLModelNode", name, references=f"display:{display};storage:{storage};")


def add_markup(scene: Scene, name: str, file: Path, frame: Frame, kind: str, colour: Colour, labelled: bool) -> None:
    """Add a curve or a list of points; ``kind`` is Slicer's tag, ``MarkupsCurve`` or ``MarkupsFiducial``.

    The file must hold the same type of markup (``vtkMRMLMarkupsJsonStorageNode::ReadDataInternal``).
    """
    storage = scene.add("MarkupsJsonStorage", "vtkMRMLMarkupsJsonStorageNode", name, **_stored(file, frame))
    display = scene.add(
        "MarkupsDisplay",
        "vtkMRMLMarkupsDisplayNode",
        name,
        **{"hideFromEditors": "true", "color": _numbers(colour), "selectedColor": _numbers(colour)},
        **{"visibility": "true", "propertiesLabelVisibility": "false", "pointLabelsVisibility": _flag(labelled)},
        **{"textScale": "2", "glyphType": "Sphere3D", "useGlyphScale": "false", "glyphSize": "0.8"},
    )
    scene.add(kind, f"vtkMRML{kind}Node", name, references=f"display:{display};storage:{storage};", locked="1")


def add_labels(scene: Scene, name: str, file: Path, table: Path, colours: int) -> None:
    """Add a label volume and the colour table that names its labels; ``colours`` is the highest label and one."""
    stored = scene.add("ColorTableStorage", "vtkMRMLColorTableStorageNode", name, **_stored(table))
    colour = scene.add(
        "ColorTable",
        "vtkMRMLColorTableNode",
        table.stem,
        **{"attributes": "Category:File", "references": f"storage:{stored};", "type": "14", "numcolors": str(colours)},
    )
    storage = scene.add("VolumeArchetypeStorage", "vtkMRMLVolumeArchetypeStorageNode", name, **_stored(file))
    display = scene.add(
        "LabelMapVolumeDisplay",
        "vtkMRMLLabelMapVolumeDisplayNode",
        name,
        **{"hideFromEditors": "true", "visibility": "true", "colorNodeID": colour},
    )
    volume = scene.add(
        "LabelMapVolume", "vtkMRMLLabelMapVolumeNode", name, references=f"display:{display};storage:{storage};"
    )
    for view in VIEWS:
        scene.nodes.append(("SliceComposite", _layer(view, volume)))


def _layer(view: str, volume: str) -> dict[str, str]:
    """Return what shows a label volume in a slice view, which Slicer has once under a fixed id."""
    return {
        "id": f"vtkMRMLSliceCompositeNode{view}",
        "name": f"SliceComposite {view}",
        "hideFromEditors": "true",
        "singletonTag": view,
        "layoutName": view,
        "references": f"labelVolume:{volume};",
        "labelOpacity": "0.5",
    }


def _stored(file: Path, frame: Frame | None = None) -> dict[str, str]:
    """Return the attributes of a node that reads a file beside the scene."""
    more = {"coordinateSystem": frame} if frame else {}
    return {"hideFromEditors": "true", "fileName": quote(file.as_posix(), safe="/"), **more}


def _numbers(values: Sequence[float]) -> str:
    """Return numbers separated by blanks."""
    return " ".join(f"{value:g}" for value in values)


def _flag(value: bool) -> str:
    """Return a truth value as MRML writes it."""
    return "true" if value else "false"


def to_mrml(scene: Scene) -> bytes:
    """Return the scene file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<MRML version="{VERSION}" userTags="">']
    for tag, attributes in scene.nodes:
        text = " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())
        lines.append(f" <{tag} {text}></{tag}>")
    return ("\n".join([*lines, "</MRML>"]) + "\n").encode()
