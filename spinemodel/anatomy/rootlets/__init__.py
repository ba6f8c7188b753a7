"""Rootlets: roots fan out along their entry zones, and ventral roots join them.

>>> from spinemodel.anatomy.rootlets import RootletParameters
>>> RootletParameters().levels["S1"]
RootletLevel(dorsal=5, ventral=2, zone_mm=7.2)
"""

from __future__ import annotations

from spinemodel.anatomy.rootlets.conflicts import Conflict, rootlet_conflicts
from spinemodel.anatomy.rootlets.fan import Fan
from spinemodel.anatomy.rootlets.parameters import ROOTLET_LEVELS, RootletLevel, RootletParameters
from spinemodel.anatomy.rootlets.roots import dorsal_rootlets, ventral_roots
from spinemodel.anatomy.rootlets.tubes import fan_surfaces

__all__ = [
    "ROOTLET_LEVELS",
    "Conflict",
    "Fan",
    "RootletLevel",
    "RootletParameters",
    "dorsal_rootlets",
    "fan_surfaces",
    "rootlet_conflicts",
    "ventral_roots",
]
