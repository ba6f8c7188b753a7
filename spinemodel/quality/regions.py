"""The voxels of fluid, cord and air in an image, each with the share of it that counts.

What is known of an image is named by *roles*: the ``sac`` (all that the dura encloses), the ``csf``, the ``cord``, its
``roots``, and ``air`` outside the body. From these follow the two classes that are measured: the fluid is what the sac
encloses less cord and roots; the cord counts with its roots as far as they lie in the sac, so that slices below the
conus have a class too, or without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray, FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import InputError
from spinemodel.levels import CORD, CSF, DORSAL_COLUMNS, DURA, GREY, ROOT_TISSUES, ROOTLET_TISSUES, WHITE
from spinemodel.volume.grid import Grid
from spinemodel.volume.image import ScalarVolume

Role: TypeAlias = Literal["sac", "csf", "cord", "roots", "air"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

_NAMES: Final[Mapping[Role, frozenset[str]]] = {
    "sac": frozenset({DURA.name, "sac", "thecal sac", "dural sac", "canal", "spinal canal"}),
    "csf": frozenset({CSF.name, "cerebrospinal fluid", "fluid"}),
    "cord": frozenset({CORD.name, "spinal cord", "sc", "medulla", GREY.name, WHITE.name, DORSAL_COLUMNS.name}),
    "roots": frozenset({*ROOT_TISSUES, *ROOTLET_TISSUES, "Nerveroots", "nerve roots", "roots", "rootlets"}),
    "air": frozenset({"air", "background"}),
}
"""What parts are called: the table of levels, the dataset's files, and common names of masks (a choice)."""

_ROLE_OF: Final = {re.sub("[ _-]", "", name.lower()): role for role, names in _NAMES.items() for name in names}


def role_of(name: str) -> Role | None:
    """Return what a part of a given name is in an image of the sac; None where it is nothing of the kind.

    Examples
    --------
    >>> role_of("Spinal_Cord"), role_of("L2_R_rootlets"), role_of("L3")
    ('cord', 'roots', None)
    """
    return _ROLE_OF.get(re.sub("[ _-]", "", name.lower()))


@dataclass(frozen=True, eq=False)
class Region:
    """Some voxels of a grid.

    Attributes
    ----------
    voxels
        (n,) their numbers, last axis fastest; each once.
    weights
        (n,) how much of each counts, above 0 and at most 1.
    """

    voxels: IntArray
    weights: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "voxels", freeze_int(self.voxels))
        object.__setattr__(self, "weights", freeze(self.weights))


@dataclass(frozen=True, eq=False)
class Regions:
    """The classes of an image.

    Attributes
    ----------
    grid
        The image's.
    csf, cord
        The two classes of the foreground.
    air
        What is outside the body; None where it is not known.
    notes
        What was assumed, one sentence each.
    """

    grid: Grid
    csf: Region
    cord: Region
    air: Region | None = None
    notes: tuple[str, ...] = ()


def region(shares: NDArray[Any]) -> Region:
    """Return the voxels where a mask is true, or a share above 0.

    Examples
    --------
    >>> region(np.array([[[0.0, 0.25, 1.0]]])).weights.tolist()
    [0.25, 1.0]
    """
    flat = shares.reshape(-1)
    voxels = np.flatnonzero(flat)
    return Region(voxels, flat[voxels])


def classes(masks: Mapping[Role, BoolArray], *, roots: bool = True) -> tuple[BoolArray, BoolArray]:
    """Return the voxels of fluid and of cord.

    Parameters
    ----------
    masks
        By role, of one shape. ``sac`` is the whole inside of the dura, cord and roots included; without it the fluid
        must be given.
    roots
        Whether roots in the sac count as cord; otherwise they count as neither.

    Raises
    ------
    InputError
        If there is no fluid or no cord.
    """
    require_roles(masks)
    cord, strands = masks["cord"], masks.get("roots", np.False_)
    if "sac" in masks:
        cord, strands = cord & masks["sac"], strands & masks["sac"]
    fluid = masks["csf"] if "csf" in masks else masks["sac"]
    return fluid & ~cord & ~strands, (cord | strands if roots else cord)


def require_roles(masks: Mapping[Role, object]) -> None:
    """Raise unless fluid and cord can be told.

    Raises
    ------
    InputError
        If one of them cannot.
    """
    if "csf" not in masks and "sac" not in masks:
        raise InputError("no CSF: expected a part called CSF, or Dura, the inside of which less the cord is CSF")
    if "cord" not in masks:
        raise InputError("no cord: expected a part called Cord")


def by_thresholds(
    image: ScalarVolume, sac: BoolArray, csf_above: float, cord_below: float | None = None
) -> tuple[BoolArray, BoolArray]:
    """Return the voxels of fluid and of cord with its roots in the sac, told by their values alone.

    Both classes are cut off at the threshold, so that their SDs come out too small and the contrast between them too
    large: such numbers compare with each other, not with those of masks.

    Parameters
    ----------
    image
        Fluid is bright in it, as in T2-weighted and CISS images.
    sac
        The inside of the dura, of the image's shape.
    csf_above
        Fluid is brighter than this, in the image's unit.
    cord_below
        Cord and roots are no brighter than this; ``csf_above`` where it is not given.

    Raises
    ------
    InputError
        If the thresholds overlap.
    """
    below = csf_above if cord_below is None else cord_below
    if not below <= csf_above:
        raise InputError(f"thresholds: cord below {below:g} and CSF above {csf_above:g} overlap; lower the first")
    bright, dark = image.values > csf_above, image.values <= below
    return np.asarray(sac & bright), np.asarray(sac & dark)
