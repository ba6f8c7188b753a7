"""What an open file of HDF5 holds as a lead field: boxes and patches, names of tissues, and what it refuses."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.field._half_tissues import tissue_by_cells
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.field.named_tissues import require_named
from spinemodel.io.lead_field_layout import (
    BY_CELL,
    BY_CONTACT,
    FORMAT,
    FRAME,
    IMPEDANCE,
    KIND,
    MEND,
    MOST_TISSUES,
    POTENTIAL,
    Group,
)


def contents(path: Path, file: Group, mapped: bool) -> LeadField:
    """Return what an open file holds, as :func:`spinemodel.io.lead_field.read_lead_field` does.

    Raises
    ------
    InputError
        If the file is no lead field, or states what cannot be.
    KeyError, ValueError, TypeError
        If it breaks the format otherwise.
    """
    _require_kind(path, file)
    contacts = tuple(str(name) for name in json.loads(file.attrs["contacts"]))
    tissues = _tissues(path, file)
    boxes, patches = (_parts(path, file, name, len(contacts), mapped, tissues) for name in ("boxes", "patches"))
    if not boxes:
        raise ValueError("it has no box")
    impedance = _array(path, file["impedance"], IMPEDANCE, (len(contacts), len(contacts)), False)
    about = json.loads(file["about"][()].tobytes())
    space = str(file.attrs["space"])
    nested, potential, tissue = zip(*((one.box, one.potential, one.tissue) for one in boxes), strict=True)
    return LeadField(space, contacts, nested, potential, tissue, tissues, impedance, about, patches)


def _tissues(path: Path, file: Group) -> dict[int, str]:
    """Return the name of each tissue's number; every number is there once, and such as a byte of an array holds."""
    stated = json.loads(file.attrs["tissues"], object_pairs_hook=list)
    if not isinstance(stated, list) or not all(isinstance(row, tuple) for row in stated):
        raise ValueError(f"tissues: got {type(stated).__name__}, expected an object with a name by number")
    named: dict[int, str] = {}
    for text, name in stated:
        number = int(text) if text.isascii() and text.isdigit() else 0
        if not 0 < number <= MOST_TISSUES or number in named or not isinstance(name, str):
            raise InputError(
                f"{path}: tissues: got {text!r}: {name!r}, expected a name for each number from 1 to {MOST_TISSUES}, "
                f"each number once; {MEND}"
            )
        named[number] = name
    return named


def _parts(
    path: Path, file: Group, name: str, contacts: int, mapped: bool, tissues: Mapping[int, str]
) -> tuple[Patch, ...]:
    """Return the boxes, or the patches, of a file with their potentials and tissues."""
    found, count = [], len(file[name]) if name in file else 0
    by_contact = file.attrs["format"] == BY_CONTACT
    for i in range(count):
        group = file[name][str(i)]
        box = _box(group)
        shape = (contacts, *box.nodes) if by_contact else (*box.nodes, contacts)
        values = _array(path, group["potential"], POTENTIAL, shape, mapped)
        if by_contact:
            values = np.ascontiguousarray(np.moveaxis(values, 0, 3))
            values.setflags(write=False)
        potential = np.moveaxis(values, 3, 0)
        tissue = _tissue(path, group["tissue"], box, mapped, file.attrs["format"] <= BY_CELL)
        if not isinstance(tissue, np.memmap):
            require_named(f"{path}: {group.name}", tissue, tissues)
        found.append(Patch(box, potential, tissue))
    return tuple(found)


def _tissue(path: Path, data: Any, box: Box, mapped: bool, by_cell: bool) -> NDArray[np.uint8]:
    """Return the tissues at the nodes of a box and between; by those of cells, where the file has these."""
    if not by_cell:
        return _array(path, data, ("u1",), box.halves, mapped)
    tissue = tissue_by_cells(_array(path, data, ("u1",), box.cells, mapped))
    tissue.setflags(write=False)
    return tissue


def _require_kind(path: Path, file: Group) -> None:
    """Refuse HDF5 of another kind, of a later layout, or in other units."""
    if file.attrs.get("kind") != KIND:
        raise InputError(f"{path}: HDF5, but no lead field; give a file that `spinemodel solve` wrote")
    found = file.attrs.get("format")
    if not isinstance(found, int | np.integer) or not BY_CONTACT <= found <= FORMAT:
        got = repr(found.tolist() if hasattr(found, "tolist") else found)
        expected = f"expected {BY_CONTACT} to {FORMAT}, a whole number"
        raise InputError(f"{path}: format {textwrap.shorten(got, 60)}, {expected}; {MEND}, or update spinemodel")
    for name, wanted in FRAME.items():
        if file.attrs.get(name) != wanted:
            raise InputError(f"{path}: {name} {file.attrs.get(name)!r}, expected {wanted!r}; {MEND}")


def _box(group: Group) -> Box:
    """Return the box that a group states."""
    i, j, k = (int(n) for n in group.attrs["first"])
    nx, ny, nz = (int(n) for n in group.attrs["nodes"])
    spacing = float(group.attrs["spacing_mm"])
    if not 0 < spacing < np.inf or min(nx, ny, nz) < 2:
        raise ValueError(f"{group.name}: {nx} x {ny} x {nz} nodes {spacing:g} mm apart")
    return Box((i, j, k), (nx, ny, nz), spacing)


def _array(path: Path, data: Any, dtypes: Sequence[str], shape: tuple[int, ...], mapped: bool) -> NDArray[Any]:
    """Return an array, mapped where it lies in one piece of the file, or refuse one of another form."""
    if data.shape != shape or data.dtype not in [np.dtype(one) for one in dtypes]:
        raise ValueError(f"{data.name}: {data.dtype} of shape {data.shape}, expected {np.dtype(dtypes[0])} of {shape}")
    offset = data.id.get_offset()
    if mapped and offset is not None:
        return np.memmap(path, dtype=data.dtype, mode="r", offset=offset, shape=shape)
    values: NDArray[Any] = data[()]
    values.setflags(write=False)
    return values
