"""MetaImage files (``.mha``, ``.mhd``) read through SimpleITK: masks and images, LPS turned into RAS.

ITK maps a voxel's index to LPS mm by origin, spacing and direction; both x and y change their sign for RAS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.io.nifti import read_scalars
from spinemodel.io.nifti import read_volume as read_nifti
from spinemodel.io.sidecar import SUFFIXES as NIFTI_SUFFIXES
from spinemodel.io.sidecar import is_volume
from spinemodel.io.voxels import labels_of
from spinemodel.spaces import LPS_TO_RAS
from spinemodel.volume.grid import Grid
from spinemodel.volume.image import ScalarVolume, scalars_of
from spinemodel.volume.labels import LabelVolume

SUFFIXES: Final = (".mha", ".mhd")

STDERR: Final = 2
"""The file descriptor."""

FORMATS: Final = f"{', '.join(NIFTI_SUFFIXES + SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def is_metaimage(path: Path) -> bool:
    """Return whether a file's name says that it is a MetaImage."""
    return path.name.lower().endswith(SUFFIXES)


def read_mask(path: Path, *, space: str, names: Mapping[int, str] | None = None) -> LabelVolume:
    """Return a mask of whole numbers from 0 to 65535, of NIfTI or MetaImage.

    Parameters
    ----------
    path
        ``.nii``, ``.nii.gz``, ``.mha`` or ``.mhd``.
    space
        Name of the coordinate space.
    names
        Name of each label.

    Raises
    ------
    InputError
        If the file cannot be read, is no mask, or is not of three axes with one number per voxel.
    """
    _require_file(path, "a mask")
    if is_volume(path):
        return read_nifti(path, space=space, names=names)
    grid, raw = _read(path, space)
    return LabelVolume(grid, labels_of(path, raw, 1.0, 0.0), names or {})


def read_image(path: Path, *, space: str) -> ScalarVolume:
    """Return an image of one number per voxel, of NIfTI or MetaImage; parameters and errors as for a mask."""
    _require_file(path, "an image")
    if is_volume(path):
        return read_scalars(path, space=space)
    grid, raw = _read(path, space)
    return ScalarVolume(grid, scalars_of(path, raw))


def _require_file(path: Path, what: str) -> None:
    """Raise unless there is a file of a known suffix."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; expected {what}, a file {FORMATS}")
    if not (is_volume(path) or is_metaimage(path)):
        raise InputError(f"{path}: unknown volume format {path.suffix or '(no suffix)'}; expected {FORMATS}")
    if not path.exists():
        raise InputError(f"{path}: no such file; expected {what}")


def _read(path: Path, space: str) -> tuple[Grid, NDArray[Any]]:
    """Return the grid and the stored numbers, indexed x, y, z."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("MetaImageIO")
    reader.SetFileName(str(path))
    with _silence():
        try:
            reader.ReadImageInformation()
        except RuntimeError:
            raise InputError(f"{path}: not a readable MetaImage file; export it again") from None
        _require_one_volume(path, reader)
        try:
            image = reader.Execute()
        except RuntimeError:
            raise InputError(f"{path}: voxels cannot be read; the file is cut off or broken") from None
    try:
        grid = Grid(image.GetSize(), _affine(image), space)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    return grid, SimpleITK.GetArrayFromImage(image).transpose()


def _require_one_volume(path: Path, reader: Any) -> None:
    """Raise unless the header states three axes and one number per voxel."""
    sides, channels = reader.GetSize(), reader.GetNumberOfComponents()
    if len(sides) != 3:
        raise InputError(f"{path}: {' x '.join(map(str, sides))} voxels; expected three axes, of one volume")
    if channels != 1:
        raise InputError(f"{path}: {channels} numbers per voxel; expected one")


def _affine(image: Any) -> NDArray[np.float64]:
    """Return the map of voxel indices to RAS+ mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    affine[:3] *= LPS_TO_RAS[:, None]
    return affine + 0.0  # no negative zeros


@contextmanager
def _silence() -> Iterator[None]:
    """Keep ITK from writing what is raised here anyway: its MetaImage library prints to the process's own stderr."""
    try:
        kept = os.dup(STDERR)
    except OSError:  # closed, as in a service: nothing can be written to it
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(nowhere)
        os.close(kept)
