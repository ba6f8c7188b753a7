"""A lead field as HDF5: potentials that are mapped from the disk, not read, and what they are.

::

    /                      attributes: kind, format, spinemodel (version), space, frame (RAS), unit (mm), potential_unit
                           (mV), current_unit (mA), contacts, tissues (JSON: name by number)
    /about                 JSON: preset, conductivities, hashes of model and lead, settings, certificate
    /impedance             (contacts, contacts) float64, ohm
    /boxes/0, /boxes/1 ... from the finest; attributes first (of the nodes, in steps), nodes, spacing_mm
    /boxes/0/potential     (nx, ny, nz, contacts) float32, mV per mA, contiguous; NaN where nothing conducts
    /boxes/0/tissue        (2 nx - 1, 2 ny - 1, 2 nz - 1) uint8: number of the tissue at each node, and half-way between
                           nodes; 0 where a node has no potential
    /patches/0 ...         the same of patches, boxes of smaller cells along nerve roots, with any spacing and anywhere
                           within the boxes, of smaller cells before larger; absent where there is none

Every array has the attribute ``sha256``, the hash of its bytes, and / that of its own attributes, of which
``parts_sha256`` is the hash of all names and attributes within it; :func:`require_intact` compares them. The rest is
HDF5's own, which has checksums of that.

A node's contacts lie side by side, since who reads one mostly reads all: from anywhere in a file on the disk they come
at once. Format 1 had (contacts, nx, ny, nz); such a file is read as a whole, and turned into this order.

Formats 1 and 2 had the tissue that fills most of each cell, (nx - 1, ny - 1, nz - 1). Such a file is read, and a node
then has the tissue of most of its eight cells, which beside layers thinner than a cell need not be its own.

Where conductivities are complex, at a frequency, so are potentials (complex64) and impedance (complex128).

Node (i, j, k) of a box lies at (first + (i, j, k)) * spacing_mm, RAS+ mm. A point takes its potential from the
patches that hold it, or else from the finest such box; towards a face the next takes over.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.field._half_tissues import tissue_by_cells
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.io.files import atomic, one_line, plain, sha256

if TYPE_CHECKING:
    from spinemodel.io.whole_model import WholeModel

KIND: Final = "spinemodel lead field"

FORMAT: Final = 3
"""Version of the layout."""

BY_CONTACT: Final = 1
"""The first version, in which each contact's potential lay in one piece."""

BY_CELL: Final = 2
"""The last version in which cells had tissues, not nodes."""

MOST_TISSUES: Final = 255
"""Tissues' numbers are bytes, and 0 is none."""

FRAME: Final = {"frame": "RAS", "unit": "mm", "potential_unit": "mV", "current_unit": "mA"}
"""Attributes that every file states alike."""

POTENTIAL: Final = ("<f4", "<c8")
IMPEDANCE: Final = ("<f8", "<c16")
"""Types of the numbers: real, and complex."""

DIGEST: Final = "sha256"
"""Attribute of every array, and of the file: the hash of its bytes, and of what the file states."""

PARTS: Final = "parts_sha256"
"""Attribute of the file: the hash of what lies in it and of what that states, such as boxes' places; of earlier files
absent."""

MEND: Final = "solve again with `spinemodel solve`"

Group = Any
"""An ``h5py.Group``."""


def write_lead_field(field: LeadField, path: Path) -> None:
    """Write a lead field, whole or not at all; the same field gives the same bytes.

    Raises
    ------
    InputError
        If the place cannot be written to, or ``about`` holds what JSON does not.
    """
    import h5py

    about = _json(path, field.about)
    with atomic(path) as temporary, h5py.File(temporary, "w", libver=("v110", "v110")) as file:
        stated = {"kind": KIND, "format": FORMAT, "spinemodel": __version__, "space": field.space, **FRAME}
        file.attrs.update(stated | {"contacts": json.dumps(field.contacts)})
        file.attrs["tissues"] = json.dumps({str(number): name for number, name in field.tissues.items()})
        _put(file, "about", np.frombuffer(about.encode(), dtype=np.uint8))
        _put(file, "impedance", _as(field.impedance, IMPEDANCE))
        for i, one in enumerate(zip(field.boxes, field.potential, field.tissue, strict=True)):
            _put_box(file.create_group(f"boxes/{i}"), Patch(*one))
        for i, patch in enumerate(field.patches):
            _put_box(file.create_group(f"patches/{i}"), patch)
        file.attrs[PARTS] = _hash_of_parts(file)
        file.attrs[DIGEST] = _hash_of_stated(file)


def _put_box(group: Group, part: Patch) -> None:
    """Write a box with its potentials and tissues."""
    group.attrs.update({"first": np.array(part.box.first), "nodes": np.array(part.box.nodes)})
    group.attrs["spacing_mm"] = part.box.spacing_mm
    _put(group, "potential", _as(np.moveaxis(part.potential, 0, 3), POTENTIAL))
    _put(group, "tissue", np.asarray(part.tissue, dtype=np.uint8))


def _put(group: Group, name: str, values: NDArray[Any]) -> None:
    """Write an array in one piece with its hash, without the time, which would differ from run to run."""
    data = group.create_dataset(name, data=values, track_times=False)
    data.attrs[DIGEST] = _hash(values)


def _hash(values: NDArray[Any]) -> str:
    """Return the hash of an array's bytes, in C order."""
    return hashlib.sha256(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data).hexdigest()


def _as(values: NDArray[Any], dtypes: tuple[str, str]) -> NDArray[Any]:
    """Return numbers as the file holds them: of the first type, or of the second where they are complex."""
    return np.asarray(values, dtype=dtypes[int(np.iscomplexobj(values))])


