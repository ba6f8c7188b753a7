"""What a scene is made of, as types; :mod:`scene_file` says what each field means in the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class FileEntry:
    """A file of a scene: where it is, the frame of its coordinates (empty without), and the hash of its bytes."""

    path: Path
    sha256: str
    frame: str = ""


@dataclass(frozen=True)
class MeshEntry:
    """A mesh of a scene and how it is shown; ``group`` is one of :data:`looks.GROUPS`."""

    name: str
    group: str
    kind: str
    colour: tuple[float, float, float]
    opacity: float
    shown: bool
    file: FileEntry
    label: int | None = None
    level: str = ""
    side: str = ""
    vertices: int | None = None
    faces: int | None = None


@dataclass(frozen=True, eq=False)
class ContactEntry:
    """A contact: its name, the middle of its face, the direction out of it, and that to the lead's tip; RAS mm."""

    name: str
    middle: np.ndarray
    normal: np.ndarray
    along: np.ndarray


@dataclass(frozen=True, eq=False)
class LeadEntry:
    """A lead: its parts and its contacts."""

    name: str
    title: str
    parts: tuple[MeshEntry, ...]
    contacts: tuple[ContactEntry, ...]


@dataclass(frozen=True, eq=False)
class MarkerEntry:
    """A named point, RAS mm."""

    name: str
    kind: str
    position: np.ndarray
    structure: str = ""
    level: str = ""


@dataclass(frozen=True, eq=False)
class FieldEntry:
    """A number at every vertex of some meshes: files by (group, mesh name)."""

    name: str
    unit: str
    colour_map: str
    range: tuple[float, float] | None
    on: dict[tuple[str, str], FileEntry]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that is imported; ``path`` is the ``scene.json`` or ``model.json`` that names it."""

    path: Path
    subject: str
    space: str
    model_sha256: str
    meshes: tuple[MeshEntry, ...]
    leads: tuple[LeadEntry, ...]
    markers: tuple[MarkerEntry, ...]
    fields: tuple[FieldEntry, ...]

    @property
    def every_mesh(self) -> tuple[MeshEntry, ...]:
        """Structures, tissues and the parts of leads."""
        return (*self.meshes, *(part for lead in self.leads for part in lead.parts))
