"""Which names parts and files may have: file names everywhere, and none alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from spinemodel.errors import InputError
from spinemodel.leads.lead import BACKING
from spinemodel.levels import STRUCTURES, TISSUES

PORTABLE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?<!\.)")
"""Names that are file names on every system, and one word in every format."""

RESERVED: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
"""Names that Windows keeps for devices, with any suffix (Microsoft, "Naming Files, Paths, and Namespaces")."""


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


def require_lead_names(parts: Sequence[str], where: str) -> None:
    """Refuse names of a lead's parts that are no file names, are alike, or are a tissue's or a structure's.

    Also where this model lacks that tissue: its colour and its conductivity would be taken for the contact's.

    Parameters
    ----------
    parts
        Names.
    where
        The lead's file, for the error.

    Examples
    --------
    >>> require_lead_names(["Backing", "a b"], "lead.json")
    Traceback (most recent call last):
        ...
    spinemodel.errors.InputError: lead.json: contact 'a b': name 'a b': expected letters, digits and _ . + - alone; \
rename the part
    """
    taken = tuple(dict.fromkeys([*TISSUES, *STRUCTURES]))
    for i, name in enumerate(parts):
        try:
            require_portable([name])
            require_apart([*taken, *parts[: i + 1]])
        except InputError as problem:
            kind = "part" if name == BACKING else "contact"
            raise InputError(f"{where}: {kind} {name!r}: {problem}") from None
