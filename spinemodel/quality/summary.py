"""Mean, SD and range over the slices of an image."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.quality.measures import NAMES, Name
from spinemodel.quality.slices import Quality


class Spread(NamedTuple):
    """How one measure is spread over the slices of an image.

    Attributes
    ----------
    slices
        In how many it is defined.
    mean, sd, least, most
        Over those; the SD is of the sample (n - 1), NaN for a single slice.
    whole
        Of all voxels of the measured slices as one.
    undefined
        Why it is not defined where it is not; empty where it is everywhere.
    """

    slices: int
    mean: float
    sd: float
    least: float
    most: float
    whole: float
    undefined: str


def by_slice(quality: Quality, name: Name) -> FloatArray:
    """Return a measure in every measured slice, (n,); NaN where it is not defined."""
    return np.array([each.measures.values[name] for each in quality.slices])


def summarise(quality: Quality) -> dict[Name, Spread]:
    """Return the spread of every measure over the slices."""
    return {name: _spread(quality, name) for name in NAMES}


def _spread(quality: Quality, name: Name) -> Spread:
    """Return the spread of one measure."""
    every = by_slice(quality, name)
    known = every[np.isfinite(every)]
    whole = quality.whole.values[name]
    reasons = [each.measures.undefined[name] for each in quality.slices if name in each.measures.undefined]
    why = f"{reasons[0]}, in {len(reasons)} of {len(every)} slices" if reasons else ""
    if not len(known):
        return Spread(0, nan, nan, nan, nan, whole, why)
    sd = float(known.std(ddof=1)) if len(known) > 1 else nan
    return Spread(len(known), float(known.mean()), sd, float(known.min()), float(known.max()), whole, why)
