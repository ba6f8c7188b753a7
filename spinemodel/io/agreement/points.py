"""Roots and ganglia, a root or a point a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.agreement.means import MeanPoints
from spinemodel.io.agreement.cells import number, xyz_cells
from spinemodel.io.agreement.pairs import pair_cells
from spinemodel.io.tables import Row

ONE_DRAWN: Final = "drawn by one alone"


def root_point_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return every pair of corresponding points of a root: RAS+ mm of both, and their distance."""
    rows = []
    for subject, agreement in found.items():
        for root in agreement.roots:
            head = {**pair_cells(subject, root.raters), "level": root.root.level, "side": root.root.side}
            each = zip(root.first, root.second, root.distances, strict=True)
            for place, (one, other, distance) in enumerate(each, 1):
                points = xyz_cells(one, "first_") | xyz_cells(other, "second_")
                rows.append({**head, "point": str(place), **points, "distance_mm": number(distance)})
    return rows


def root_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return one row for every root of every subject and pair."""
    rows = []
    for subject, agreement in found.items():
        for root in agreement.roots:
            x, y, z = root.shift
            rows.append({
                **pair_cells(subject, root.raters),
                "level": root.root.level,
                "side": root.root.side,
                "mean_mm": number(root.mean),
                "sd_mm": number(root.sd),
                "largest_mm": number(root.distances.max() if root.n else float("nan")),
                "n": str(root.n),
                "shift_x_mm": number(x),
                "shift_y_mm": number(y),
                "shift_z_mm": number(z),
                "paired_by": root.correspondence,
                "unmatched_first": str(root.unmatched[0]),
                "unmatched_second": str(root.unmatched[1]),
            })
    return rows


def spread_rows(spread: Mapping[str, MeanPoints]) -> list[Row]:
    """Return every point of a consensus with its spread over raters."""
    rows = []
    for name, mean in spread.items():
        each = zip(mean.points, mean.sd, mean.count, mean.marked, strict=True)
        for place, (point, sd, count, marked) in enumerate(each, 1):
            counted = {"raters": str(count), "marked": str(marked), "paired_by": mean.correspondence or ONE_DRAWN}
            rows.append({"structure": name, "point": str(place), **xyz_cells(point), "sd_mm": number(sd), **counted})
    return rows
