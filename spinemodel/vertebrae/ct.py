"""A CT image in Hounsfield units: its values at any place, and what in it makes bone density wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter, label, map_coordinates

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.vertebrae.body import Body
from spinemodel.volume.grid import Grid, to_indices, to_mm, voxel_mm3
from spinemodel.volume.labels import LabelVolume

METAL_HU: Final = 2500.0
"""Above it is metal: a choice. Dense cortex reaches 2000 HU, screws and plates exceed the 3071 HU that CT stores."""

METAL_MM3: Final = 10.0
"""Least volume of a piece of metal: a choice, more than the voxels that noise or calcium lift."""

FAT_HU: Final = -50.0
"""A CT of a body part shows fat, at about -100 HU: one without a value below this is not in Hounsfield units (a choice
between fat and water)."""

BONE_HU: Final = 150.0
"""A CT of a spine shows cortex above this."""

ENHANCED_HU: Final = (110.0, 600.0)
"""Soft tissue with contrast medium. A choice: blood and muscle have 30 to 70 HU without any."""

ENHANCED_MM3: Final = 250.0
"""Least volume of enhanced tissue, 3 mm off its boundary: a choice, 8 mm of an aorta 12 mm wide."""

FRONT_MM: Final = (35.0, 40.0)
"""How far to each side and to the front of a body its great vessels are looked for (a choice)."""

CORNERS: Final = np.ones((3, 3, 3), dtype=bool)
"""Neighbours across a face, an edge or a corner."""

STEP_MM: Final = 1.5
"""Spacing of the places that are looked at there (a choice)."""


@dataclass(frozen=True, eq=False)
class CT:
    """A CT image.

    Attributes
    ----------
    grid
        Where the voxels lie.
    values
        Array of the grid's shape, HU. Read-only; not copied.
    contrast
        Whether contrast medium was given, as the DICOM header, a sidecar or the user says; None where nobody does.
    """

    grid: Grid
    values: NDArray[Any]
    contrast: bool | None = None

    def __post_init__(self) -> None:
        """Refuse an array that does not fit the grid, and make it read-only."""
        if self.values.shape != self.grid.shape or self.values.dtype.kind not in "iuf":
            raise InputError(f"CT: got {self.values.dtype} {self.values.shape}, expected numbers {self.grid.shape}")
        view = self.values.view()
        view.setflags(write=False)
        object.__setattr__(self, "values", view)


def sample(ct: CT, points: FloatArray) -> FloatArray:
    """Return the HU at points (n, 3) mm, trilinear between voxel centres; not a number outside them."""
    places = to_indices(ct.grid, points).T
    last = np.array(ct.grid.shape)[:, None] - 1
    # A centre that rounding puts a hair outside is still a centre.
    near = np.where(np.abs(places - np.clip(places, 0, last)) < 1e-3, np.clip(places, 0, last), places)
    found = map_coordinates(ct.values, near, output=np.float64, order=1, mode="nearest")
    found[((near < 0) | (near > last)).any(axis=0)] = np.nan
    return np.asarray(found)


def why_not_hu(ct: CT) -> str | None:
    """Return why values are no Hounsfield units; None where they may be."""
    if ct.values.dtype.kind == "f" and not np.isfinite(ct.values).any():
        return "not in Hounsfield units: no value is a finite number"
    low, high = float(np.nanmin(ct.values)), float(np.nanmax(ct.values))
    span = f"its values go from {low:g} to {high:g}"
    if low > FAT_HU:
        return f"not in Hounsfield units: {span}, and fat has -100; is it an MRI, or stored without its intercept?"
    if high < BONE_HU:
        return f"not in Hounsfield units: {span}, and cortex has more than {BONE_HU:g}; is it an MRI?"
    return None


def metal(ct: CT) -> FloatArray:
    """Return the voxel centres of every piece of metal, (n, 3) mm."""
    bright = np.asarray(ct.values > METAL_HU)
    if not bright.any():
        return np.zeros((0, 3))
    pieces = np.asarray(label(bright, CORNERS)[0])
    sizes = np.bincount(pieces.reshape(-1)) * voxel_mm3(ct.grid)
    sizes[0] = 0.0
    return to_mm(ct.grid, np.argwhere(sizes[pieces] >= METAL_MM3).astype(float))


class Front(NamedTuple):
    """What lies in front of a body: whether the image shows it, and its largest enhanced piece, mm3 and mean HU."""

    seen: bool
    mm3: float
    mean_hu: float

    @property
    def enhanced(self) -> bool:
        """Whether the piece is as large as a vessel."""
        return self.seen and self.mm3 >= ENHANCED_MM3


def front(ct: CT, body: Body, volume: LabelVolume) -> Front:
    """Return what of enhanced tissue lies in front of a body.

    Enhanced is what is bright and thick: the aorta and the caval vein. Calcified walls are too thin. What the image
    does not show, and what the mask holds, is left out; the image shows the front if it shows half of it.
    """
    lattice = _before(body)
    points = (body.centre + lattice @ body.axes).reshape(-1, 3)
    values = sample(ct, points)
    seen = bool(np.isfinite(values).mean() >= 0.5)
    soft = np.where(np.isnan(values) | _labelled(volume, points), 0.0, values).reshape(lattice.shape[:3])
    smooth = gaussian_filter(soft, 1.0)
    bright = binary_erosion((smooth > ENHANCED_HU[0]) & (smooth < ENHANCED_HU[1]), CORNERS, iterations=2)
    pieces = np.asarray(label(bright)[0])
    sizes = np.bincount(pieces.reshape(-1)) * STEP_MM**3
    sizes[0] = 0.0
    largest = int(sizes.argmax())
    return Front(seen, float(sizes[largest]), float(soft[pieces == largest].mean()))


def _before(body: Body) -> FloatArray:
    """Return places in front of a body in its own frame, (n, m, k, 3) mm."""
    side, reach = FRONT_MM
    half = float((body.upper.centre - body.lower.centre) @ body.axes[2]) / 2
    rows = [
        np.arange(-side, side + 0.1, STEP_MM),
        np.arange(3.0, reach, STEP_MM) + body.depth_mm - body.behind_mm,
        np.arange(-half, half + 0.1, STEP_MM),
    ]
    return np.stack(np.meshgrid(*rows, indexing="ij"), axis=-1)


def _labelled(volume: LabelVolume, points: FloatArray) -> NDArray[np.bool_]:
    """Tell which points lie in a voxel that has a label."""
    places = np.rint(to_indices(volume.grid, points)).astype(np.int64)
    inside = ((places >= 0) & (places < volume.grid.shape)).all(axis=1)
    found = np.zeros(len(points), dtype=bool)
    found[inside] = volume.values[tuple(places[inside].T)] > 0
    return found
