"""Entry zones on the cord, less what lies under other roots."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.rootlets.chart import SIGN, Chart, entries, on_cord
from spinemodel.anatomy.rootlets.courses import focus_of
from spinemodel.anatomy.rootlets.fan import OUTER, STEP_MM
from spinemodel.anatomy.rootlets.parameters import RootletParameters
from spinemodel.anatomy.rootlets.zones import Zone, zones_of
from spinemodel.anatomy.sweep import SECTION
from spinemodel.arrays import FloatArray
from spinemodel.levels import ROOTS, SIDES


def free_zones(
    chart: Chart, lines: Mapping[str, Centreline], parameters: RootletParameters, *, ventral: bool = False
) -> list[Zone]:
    """Return the entry zones of all roots, from head to foot, less what lies under another root's trunk."""
    found: list[Zone] = []
    for side in SIDES:
        at = entries(chart, lines, side)
        zones = zones_of(at, chart.ends, parameters, ventral=ventral)
        trunks = {name: _trunk(chart, zone, lines[name], parameters) for name, zone in zones.items()}
        taken = {name: _taken(chart, zone, trunks) for name, zone in zones.items()}
        found += zones_of(at, chart.ends, parameters, taken, ventral=ventral).values()
    return sorted(found, key=lambda zone: ROOTS.index(zone.root))


def _trunk(chart: Chart, zone: Zone, line: Centreline, parameters: RootletParameters) -> tuple[KDTree, float]:
    """Return the points of a root's trunk and how far from them a rootlet may be attached, mm."""
    focus = focus_of(chart, zone, line, parameters)[0]
    beside = SECTION * line.radius[focus:].max() + OUTER * parameters.radius_mm + parameters.gap_mm
    return KDTree(line.points[focus:]), float(beside)


def _taken(chart: Chart, zone: Zone, trunks: Mapping[str, tuple[KDTree, float]]) -> FloatArray:
    """Return the distances along the axis at which a trunk leaves no room for an attachment in a zone, (n,) mm."""
    s = np.arange(zone.s[-1], zone.s[0] + STEP_MM, STEP_MM)
    angle = SIGN[zone.root.side] * np.interp(s, zone.s[::-1], zone.angle[::-1])
    sulcus = on_cord(chart, s, angle, np.zeros(len(s)))
    taken = np.zeros(len(s), dtype=bool)
    for name, (trunk, beside) in trunks.items():
        if name != zone.name:
            taken |= np.isfinite(trunk.query(sulcus, distance_upper_bound=beside)[0])
    return s[taken]
