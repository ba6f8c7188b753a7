"""Names of what a vertebral mask shows: ``L3``, the disc ``L3-L4`` below it, ``Sacrum``, ``Canal``, ``Cord``."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from spinemodel.anatomy.vertebral_levels import LastThoracic
from spinemodel.errors import InputError

Kind: TypeAlias = Literal["vertebra", "disc", "endplate", "sacrum", "coccyx", "canal", "cord", "part"]
"""``part`` is some part of vertebrae that tells no level, such as all arches."""

LADDER: Final = (
    *(f"C{i}" for i in range(1, 8)),
    *(f"T{i}" for i in range(1, 14)),
    *(f"L{i}" for i in range(1, 7)),
    *(f"S{i}" for i in range(1, 6)),
)
"""Every vertebra that a name may stand for, from head to foot; T13 and L6 are rare."""

VERSE_LABELS: Final = {
    **{name: i for i, name in enumerate((name for name in LADDER if name != "T13" and name[0] != "S"), start=1)},
    **{"Sacrum": 26, "Coccyx": 27, "T13": 28},
}
"""Label of every vertebra in VerSe (Sekuboyina et al. 2021), which others follow."""

_BETWEEN: Final = re.compile(r"([CTL]\d{1,2})-([CTLS]\d{1,2})")
_ENDPLATE: Final = re.compile(r"([CTL]\d{1,2})_endplate")
_SINGLE: Final[dict[str, Kind]] = {"Sacrum": "sacrum", "Coccyx": "coccyx", "Canal": "canal", "Cord": "cord"}


def kind_of(name: str) -> Kind:
    """Return what a name stands for; a name that fits no pattern is a ``part``.

    Examples
    --------
    >>> [kind_of(name) for name in ("T13", "S1", "L5-S1", "L3_endplate", "Canal", "Arch")]
    ['vertebra', 'sacrum', 'disc', 'endplate', 'canal', 'part']
    """
    if name in LADDER:
        return "sacrum" if name[0] == "S" else "vertebra"
    between, endplate = _BETWEEN.fullmatch(name), _ENDPLATE.fullmatch(name)
    if between and set(between.groups()) <= set(LADDER):
        return "disc"
    if endplate and endplate.group(1) in LADDER:
        return "endplate"
    return _SINGLE.get(name, "part")


def rank(name: str) -> float:
    """Return a number that grows from head to foot, by which structures are sorted; what has no level comes last.

    Examples
    --------
    >>> sorted(["Canal", "Sacrum", "L1", "L1-L2", "T12", "L2"], key=rank)
    ['T12', 'L1', 'L1-L2', 'L2', 'Sacrum', 'Canal']
    """
    kind = kind_of(name)
    if kind in ("vertebra", "disc", "endplate") or name in LADDER:
        return LADDER.index(re.split("[-_]", name)[0]) + {"endplate": 0.3, "disc": 0.6}.get(kind, 0.0)
    return len(LADDER) + {"sacrum": -4.5, "coccyx": 0.0}.get(kind, 1.0)


def disc_below(vertebra: str, lower: str | None = None) -> str:
    """Return the name of the disc below a vertebra, which stands on ``lower``; by default on the usual one.

    Examples
    --------
    >>> disc_below("T12"), disc_below("L5"), disc_below("L5", "L6")
    ('T12-L1', 'L5-S1', 'L5-L6')
    """
    usual = {"C7": "T1", "T12": "L1", "T13": "L1", "L5": "S1", "L6": "S1"}
    return f"{vertebra}-{lower or usual.get(vertebra) or LADDER[LADDER.index(vertebra) + 1]}"


def from_below(lowest: str, last_thoracic: LastThoracic = "T12") -> tuple[str, ...]:
    """Return the vertebrae from the lowest lumbar one upwards, as a dataset numbers them that counts from below.

    Parameters
    ----------
    lowest
        The vertebra that stands on the sacrum: L4, L5 or L6.
    last_thoracic
        The one above L1.

    Raises
    ------
    InputError
        If ``lowest`` is no last lumbar vertebra.

    Examples
    --------
    >>> from_below("L5")[:7]
    ('L5', 'L4', 'L3', 'L2', 'L1', 'T12', 'T11')
    >>> from_below("L6", "T13")[5:8]
    ('L1', 'T13', 'T12')
    """
    if lowest not in ("L4", "L5", "L6"):
        raise InputError(f"lowest vertebra: got {lowest!r}, expected L4, L5 or L6, the one on the sacrum")
    counts = (("L", int(lowest[1])), ("T", int(last_thoracic[1:])), ("C", 7))
    return tuple(f"{region}{i}" for region, count in counts for i in range(count, 0, -1))
