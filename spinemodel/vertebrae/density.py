"""Bone density of vertebral bodies from a CT: the mean attenuation of their trabecular core, and what it stands for.

Quantitative CT takes the mean HU of spongy bone, off cortex, endplates and the vessels that enter from the back.
Without a phantom beside the patient, a line that was measured on the same scanner at another time turns it into mg/cm3
(asynchronous calibration: Wang et al. 2017, Sci Rep 7:6284). The line is the user's; none is assumed.

Contrast medium makes bone look denser: by 6 mg/cm3 and more on average in arterial and portal-venous images (Kaesmacher
et al. 2017, J Comput Assist Tomogr 41:217). Metal brightens and darkens what lies round it. So a vertebra is refused,
with the reason, where contrast medium was given or shows, where metal is near, where it is cut off or too small, and
where the image is not in Hounsfield units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import find_objects
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._core_values import Scene, core_values
from spinemodel.vertebrae._trabecular import DEFAULT, Core, trabecular_core
from spinemodel.vertebrae.body import Body
from spinemodel.vertebrae.ct import CT, front, metal, why_not_hu
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.volume.grid import voxel_mm3

__all__ = [
    "CT",
    "Calibration",
    "Core",
    "Density",
    "MeanDensity",
    "Refused",
    "density",
    "mean_density",
    "trabecular_core",
]

LEAST_VOXELS: Final = 100
"""A choice: with noise of 50 HU the mean is then known to 5 HU."""

LEAST_MM3: Final = 500.0
"""A choice: the core of a small upper thoracic body."""

HARD_HU: Final = 800.0
"""Above it is no spongy bone, but cement, a screw or sclerosis: a choice, six times the noise above a young body."""

HARD_MM3: Final = 50.0
"""Least volume of it in the core that spoils it (a choice)."""

PLAUSIBLE_HU: Final = (-120.0, 450.0)
"""Mean HU of a thoracic or lumbar core, from pure fat to five standard deviations above L1 of women of 20 to 30 years,
236 +- 42 HU (Hendrickson et al. 2018, Iowa Orthop J 38:25). Necks are denser, and have no upper bound here."""

MEAN_LEVELS: Final = ("T12", "L1", "L2", "L3")

LEAST_LEVELS: Final = 2
"""Fewest vertebrae that a mean is taken over (a choice: one may be sclerotic)."""


@dataclass(frozen=True)
class Calibration:
    """What turns HU into bone mineral: ``slope`` x HU + ``intercept``, mg/cm3.

    Attributes
    ----------
    slope, intercept
        Above 0, mg/cm3 per HU; mg/cm3.
    source
        Where the line was measured: scanner, tube voltage, phantom and date, or a paper.
    """

    slope: float
    intercept: float
    source: str

    def __post_init__(self) -> None:
        """Refuse a line that cannot be one, or that nobody stands for."""
        if not (0 < self.slope < np.inf and np.isfinite(self.intercept)):
            raise InputError(
                f"calibration: got slope {self.slope:g} and intercept {self.intercept:g}, expected a slope above 0 "
                "mg/cm3 per HU and a finite intercept"
            )
        if not self.source.strip():
            raise InputError("calibration: got no source; say which scanner, tube voltage and phantom it is from")


@dataclass(frozen=True)
class Density:
    """Attenuation of a trabecular core.

    Attributes
    ----------
    mean_hu, sd_hu
        Mean and sample standard deviation of its voxels.
    voxels, mm3
        Its size.
    bmd_mg_cm3
        Bone mineral density; None without a calibration.
    notes
        What could not be excluded, one sentence each.
    """

    mean_hu: float
    sd_hu: float
    voxels: int
    mm3: float
    bmd_mg_cm3: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Why there is no density."""

    reason: str


@dataclass(frozen=True)
class MeanDensity:
    """Mean over vertebrae.

    Attributes
    ----------
    levels
        The vertebrae.
    mean_hu, bmd_mg_cm3
        Mean of their means, each vertebra counting once; no density where one of them has none.
    """

    levels: tuple[str, ...]
    mean_hu: float
    bmd_mg_cm3: float | None


