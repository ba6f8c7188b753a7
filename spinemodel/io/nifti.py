"""Label volumes as NIfTI: read with all that can be wrong with a mask, written with a sidecar that says what it is.

::

    sub-03_seg-tissue_dseg.nii.gz   voxels; sform and qform map their indices to RAS+ mm (NIfTI-1, method 3 and 2)
    sub-03_seg-tissue_dseg.json     frame, unit, space, sources with SHA-256, parameters, version; keys as in BIDS
    sub-03_seg-tissue_dseg.tsv      names and colours of the labels: see :mod:`spinemodel.io.label_table`

NIfTI is RAS+ by its own definition, so no axis is turned here.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel import __version__
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, one_line
from spinemodel.io.sidecar import beside, sidecar_text, volume_suffix, write_sidecar
from spinemodel.io.voxels import labels_of
from spinemodel.volume.grid import Grid, spacing
from spinemodel.volume.image import ScalarVolume, scalars_of
from spinemodel.volume.labels import LabelVolume

log = logging.getLogger("spinemodel")

SCANNER: Final = 1
"""``NIFTI_XFORM_SCANNER_ANAT``: the code of a transform into the scanner's own frame."""

APART: Final = 0.1
"""Share of the smallest voxel by which sform and qform may differ at a corner unsaid. A choice: no voxel changes."""

MM: Final = {"mm": 1.0, "unknown": 1.0, "meter": 1e3, "micron": 1e-3}
"""Millimetres per unit of ``xyzt_units``; every reader takes the unknown one as mm."""

COMPRESSION: Final = 6
"""Level of gzip. A choice: of 80 million voxels it left 1.1 MB in 1.2 s, level 1 2.5 MB in 0.4 s, 9 0.7 MB in 3.3 s."""

BROKEN: Final = (OSError, EOFError, ValueError, zlib.error, MemoryError)
"""What numpy and gzip raise where a file is not what its header says; a broken header may claim any size."""

NiftiImage: TypeAlias = Any
"""A ``nibabel.Nifti1Image`` or ``Nifti2Image``."""


def read_grid(path: Path, space: str, *, unplaced: bool = False) -> Grid:
    """Return the grid of an image of three or more axes; only the header is read.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    space
        Name of the coordinate space, which no NIfTI file holds.
    unplaced
        Accept a file without a spatial transform: the first voxel's centre at the origin and axes along x, y and z
        (NIfTI-1, method 1).

    Raises
    ------
    InputError
        If the file cannot be read, has fewer than three axes or states no place.
    """
    return _grid(path, _open(path), space, unplaced)


def read_volume(
    path: Path, *, space: str, names: Mapping[int, str] | None = None, unplaced: bool = False
) -> LabelVolume:
    """Return a mask: whole numbers from 0 to 65535, of any type, scaled or not, of one volume.

    Parameters
    ----------
    path, space, unplaced
        As for :func:`read_grid`.
    names
        Name of each label.

    Raises
    ------
    InputError
        If the file cannot be read, is no mask, holds several volumes or states no place.
    """
    image = _open(path)
    grid, raw = _voxels(path, image, space, unplaced, "a mask")
    return LabelVolume(grid, labels_of(path, raw, float(image.dataobj.slope), float(image.dataobj.inter)), names or {})


def read_scalars(path: Path, *, space: str) -> ScalarVolume:
    """Return an image of one number per voxel, such as a CT; int16 where it is stored so, float32 otherwise.

    Raises
    ------
    InputError
        If the file cannot be read, holds several volumes or no real numbers, or states no place.
    """
    image = _open(path)
    grid, raw = _voxels(path, image, space, False, "an image")
    return ScalarVolume(grid, scalars_of(path, raw, float(image.dataobj.slope), float(image.dataobj.inter)))


def _voxels(path: Path, image: NiftiImage, space: str, unplaced: bool, what: str) -> tuple[Grid, NDArray[Any]]:
    """Return the grid and the stored numbers of an image of one volume."""
    if len(image.shape) < 3 or any(n != 1 for n in image.shape[3:]):
        sides = " x ".join(map(str, image.shape))
        raise InputError(f"{path}: {sides} voxels; expected {what} of three axes, or of four with one volume")
    grid = _grid(path, image, space, unplaced)
    try:
        return grid, np.asanyarray(image.dataobj.get_unscaled()).reshape(grid.shape)
    except BROKEN as problem:
        reason = one_line(problem)
        raise InputError(f"{path}: voxels cannot be read ({reason}); the file is cut off or broken") from None


