"""A lead field as HDF5: potentials that are mapped from the disk, not read, and what they are.

The layout is told in :mod:`spinemodel.io.lead_field_layout`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.field.named_tissues import require_named_in_file
from spinemodel.io.files import atomic, one_line, plain, sha256
from spinemodel.io.lead_field_contents import contents
from spinemodel.io.lead_field_layout import DIGEST, FORMAT, FRAME, IMPEDANCE, KIND, MEND, PARTS, POTENTIAL, Group

if TYPE_CHECKING:
    from spinemodel.io.whole_model import WholeModel


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
        If the file cannot be read, is no lead field, or breaks the format. Where tissues stay on the disk, that their
        numbers have names is seen when they are first used, as by :func:`~spinemodel.field.sampling.potential`.
    """
    with _opened(path) as file:
        return contents(path, file, mapped)


def require_intact(path: Path) -> None:
    """Refuse a lead field of which an array is not as it was written: all of it is read and hashed.

    Raises
    ------
    InputError
        If the file cannot be read, breaks the format, has no hashes, or one is another than that of its array, or
        tissues hold numbers that have no name.
    """
    field = read_lead_field(path)
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
    for part in (*map(Patch, field.boxes, field.potential, field.tissue), *field.patches):
        require_named_in_file(part, field.tissues)


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
