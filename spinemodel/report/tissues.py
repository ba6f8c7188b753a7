"""The pictures of a model's tissues."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import frame_at
from spinemodel.anatomy.model import Anatomy, Levels
from spinemodel.anatomy.segments import span_at
from spinemodel.anatomy.tissues import Tissues
from spinemodel.anatomy.vertebral_levels import level_at
from spinemodel.levels import CORD, CSF, ROOT_TISSUES, ROOTLET_TISSUES
from spinemodel.report.rootlets import render_rootlets
from spinemodel.report.sections import render_sections, stations_along

SEGMENTS: Final = ("T12", "L2", "S1")
VERTEBRAE: Final = ("L3", "L5")
"""Levels at whose middles sections are drawn: three through the cord, two through the cauda equina."""


def render_tissues(folder: Path, anatomy: Anatomy, tissues: Tissues) -> None:
    """Draw ``<subject>_sections.png`` and, where there are rootlets, ``<subject>_rootlets.png`` into a folder.

    Raises
    ------
    BackendUnavailableError
        Without matplotlib or OpenGL.
    """
    subject = anatomy.annotation.subject
    parts = tissues.partition.parts
    at = places(anatomy.levels)
    heights = frame_at(anatomy.axis, np.array(list(at)))[0][:, 2]
    reach = tissues.partition.parts[CSF.name].vertices[:, 2]
    inside = {s: title for (s, title), z in zip(at.items(), heights, strict=True) if reach.min() < z < reach.max()}
    stations = stations_along(anatomy.axis, inside)
    render_sections(folder / f"{subject}_sections.png", parts, anatomy.annotation, stations, title=subject)
    shown = {name: surface for name, surface in parts.items() if name in ROOT_TISSUES or name in ROOTLET_TISSUES}
    if any(name in ROOTLET_TISSUES for name in shown):
        shown[CORD.name] = anatomy.surfaces[CORD.name]
        render_rootlets(folder / f"{subject}_rootlets.png", shown, title=subject)


def places(levels: Levels) -> dict[float, str]:
    """Return where along the axis sections are drawn, with what lies there as their titles, from head to foot."""
    segments = [(span.bottom + span.top) / 2 for span in levels.segments if span.name in SEGMENTS]
    vertebrae = [(span.bottom + span.top) / 2 for span in levels.vertebrae if span.name in VERTEBRAE]
    return {s: _title(levels, s) for s in sorted({*segments, *vertebrae}, reverse=True)}


def _title(levels: Levels, s: float) -> str:
    """Return what lies at ``s`` mm along the axis, such as ``segment L4, vertebra T12``; below the cord no segment."""
    segment, vertebra = span_at(levels.segments, s), level_at(levels.vertebrae, s)
    named = [f"segment {segment}"] if segment else []
    if vertebra:
        named.append(f"disc {vertebra}" if "/" in vertebra else f"vertebra {vertebra}")
    return ", ".join(named)
