"""How surfaces that touch are moved apart by less than a nanometre, so that each crosses the other or keeps clear."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import BoolArray

SWELL_MM: Final = 1e-7
"""Step by which solids that touch grow, one per place from the end of the list. A choice: far above the rounding of
coordinates (1e-13 mm at 1 m), far below anything that can be measured or written in single precision (3e-5 mm)."""


def swell(soup: Soup, touched: BoolArray, attempt: int, step_mm: float = SWELL_MM) -> Soup:
    """Return a soup in which the touched solids (n,) have grown, and are shifted at random by a tenth of a step.

    Every bounding box grows on all its sides by a step per place from the end of the list. Solids that were meant to
    touch then overlap, of solids that were meant to be flush the earlier one overhangs, and planes stay planes.
    """
    points = soup.points.copy()
    for solid in np.flatnonzero(touched):
        own = np.unique(soup.faces[soup.owner == solid])
        low, high = points[:, own].min(axis=1, keepdims=True), points[:, own].max(axis=1, keepdims=True)
        growth = step_mm * (len(touched) - solid) / np.maximum((high - low) / 2, step_mm)
        shift = np.random.default_rng([int(solid), attempt]).uniform(-step_mm, step_mm, (3, 1)) / 10
        points[:, own] += (points[:, own] - (low + high) / 2) * growth + shift
    return Soup(points, soup.faces, soup.owner, soup.edges, soup.sides)
