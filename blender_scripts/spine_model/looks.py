"""What each structure and tissue is, and how it is shown where a file does not say it.

The same names and values are in spinemodel (``levels`` and ``io.exports.blender``); its tests compare the two.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LEVELS = ("L1", "L2", "L3", "L4", "L5", "S1", "S2")
"""Spinal levels of the roots, from head to foot."""

GROUPS = ("structures", "tissues", "leads")
"""What an object belongs to. Structures are what markers show, and what can be edited; tissues follow from them."""

KINDS = ("cord", "dura", "root", "rootlets", "tissue", "backing", "contact")

OPACITY = {
    **{"Dura": 0.18, "Bone": 0.20, "Disc": 0.25, "CSF": 0.15, "DuraShell": 0.30, "Fat": 0.20},
    **{"Muscle": 0.15, "Bulk": 0.08, "Backing": 0.25},
}
"""Of what is seen through, 0-1; the rest is opaque. Choices: roots show through the dura, both through the bone."""

SHOWN_TISSUES = ("Bone", "Disc")
"""Tissues that are shown at first, beside the rootlets; the others hide these or repeat the structures."""

TISSUES = ("Grey", "DorsalColumns", "White", "CSF", "DuraShell", "Fat", "Bone", "Disc", "Muscle", "Bulk")
"""Tissues other than roots and rootlets."""

_ROOT = re.compile(rf"({'|'.join(LEVELS)})_([LR])(_rootlets|_ventral)?")


class Look(NamedTuple):
    """What a name says of a mesh: kind, level and side (empty where it has none), opacity, and whether it is shown."""

    kind: str
    level: str
    side: str
    opacity: float
    shown: bool


def look_of(name: str, group: str) -> Look | None:
    """Return the look of a structure or tissue; None for a name that is not known.

    Examples
    --------
    >>> look_of("L2_R", "structures")
    Look(kind='root', level='L2', side='R', opacity=1.0, shown=True)
    >>> look_of("Bone", "tissues").opacity, look_of("Bone", "structures"), look_of("L6_R", "structures")
    (0.2, None, None)
    """
    if group == "structures" and name in ("Cord", "Dura"):
        return Look(name.lower(), "", "", OPACITY.get(name, 1.0), True)
    if group == "tissues" and name in TISSUES:
        return Look("tissue", "", "", OPACITY.get(name, 1.0), name in SHOWN_TISSUES)
    found = _ROOT.fullmatch(name)
    if found is None or (group == "structures" and found[3]):
        return None
    kind = "rootlets" if found[3] else "root"
    return Look(kind, found[1], found[2], 1.0, group == "structures" or kind == "rootlets")
