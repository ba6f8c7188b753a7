"""What a model must be before anything of it is written: names known, none that collide, no part empty."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from spinemodel.anatomy.compartments import check_partition, volumes
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.io.conductivities import nearest
from spinemodel.io.exports.contents import Contents
from spinemodel.levels import STRUCTURES, TISSUES

PORTABLE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?<!\.)")
"""Names that are file names on every system, and one word in every format."""

RESERVED: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
"""Names that Windows keeps for devices, with any suffix (Microsoft, "Naming Files, Paths, and Namespaces")."""


def require_sound(contents: Contents) -> None:
    """Refuse a model, a lead or conductivities that no format can be written from.

    Raises
    ------
    InputError
        If a structure or tissue is not known, names collide or are no file names, a part is empty, or a preset was
        named that lacks a tissue.
    SpaceMismatchError
        If the lead lies in another model.
    GeometryError
        If tissues and lead together are no partition.
    """
    _require_known(contents)
    _require_own_lead(contents)
    names = _names(contents)
    require_portable(names)
    require_apart(names)
    _require_filled(contents)
    _require_whole(contents)
    if contents.preset is not None:
        _ = contents.conductivities


def _require_known(contents: Contents) -> None:
    """Refuse a structure or tissue that the table of levels does not hold."""
    model = contents.model
    partition = model.partition.labels if model.partition else ()
    stated = [row["name"] for row in model.record.get("tissues", ())]
    for kind, known, names in (("structure", STRUCTURES, model.surfaces), ("tissue", TISSUES, (*stated, *partition))):
        for name in names:
            if name not in known:
                raise InputError(
                    f"{model.folder / 'model.json'}: {kind} {name!r} is not known; nearest is {nearest(name, known)}; "
                    "build the model again with this version"
                )


def _require_own_lead(contents: Contents) -> None:
    """Refuse a lead that was placed in another model."""
    lead, model = contents.lead, contents.model
    if lead and not {lead.space, lead.parts.space} <= {model.space}:
        raise SpaceMismatchError(
            f"{contents.lead_file or lead.design.name}: the lead lies in {lead.space}, the model {model.folder} in "
            f"{model.space}; place the lead in this model"
        )


def _require_whole(contents: Contents) -> None:
    """Refuse a lead whose walls fall together with the tissues' so that no sound partition comes of both."""
    if contents.lead is None or contents.model.partition is None:
        return
    broken = check_partition(contents.partition, sum(volumes(contents.model.partition).values()))
    if broken:
        raise GeometryError(
            f"{contents.lead_file or contents.lead.design.name}: makes no partition with the tissues of "
            f"{contents.model.folder}: {'; '.join(broken)}; place it with another --gap"
        )


def _names(contents: Contents) -> list[str]:
    """Return the names of what is not a structure: tissues and the lead's parts, each as often as it is there."""
    tissues = contents.model.partition.labels if contents.model.partition else ()
    return [*tissues, *(contents.lead.parts.labels if contents.lead else ())]


def require_portable(names: Iterable[str]) -> None:
    """Refuse names that cannot be file names everywhere.

    Examples
    --------
    >>> require_portable(["C1", "COM1"])
    Traceback (most recent call last):
        ...
    spinemodel.errors.InputError: name 'COM1': Windows keeps it for a device; rename the part
    """
    for name in names:
        if not PORTABLE.fullmatch(name):
            raise InputError(f"name {name!r}: expected letters, digits and _ . + - alone; rename the part")
        if name.split(".")[0].lower() in RESERVED:
            raise InputError(f"name {name!r}: Windows keeps it for a device; rename the part")


def require_apart(names: Iterable[str]) -> None:
    """Refuse names of which two are alike, also on a disk that does not tell capitals apart.

    Examples
    --------
    >>> require_apart(["CSF", "csf"])
    Traceback (most recent call last):
        ...
    spinemodel.errors.InputError: names 'CSF' and 'csf' collide: files do not tell capitals apart everywhere; rename one
    """
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            raise InputError(
                f"names {seen[name.casefold()]!r} and {name!r} collide: files do not tell capitals apart everywhere; "
                "rename one"
            )
        seen[name.casefold()] = name


def _require_filled(contents: Contents) -> None:
    """Refuse a part without a surface or a volume, also one that the lead takes whole."""
    model = contents.model
    empty = [name for name, surface in model.surfaces.items() if not len(surface.faces)]
    if model.partition:
        size = volumes(contents.partition)
        empty += [name for name in _names(contents) if not size.get(name, 0.0) > 0]
    elif contents.lead:
        empty += [name for name, mm3 in volumes(contents.lead.parts).items() if not mm3 > 0]
    if empty:
        raise InputError(
            f"{model.folder}: {', '.join(empty)} empty; expected parts of some volume; leave them out of the model"
            + (", or place the lead elsewhere" if contents.lead else "")
        )
