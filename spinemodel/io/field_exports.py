"""A lead field as volumes for other programs: VTK's image data and NIfTI.

::

    NAME.vti                 vtkImageData, points in RAS mm, an array for each contact or montage; for ParaView
    NAME.nii.gz, NAME.json   voxels centred on the same points; a volume for each contact, or one of a montage

Values are mV: of contacts at 1 mA each, of a montage at its currents; NaN where nothing conducts.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage
from spinemodel.field.sampling import Done
from spinemodel.io.field_points import sampled
from spinemodel.io.files import atomic
from spinemodel.io.nifti import COMPRESSION, SCANNER
from spinemodel.io.sidecar import beside, sidecar_text, volume_suffix, write_sidecar
from spinemodel.volume.grid import Grid


def every_contact(field: LeadField) -> dict[str, Montage]:
    """Return each contact alone at 1 mA, by its name: what is exported where no montage is named."""
    return {name: Montage({name: 1.0}) for name in field.contacts}


def write_vti(
    path: Path,
    field: LeadField,
    grid: Grid,
    wanted: Mapping[str, Montage],
    *,
    progress: Done = lambda done, of: None,
) -> float:
    """Write potentials as ``vtkImageData``, whole or not at all; the same field gives the same bytes.

    Point data: an array in mV for each montage. Field data: ``space``, ``SPACE`` (RAS), ``unit`` (mm) and
    ``value_unit`` (mV).

    Parameters
    ----------
    path
        ``.vti``.
    field
        To export.
    grid
        Upright points, such as :func:`lattice` gives.
    wanted
        Montages by the name of their array.
    progress
        Told the number of points sampled, now and then, and of all.

    Returns
    -------
    The share of the points that have no potential, as in the lead.

    Raises
    ------
    InputError
        If the name has another suffix, the field has not the contacts, or the place cannot be written to.
    """
    import pyvista as pv

    if path.suffix.lower() != ".vti":
        raise InputError(f"{path}: expected a name that ends with .vti")
    image = pv.ImageData(
        dimensions=grid.shape, spacing=tuple(np.diag(grid.affine)[:3]), origin=tuple(grid.affine[:3, 3])
    )
    found = sampled(field, grid, wanted, progress)
    for name, values in zip(wanted, found, strict=True):
        image.point_data[name] = values.reshape(-1, order="F")
    image.field_data["space"], image.field_data["SPACE"] = [field.space], ["RAS"]
    image.field_data["unit"], image.field_data["value_unit"] = ["mm"], ["mV"]
    with atomic(path) as temporary:
        image.save(temporary)
    return _without(found)


def _without(found: NDArray[np.float32]) -> float:
    """Return the share of points without a potential."""
    return float(np.isnan(found[0]).mean())


def write_nifti(
    path: Path,
    field: LeadField,
    grid: Grid,
    wanted: Mapping[str, Montage],
    *,
    sources: Iterable[Path] = (),
    progress: Done = lambda done, of: None,
) -> float:
    """Write potentials as NIfTI with a sidecar, each whole or not at all; the same field gives the same bytes.

    One montage makes a volume of three axes, several one of four, in their order. The sidecar's ``Volumes`` says what
    each is: its name and currents in mA.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    field, grid, wanted, progress
        As for :func:`write_vti`.
    sources
        Files that the field was made from or read from; their hashes go into the sidecar.

    Returns
    -------
    The share of the points that have no potential, as in the lead.

    Raises
    ------
    InputError
        If the name has another suffix, the field has not the contacts, a source cannot be read, or the place cannot
        be written to.
    """
    volume_suffix(path)
    volumes = [{"Name": name, "CurrentsMilliampere": dict(montage.currents)} for name, montage in wanted.items()]
    more = {"Manual": False, "ValueUnit": "mV", "Volumes": volumes}
    about = sidecar_text(path, grid, sources, {"spacing_mm": field.boxes[0].spacing_mm}, more)
    found = sampled(field, grid, wanted, progress)
    _to_disk(path, found[0] if len(wanted) == 1 else np.moveaxis(found, 0, -1), grid)
    write_sidecar(path, about)
    return _without(found)


def _to_disk(path: Path, values: NDArray[np.float32], grid: Grid) -> None:
    """Write voxels as NIfTI-1; gzip gets neither a time nor a name, which would differ from run to run."""
    import nibabel

    image = nibabel.Nifti1Image(values, np.array(grid.affine))
    image.set_sform(grid.affine, SCANNER)
    image.set_qform(grid.affine, SCANNER)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = f"spinemodel {__version__}".encode()
    with atomic(path, [beside(path, ".json")]) as temporary, temporary.open("wb") as file:
        if volume_suffix(path).lower() == ".nii":
            image.to_stream(file)
        else:
            with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed:
                image.to_stream(packed)