def _open(path: Path) -> NiftiImage:
    """Return the image with its header read and its voxels not."""
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    volume_suffix(path)
    try:
        return nibabel.load(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a NIfTI volume") from None
    except (*BROKEN, ImageFileError, HeaderDataError) as problem:
        raise InputError(f"{path}: not a readable NIfTI file ({one_line(problem)}); export it again") from None


def _grid(path: Path, image: NiftiImage, space: str, unplaced: bool) -> Grid:
    """Return the grid that a header states, in mm."""
    if len(image.shape) < 3:
        raise InputError(f"{path}: {len(image.shape)} axes; expected a volume of three or more")
    unit = image.header.get_xyzt_units()[0]
    if unit not in MM:
        raise InputError(f"{path}: unit of length {unit!r}; expected one of {', '.join(MM)}")
    affine = np.diag([MM[unit]] * 3 + [1.0]) @ _affine(path, image.header, unplaced)
    try:
        return Grid(image.shape[:3], affine, space)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None


def _affine(path: Path, header: Any, unplaced: bool) -> FloatArray:
    """Return the map of voxel indices to the header's units: sform before qform, as nibabel and FreeSurfer have it."""
    from nibabel.spatialimages import HeaderDataError

    sform, s_code = header.get_sform(coded=True)
    try:
        qform, q_code = header.get_qform(coded=True)
    except (ValueError, HeaderDataError) as problem:  # a quaternion that is none
        if not s_code:
            raise InputError(f"{path}: qform cannot be read ({one_line(problem)}); set it again") from None
        qform, q_code = None, 0
    if s_code and q_code:
        _compare(path, sform, qform, header.get_data_shape()[:3])
    if s_code or q_code:
        return np.asarray(sform if s_code else qform, dtype=np.float64)
    if not unplaced:
        raise InputError(f"{path}: states no place (sform and qform code 0); set one, such as with nibabel or Slicer")
    return np.diag([*np.asarray(header.get_zooms()[:3], dtype=np.float64), 1.0])


def _compare(path: Path, sform: FloatArray, qform: FloatArray, shape: tuple[int, ...]) -> None:
    """Warn where the two transforms of a header put a corner of the volume at different places."""
    corners = np.array([[x, y, z, 1] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * [*shape, 1]
    apart = float(np.linalg.norm(corners @ (sform - qform).T, axis=1).max())
    if apart > APART * np.linalg.norm(sform[:3, :3], axis=0).min():
        log.warning("%s: sform and qform put a corner %.3g mm apart; the sform is taken", path, apart)


def write_volume(
    path: Path,
    volume: LabelVolume,
    *,
    sources: Iterable[Path] = (),
    parameters: Mapping[str, object] | None = None,
    spoilt: Iterable[Path] = (),
) -> None:
    """Write a label volume and its sidecar, each whole or not at all; the same volume gives the same bytes.

    The numbers are of the smallest unsigned type that holds all labels. Where axes are not at right angles, which a
    qform cannot state, only the sform is set.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    volume
        The voxels.
    sources
        Files that it was made from; their hashes go into the sidecar.
    parameters
        How it was made; what JSON can hold.
    spoilt
        Tables of an earlier volume of this name, which the caller writes anew: removed before the voxels change.

    Raises
    ------
    InputError
        If the name has another suffix, a source cannot be read, or the place cannot be written to.
    """
    most = max([int(volume.values.max(initial=0)), *volume.names])
    values = volume.values.astype(np.uint8 if most <= 255 else np.uint16)
    about = sidecar_text(path, volume.grid, sources, parameters or {}, {"Manual": False})
    _write(path, values, volume.grid, "label", spoilt)
    write_sidecar(path, about)


def write_shares(
    path: Path,
    grid: Grid,
    shares: NDArray[np.float32],
    label: str,
    *,
    sources: Iterable[Path] = (),
    parameters: Mapping[str, object] | None = None,
) -> None:
    """Write the share of one label in every voxel (0 to 1, float32, of the grid's shape), with its sidecar."""
    if shares.shape != grid.shape:
        raise InputError(f"{path}: shares of shape {shares.shape}, expected the grid's, {grid.shape}")
    about = sidecar_text(path, grid, sources, parameters or {}, {"Manual": False, "LabelMap": [label]})
    _write(path, shares.astype(np.float32), grid, "estimate")
    write_sidecar(path, about)


def _write(path: Path, values: NDArray[Any], grid: Grid, intent: str, spoilt: Iterable[Path] = ()) -> None:
    """Write voxels as NIfTI-1 and remove the sidecar of those before.

    gzip gets neither a time nor a name, which would differ from run to run.
    """
    import nibabel

    suffix = volume_suffix(path).lower()
    image = nibabel.Nifti1Image(values, np.array(grid.affine))
    image.set_sform(grid.affine, SCANNER)
    image.set_qform(grid.affine, SCANNER if _upright(grid) else 0)
    image.header.set_xyzt_units("mm")
    image.header.set_intent(intent)
    image.header["descrip"] = f"spinemodel {__version__}".encode()
    with atomic(path, [beside(path, ".json"), *spoilt]) as temporary, temporary.open("wb") as file:
        if suffix == ".nii":
            image.to_stream(file)
        else:
            with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed:
                image.to_stream(packed)


def _upright(grid: Grid) -> bool:
    """Return whether the axes are at right angles, as far as a float32 can tell."""
    axes = grid.affine[:3, :3] / spacing(grid)
    return bool(np.allclose(axes.T @ axes, np.eye(3), atol=1e-5))
