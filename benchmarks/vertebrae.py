"""Vertebrae of two people: meshes of the Visible Human, and the mask of a VerSe subject."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from spinemodel.alignment.shapes import Mask
from spinemodel.anatomy.surface import Surface
from spinemodel.io.nifti import read_volume
from spinemodel.io.surfaces import read_surface

DATA = (Path(__file__).parents[1] / os.environ.get("SPINEMODEL_DATA", "../shared/data")).resolve()

MESHES = DATA / "lumbar_meshes_vhp"
MASKS = DATA / "verse_sample" / "sub-verse004_seg-vert_msk.nii.gz"

LEVELS = ("L1", "L2", "L3", "L4", "L5")
FIRST_LABEL = 20
"""VerSe's label of L1."""

VHP_TO_RAS = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) * 1000
"""From what the reader takes for RAS mm: the files hold metres, x to the front, y to the left, and do not say so."""


def vertebra(level: str) -> Surface:
    """A vertebra of the Visible Human in RAS+ mm."""
    read = read_surface(MESHES / f"{level}_Schrumpfverpacken.obj", space="vhp", name=level)
    return Surface(level, "vhp", read.vertices @ VHP_TO_RAS.T, read.faces)


def masked(level: str) -> Mask:
    """The same vertebra of another person."""
    label = FIRST_LABEL + LEVELS.index(level)
    return Mask(read_volume(MASKS, space="verse004", names={label: level}), label)