def density(
    mask: VertebralMask,
    ct: CT,
    bodies: Mapping[str, Body],
    calibration: Calibration | None = None,
    *,
    core: Core = DEFAULT,
) -> dict[str, Density | Refused]:
    """Return the density of each vertebral body, or why there is none, from head to foot.

    Parameters
    ----------
    mask
        The vertebrae.
    ct
        Of the mask's space. On the mask's grid, or any other: it is then sampled at the centres of the mask's voxels.
    bodies
        Of the mask's vertebrae by name, as :func:`spinemodel.vertebrae.body.find_bodies` gives them.
    calibration
        None for HU alone.
    core
        How far the core keeps from cortex, endplates and vessels.

    Raises
    ------
    SpaceMismatchError
        If CT and mask lie in different spaces.
    """
    require_same_space(mask.space, ct.grid.space)
    names = labels_of(mask, "vertebra")
    reason, notes = _contrast(ct, bodies, mask)
    reason = why_not_hu(ct) or reason
    if reason is not None:
        return {name: Refused(reason) for name in names}
    pieces, boxes = metal(ct), find_objects(mask.volume.values)
    scene = Scene(mask, ct, KDTree(pieces) if len(pieces) else None, core)
    found: dict[str, Density | Refused] = {}
    for name, label in names.items():
        values = core_values(scene, label, bodies.get(name), boxes[label - 1] if label <= len(boxes) else None)
        if isinstance(values, str):
            found[name] = Refused(values)
        else:
            found[name] = _measured(name, values, voxel_mm3(mask.volume.grid), calibration, notes)
    return found


def _contrast(ct: CT, bodies: Mapping[str, Body], mask: VertebralMask) -> tuple[str | None, tuple[str, ...]]:
    """Return why contrast medium forbids density, or what is to be noted of it.

    Where nobody says whether it was given, it is taken to have been if enhanced tissue shows in front of half of the
    bodies whose front the image shows: one of many may be the bowel.
    """
    if ct.contrast is not None:
        return ("contrast medium was given, which makes bone look denser" if ct.contrast else None), ()
    fronts = {name: front(ct, body, mask.volume) for name, body in bodies.items()}
    shown = {name: each for name, each in fronts.items() if each.seen}
    bright = {name: each for name, each in shown.items() if each.enhanced}
    if bright and 2 * len(bright) >= len(shown):
        name, most = max(bright.items(), key=lambda row: row[1].mm3)
        told = f"{most.mm3 / 1000:.1f} cm3 of {most.mean_hu:.0f} HU in front of {name}"
        return f"contrast medium shows, {told}; state that none was given if that is no vessel", ()
    if shown:
        return None, ()
    return None, ("contrast medium is not excluded: nobody says, and the image does not show the vessels in front",)


def _measured(
    name: str, values: FloatArray, mm3: float, calibration: Calibration | None, notes: tuple[str, ...]
) -> Density | Refused:
    """Return the density of a core whose voxels have these HU, or why it is none."""
    size = len(values) * mm3
    if len(values) < LEAST_VOXELS or size < LEAST_MM3:
        told = f"{len(values)} voxels, {size:.0f} mm3"
        return Refused(f"its core is too small: {told}; expected {LEAST_VOXELS} voxels and {LEAST_MM3:.0f} mm3 or more")
    if not np.isfinite(values).all():
        return Refused("its core is not within the CT")
    hard = np.count_nonzero(values > HARD_HU) * mm3
    if hard > HARD_MM3:
        return Refused(f"{hard:.0f} mm3 of its core have more than {HARD_HU:.0f} HU: cement, metal or sclerosis")
    mean, low, high = float(values.mean()), PLAUSIBLE_HU[0], np.inf if name[0] == "C" else PLAUSIBLE_HU[1]
    if not low <= mean <= high:
        return Refused(f"its core has {mean:.0f} HU, expected {low:.0f} to {high:.0f}: contrast medium or sclerosis?")
    bmd = None if calibration is None else calibration.slope * mean + calibration.intercept
    return Density(mean, float(values.std(ddof=1)), len(values), size, bmd, notes)


def mean_density(
    found: Mapping[str, Density | Refused],
    grades: Mapping[str, int] | None = None,
    *,
    levels: tuple[str, ...] = MEAN_LEVELS,
    least: int = LEAST_LEVELS,
) -> MeanDensity | Refused:
    """Return the mean over T12 to L3, as far as they were measured and are not fractured.

    Parameters
    ----------
    found
        As :func:`density` gives it.
    grades
        Genant grade by vertebra: from 1 on it is fractured, and left out, since compressed bone is denser. What is
        missing here counts as sound.
    levels
        Which vertebrae.
    least
        Fewest of them.
    """
    fractured = {name for name, grade in (grades or {}).items() if grade > 0}
    used = {
        name: value
        for name in levels
        if isinstance(value := found.get(name), Density) and name not in fractured
    }
    if len(used) < least:
        told = ", ".join(used) or "none"
        return Refused(f"mean of {levels[0]} to {levels[-1]}: got {told}, expected at least {least} measured and sound")
    minerals = [value.bmd_mg_cm3 for value in used.values() if value.bmd_mg_cm3 is not None]
    bmd = float(np.mean(minerals)) if len(minerals) == len(used) else None
    return MeanDensity(tuple(used), float(np.mean([value.mean_hu for value in used.values()])), bmd)
