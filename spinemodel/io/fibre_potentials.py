"""Potentials along fibres as files: all contacts as HDF5, and one montage as the table that NEURON's export reads.

::

    /             attributes: kind, format, spinemodel (version), space, frame (RAS), unit (mm), potential_unit (mV),
                  current_unit (mA), contacts and names (JSON)
    /offsets      (fibres + 1,) int64: the points of fibre k are offsets[k] to before offsets[k + 1]
    /points       (n, 3) float64, RAS mm
    /arc_mm       (n,) float64, along each fibre
    /potential    (contacts, n) float64, mV per mA; NaN where there is none
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.io.files import atomic, one_line
from spinemodel.io.lead_field_layout import FRAME

KIND: Final = "spinemodel fibre potentials"

FORMAT: Final = 1
"""Version of the layout."""

COLUMNS: Final = ("fibre", "arc_um", "potential_mV")
"""Of the table."""

ARRAYS: Final = ("offsets", "points", "arc_mm", "potential")

MEND: Final = "write it again with `spinemodel field export --to fibres`"


def write_fibre_potentials(potentials: FibrePotentials, path: Path) -> None:
    """Write potentials along fibres, whole or not at all; the same ones give the same bytes.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    import h5py

    stated = {"kind": KIND, "format": FORMAT, "spinemodel": __version__, "space": potentials.space, **FRAME}
    with atomic(path) as temporary, h5py.File(temporary, "w", libver=("v110", "v110")) as file:
        file.attrs.update(stated | {"contacts": json.dumps(potentials.contacts)})
        file.create_dataset("names", data=json.dumps(potentials.names), track_times=False)
        for name in ARRAYS:
            file.create_dataset(name, data=getattr(potentials, name), track_times=False)


def read_fibre_potentials(path: Path) -> FibrePotentials:
    """Return the potentials along fibres that a file holds.

    Raises
    ------
    InputError
        If the file cannot be read, is of another kind, or breaks the format.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("kind") != KIND or file.attrs.get("format") != FORMAT:
                raise InputError(f"{path}: HDF5, but no potentials along fibres of format {FORMAT}; {MEND}")
            contacts, names = (tuple(json.loads(text)) for text in (file.attrs["contacts"], file["names"][()]))
            return FibrePotentials(str(file.attrs["space"]), contacts, names, *(file[name][()] for name in ARRAYS))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected potentials along fibres") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read as HDF5 ({one_line(problem)}); {MEND}") from None
    except (KeyError, ValueError, TypeError, IndexError) as problem:
        told = str(problem)
        raise InputError(told if told.startswith(str(path)) else f"{path}: {one_line(problem)}; {MEND}") from None


def write_potential_table(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write the rows of :func:`~spinemodel.field.along_fibres.potential_rows` as CSV, whole or not at all."""
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
