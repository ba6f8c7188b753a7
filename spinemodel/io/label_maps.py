"""Which number shows what in a mask: maps of datasets and models that ship as data, and those that a user states.

The shipped maps are ``label_maps/*.toml``; each names the file that its numbers were read from and what was verified.
Three rules take what a plain table cannot say:

- numbers from below (SPIDER): they become levels with a stated lowest vertebra;
- a disc named by the vertebra above it (TPTBox, SPINEPS): what it stands on follows from the vertebrae of the mask;
- one number for the disc on the sacrum (TotalSpineSeg), whatever vertebra stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from spinemodel.anatomy.vertebral_levels import LastThoracic
from spinemodel.errors import InputError
from spinemodel.io.label_map_files import MapTables, read_tables, toml_tables
from spinemodel.vertebrae.mask import Region
from spinemodel.vertebrae.names import disc_below, from_below

LISTED: Final = 20
"""Most labels that one message lists."""

STANDS_ON: Final = {
    "T11": ("T12", "L1"),
    "T12": ("T13", "L1"),
    "L4": ("L5", "S1"),
    "L5": ("L6", "S1"),
}
"""Where spines differ: the vertebrae that may follow, the one of more vertebrae first."""


@dataclass(frozen=True)
class FromBelow:
    """Numbers that count vertebrae from the lowest lumbar one upwards: the number of the lowest of each kind.

    Attributes
    ----------
    vertebrae, partial, discs
        Of whole vertebrae, of those that the image cuts, and of the disc under each.
    count
        How many numbers each kind has.
    """

    vertebrae: int
    partial: int
    discs: int
    count: int


@dataclass(frozen=True)
class LabelMap:
    """What the numbers of a mask stand for.

    Attributes
    ----------
    name
        A shipped name, or the user's file.
    source
        Where the numbers are stated.
    labels
        Region by number.
    discs_below
        Discs by number, named by the vertebra above.
    lumbosacral_disc
        Number of the disc on the sacrum, where the last lumbar vertebra must be looked up.
    from_below
        Numbers that count from below.
    ignored
        What is no part of the spine, such as organs; left out of the mask.
    """

    name: str
    source: str
    labels: Mapping[int, Region]
    discs_below: Mapping[int, str] = field(default_factory=dict)
    lumbosacral_disc: int | None = None
    from_below: FromBelow | None = None
    ignored: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("labels", "discs_below", "ignored"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True)
class NamedLabels:
    """What the numbers of one mask show.

    Attributes
    ----------
    regions
        By number.
    ignored
        Names of the numbers to leave out.
    notes
        What was assumed, one sentence each.
    """

    regions: Mapping[int, Region]
    ignored: Mapping[int, str]
    notes: tuple[str, ...]


def shipped_maps() -> tuple[str, ...]:
    """Return the names of the maps that ship with the package.

    Examples
    --------
    >>> [name for name in shipped_maps() if name.startswith("spi")]
    ['spider', 'spineps-subreg', 'spineps-vert']
    """
    folder = files("spinemodel.io").joinpath("label_maps")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def label_map(name_or_path: str | Path) -> LabelMap:
    """Return a shipped map by its name, or the map that a file states.

    Parameters
    ----------
    name_or_path
        One of :func:`shipped_maps`, or a file: ``.toml`` in the form of those, ``.json`` with ``{"1": "L5"}`` or
        ``{"L5": 1}``, ``.tsv`` as in BIDS (``index`` and ``name``). Names such as ``vertebrae_L3``, ``disc_L3_L4`` or
        ``sacrum`` become the package's own; any other is kept as a part without a level.

    Raises
    ------
    InputError
        If there is neither such a map nor such a file, or the file breaks its form.

    Examples
    --------
    >>> label_map("verse").labels[28].name, label_map("totalsegmentator").labels[29].name
    ('T13', 'L3')
    """
    name = str(name_or_path)
    if name in shipped_maps():
        text = files("spinemodel.io").joinpath("label_maps", f"{name}.toml").read_text(encoding="utf-8")
        return _built(name, toml_tables(text, f"label map {name}"))
    path = Path(name_or_path)
    if not path.is_file():
        raise InputError(f"label map {name}: no such map or file; expected {', '.join(shipped_maps())}, or a file")
    return _built(path.name, read_tables(path))


def name_labels(
    stated: LabelMap, present: Iterable[int], lowest: str = "L5", last_thoracic: LastThoracic = "T12"
) -> NamedLabels:
    """Return what those numbers show that occur in a mask.

    Parameters
    ----------
    stated
        The map.
    present
        The numbers, without the background.
    lowest, last_thoracic
        The vertebra on the sacrum and the one above L1, for maps that count from below.

    Raises
    ------
    InputError
        If a number is not in the map, or two are of one name; the message lists all.

    Examples
    --------
    >>> {label: region.name for label, region in name_labels(label_map("spider"), [1, 2, 201], "L6").regions.items()}
    {1: 'L6', 2: 'L5', 201: 'L6-S1'}
    """
    found = sorted(set(present))
    known = dict(stated.labels) | _counted(stated.from_below, lowest, last_thoracic)
    seen = {known[label].name for label in found if label in known}
    known |= {label: Region(_on(above, seen)) for label, above in stated.discs_below.items()}
    if stated.lumbosacral_disc is not None:
        known[stated.lumbosacral_disc] = Region(disc_below(_last_lumbar(seen), "S1"))
    unknown = [label for label in found if label not in known and label not in stated.ignored]
    if unknown:
        raise InputError(
            f"labels {_some(unknown)} are not in the label map {stated.name}; state another map, or one with them added"
        )
    regions = {label: known[label] for label in found if label in known}
    _require_one_each(regions)
    notes = [_counting_note(lowest, last_thoracic)] if stated.from_below else []
    return NamedLabels(regions, {i: stated.ignored[i] for i in found if i not in known}, tuple(notes))


def _require_one_each(regions: Mapping[int, Region]) -> None:
    """Raise where two numbers of a mask show the same, such as a vertebra both whole and partly visible."""
    by_name: dict[str, list[int]] = {}
    for label, region in regions.items():
        by_name.setdefault(region.name, []).append(label)
    for name, labels in by_name.items():
        if len(labels) > 1:
            raise InputError(f"labels {' and '.join(map(str, labels))} both show {name}; give each its own name")


def _counted(rule: FromBelow | None, lowest: str, last_thoracic: LastThoracic) -> dict[int, Region]:
    """Return what numbers that count from below stand for."""
    if rule is None:
        return {}
    levels = from_below(lowest, last_thoracic)[: rule.count]
    under = ("S1", *levels)
    regions = {rule.vertebrae + i: Region(name) for i, name in enumerate(levels)}
    regions |= {rule.partial + i: Region(name, partial=True) for i, name in enumerate(levels)}
    return regions | {rule.discs + i: Region(disc_below(name, under[i])) for i, name in enumerate(levels)}


def _counting_note(lowest: str, last_thoracic: str) -> str:
    """Return what was assumed of a mask whose numbers count from below."""
    return (
        f"The mask counts vertebrae from below: the lowest is taken for {lowest} and the one above L1 for "
        f"{last_thoracic}; in a transitional spine every level may be one off."
    )


def _on(above: str, seen: set[str]) -> str:
    """Return the name of the disc under a vertebra, which stands on what the mask shows."""
    seen = seen | {"S1"} if "Sacrum" in seen else seen
    lower = next((name for name in STANDS_ON.get(above, ()) if name in seen), None)
    return disc_below(above, lower)


def _last_lumbar(seen: set[str]) -> str:
    """Return the vertebra that stands on the sacrum, whose disc the mask shows: L5 unless it shows otherwise."""
    if "L6" in seen:
        return "L6"
    return "L4" if "L4" in seen and "L5" not in seen else "L5"


def _some(labels: list[int]) -> str:
    """Return some labels as text."""
    more = f" and {len(labels) - LISTED} more" if len(labels) > LISTED else ""
    return ", ".join(map(str, labels[:LISTED])) + more


def _built(name: str, tables: MapTables) -> LabelMap:
    """Return the map that tables state."""
    labels = {label: Region(text) for label, text in tables.labels.items()}
    labels |= {label: Region(text, partial=True) for label, text in tables.partial.items()}
    rule = FromBelow(**tables.from_below) if tables.from_below else None
    return LabelMap(name, tables.source, labels, tables.discs_below, tables.lumbosacral_disc, rule, tables.ignored)
