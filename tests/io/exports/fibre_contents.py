"""A block of one tissue with a straight root, and a round lead beside it: what fibres and OSS-DBS start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.segments import Span
from spinemodel.field.conductivity import Conductivity, Preset
from spinemodel.io.exports.contents import Contents, ExportOptions
from spinemodel.io.levels import ModelLevels
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.lead import Lead, Ribbon
from tests.shapes import box

SPACE = "sub-block/scanner"
SIGMA = 0.3
HALF = 60.0
"""Half a side of the block, mm: larger than the box that is solved in."""

NOTHING = Partition(SPACE, np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros((0, 2), int), ())


def block(name: str = "Bulk") -> Partition:
    """A cube of one tissue round the origin."""
    cube = box((-HALF, -HALF, -HALF), 2 * HALF)
    sides = np.tile([1, 0], (len(cube.faces), 1))
    return Partition(SPACE, cube.vertices, cube.faces, sides, (name,))


def straight_root(aside_mm: float = 2.0) -> Centreline:
    """A root along z, behind the origin."""
    z = np.arange(25, -25.25, -0.25)
    points = np.stack([0 * z + aside_mm, 0 * z, z], axis=1)
    return Centreline("L3_R", SPACE, points, np.full(len(z), 0.5), np.zeros(len(z), dtype=bool))


def block_model(partition: Partition | None = None, folder: Path = Path("sub-block")) -> WholeModel:
    """The block as a model; nothing of it is on the disk."""
    parted = partition or block()
    span = Span("L1", -30.0, 30.0, "derived")
    levels = ModelLevels(Axis(SPACE, [[0, 0, -HALF], [0, 0, HALF]]), (span,), (span,), {}, parted.parts)
    return WholeModel(folder, {}, "sub-block", SPACE, {}, {"L3_R": straight_root()}, levels, parted)


def round_design(rings: int = 2, length: float = 3.0, gap: float = 4.0) -> LeadDesign:
    """A percutaneous lead; C1 is the ring at the tip."""
    pitch = length + gap
    v = pitch * ((rings - 1) / 2 - np.arange(rings))
    contacts = tuple(Contact(f"C{k + 1}", "ring", 0.0, float(at), 1.3, length) for k, at in enumerate(v))
    reach = v[0] + length / 2 + 2.0  # from the middle to the tip
    body = reach + abs(v[-1]) + length / 2 + 3.0
    backing = Backing("cylinder", float(body), 1.3, 1.3, float(reach - body / 2))
    return LeadDesign("round", "A round lead", backing, contacts, 0.1, "made up", verified=False)


def round_lead(design: LeadDesign | None = None, bend_mm: float = np.inf) -> Lead:
    """The lead along z with its tip towards the head, the first ring's middle at the origin; bent dorsally if asked."""
    design = design or round_design()
    first = max(contact.v_mm for contact in design.contacts)
    v = np.linspace(-60, 60, 241)
    t = (v - first) / bend_mm
    along = np.stack([0 * t, np.sin(t), np.cos(t)], axis=1)
    away = np.stack([0 * t, -np.cos(t), np.sin(t)], axis=1)
    right = np.cross(along, away)
    straight = np.stack([0 * v, 0 * v, v - first], axis=1)
    bent = bend_mm * np.stack([0 * t, 1 - np.cos(t), np.sin(t)], axis=1) if np.isfinite(bend_mm) else straight
    # The face lies a radius in front of the axis, where w = 0.
    face = bent - design.backing.thickness_mm / 2 * away
    return Lead(design, Ribbon(SPACE, v, face, np.stack([right, along, away], axis=1), 0 * v), NOTHING)


def homogeneous(name: str = "Bulk", sigma: float = SIGMA) -> Preset:
    """Conductivities of the block."""
    return Preset("even", "Even", {name: Conductivity(sigma, sigma, "made up", verified=False)})


def block_contents(lead: Lead | None = None, spacing_mm: float = 2.0, preset: Preset | None = None) -> Contents:
    """What an export of the block starts from."""
    return Contents(block_model(), lead, preset or homogeneous(), ExportOptions(spacing_mm=spacing_mm))