def _json(path: Path, about: Mapping[str, Any]) -> str:
    """Return what a field's ``about`` says as JSON; numpy's numbers and arrays count as numbers and lists."""
    try:
        return json.dumps(plain(dict(about)), allow_nan=False, default=lambda value: value.tolist())
    except (TypeError, ValueError, AttributeError) as problem:
        raise InputError(f"{path}: about: {one_line(problem)}; expected what JSON can hold, finite numbers") from None


def read_lead_field(path: Path, *, mapped: bool = True) -> LeadField:
    """Return the lead field of a file.

    Files of formats 1 and 2 have a tissue for each cell, of which those of nodes and places between are made anew:
    these are in memory even where ``mapped``, and take 8 times what the file has them in, a byte for each half of a
    cell in each direction. So are the potentials of format 1.

    Parameters
    ----------
    path
        What :func:`write_lead_field` wrote.
    mapped
        Leave potentials and tissues on the disk until they are used, as far as the file has them in this layout; it
        must then stay as it is. Otherwise read them.

    Raises
    ------
    InputError
        If the file cannot be read, is no lead field, or breaks the format.
    """
    with _opened(path) as file:
        return _read(path, file, mapped)


def require_intact(path: Path) -> None:
    """Refuse a lead field of which an array is not as it was written: all of it is read and hashed.

    Raises
    ------
    InputError
        If the file cannot be read, breaks the format, has no hashes, or one is another than that of its array.
    """
    read_lead_field(path)
    with _opened(path) as file:
        if DIGEST not in file.attrs:
            raise InputError(f"{path}: has no hashes, as of an earlier version: nothing tells whether it is as it was "
                             f"written; {MEND}")  # fmt: skip
        if file.attrs[DIGEST] != _hash_of_stated(file):
            raise InputError(f"{path}: its attributes are not as they were written; {MEND}")
        if PARTS in file.attrs and file.attrs[PARTS] != _hash_of_parts(file):
            raise InputError(f"{path}: its boxes, patches or what they state are not as they were written; {MEND}")
        for data in _arrays(file):
            if data.attrs[DIGEST] != _hash(data[()]):
                raise InputError(f"{path}: {data.name} is not as it was written; {MEND}")


def _hash_of_stated(file: Group) -> str:
    """Return the hash of a file's own attributes."""
    return _hash_of_text({name: str(value) for name, value in file.attrs.items() if name != DIGEST})


def _hash_of_parts(file: Group) -> str:
    """Return the hash of the names and attributes of all groups and arrays in a file."""
    stated: dict[str, dict[str, str]] = {}
    file.visititems(lambda name, one: stated.update({name: {key: str(value) for key, value in one.attrs.items()}}))
    return _hash_of_text(stated)


def _hash_of_text(stated: Mapping[str, Any]) -> str:
    """Return the hash of texts by name, in whatever order."""
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def _arrays(group: Group) -> Iterator[Any]:
    """Yield the arrays in a group and in those within it."""
    for one in group.values():
        yield from [one] if hasattr(one, "dtype") else _arrays(one)


@contextmanager
def _opened(path: Path) -> Iterator[Group]:
    """Give an open HDF5 file, and turn what goes wrong with it in the block into one line."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a lead field that `spinemodel solve` wrote") from None
    except OSError as problem:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; expected a lead field that `spinemodel solve` wrote") from None
        if problem.errno is None and not h5py.is_hdf5(path):
            raise InputError(f"{path}: is no lead field, nor any HDF5 file: it does not begin as these do; expected a "
                             "file that `spinemodel solve` wrote, such as leadfield.h5") from None  # fmt: skip
        raise InputError(f"{path}: cannot be read as HDF5 ({one_line(problem)}); {MEND}") from None
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"{path}: breaks the format of a lead field ({one_line(problem)}); {MEND}") from None


def _read(path: Path, file: Group, mapped: bool) -> LeadField:
    """Return what an open file holds."""
    _require_kind(path, file)
    contacts = tuple(str(name) for name in json.loads(file.attrs["contacts"]))
    boxes, patches = (_parts(path, file, name, len(contacts), mapped) for name in ("boxes", "patches"))
    if not boxes:
        raise ValueError("it has no box")
    impedance = _array(path, file["impedance"], IMPEDANCE, (len(contacts), len(contacts)), False)
    tissues = _tissues(path, file)
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


def _parts(path: Path, file: Group, name: str, contacts: int, mapped: bool) -> tuple[Patch, ...]:
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
        by_cell = file.attrs["format"] <= BY_CELL
        found.append(Patch(box, potential, _tissue(path, group["tissue"], box, mapped, by_cell)))
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


def require_model(field: LeadField, path: Path, model: WholeModel) -> None:
    """Refuse the lead field of another model, or of an earlier state of this one.

    Raises
    ------
    InputError
        If the space or the hash of the model's record differs.
    """
    if field.space != model.space:
        raise InputError(
            f"{path}: a lead field in the space {field.space}, and {model.folder} is in {model.space}; give the model "
            "that it was solved for"
        )
    record = model.folder / "model.json"
    if field.about.get("model_sha256") != sha256(record.read_bytes()):
        raise InputError(f"{path}: {record} is not as it was when the field was solved; {MEND}")


def require_lead(field: LeadField, path: Path, lead: Path) -> None:
    """Refuse a lead other than the one that a lead field was solved for.

    Raises
    ------
    InputError
        If the hash of the lead's file differs.
    """
    if field.about.get("lead_sha256") != sha256(lead.read_bytes()):
        raise InputError(f"{path}: was not solved for {lead}, or this was placed anew since; {MEND}")
