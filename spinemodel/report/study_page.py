"""The page of a study: what was found, in pictures and tables, and all that must be known of how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

from spinemodel.io.tables import Row
from spinemodel.report.digits import in_three_digits
from spinemodel.report.page import Picture, Section, Table
from spinemodel.report.study_methods import Used, methods
from spinemodel.report.study_spread import TITLE as SPREAD
from spinemodel.report.study_spread import Spread, spread_section

NO_DEVICE: Final = (
    "This is research software and no medical device: nothing here may guide the care of a person, and no model has "
    "been tested against recordings of the subject."
)

ROUNDED: Final = "Currents and selectivities are rounded to three digits here; the files of the study hold more."
"""Said before the first table."""

THRESHOLDS: Final = ("montage", "target", "class", "I10_mA", "I50_mA", "I90_mA", "I10_x_all", "I50_x_all", "I90_x_all",
                     "fibres", "activated", "not_activated", "at_end", "blocked", "left_out")  # fmt: skip
"""Columns of the table of curves that the page shows."""


@dataclass(frozen=True)
class Shown:
    """What the page is made of.

    Attributes
    ----------
    title
        Of the page.
    warnings
        One sentence each.
    used
        For the methods.
    pictures
        By the title of their section.
    curves, selectivity, muscles
        Rows of these tables.
    spread
        Over variants; None where there are none.
    conductivities
        A row for each material.
    stages, files, versions, settings
        Rows that say how it came about.
    """

    title: str
    warnings: Sequence[str]
    used: Used
    pictures: Mapping[str, Sequence[Picture]]
    curves: Sequence[Row]
    selectivity: Sequence[Row]
    muscles: Sequence[Row]
    spread: Spread | None
    conductivities: Sequence[Row]
    stages: Sequence[Row]
    files: Sequence[Row]
    versions: Sequence[Row]
    settings: Sequence[Row]


def study_sections(shown: Shown) -> list[Section]:
    """Return the sections of the page, what is found first."""
    caption = ("What each montage recruits first: the least current that recruits 10 % of a root and class; unknown: "
               "fibres fire first at an end of what is drawn of them")  # fmt: skip
    lowest = Table("lowest", caption, lowest_rows(shown.curves))
    first = [_summary(shown.used), ROUNDED, NO_DEVICE]
    results = [
        Section("Recruitment", pictures=shown.pictures.get("Recruitment", ()), tables=[_thresholds(shown)]),
        Section("Selectivity", tables=[Table("selectivity-best", "The montage that recruits each root most selectively "
                                       "when half of it is recruited", best_rows(shown.selectivity))]),
    ]  # fmt: skip
    if shown.muscles:
        muscles = Table("muscles", "Currents (mA) that recruit muscles", [*map(in_three_digits, shown.muscles)])
        results.append(Section("Muscles", tables=[muscles]))
    if shown.spread:
        results.append(spread_section(shown.spread, shown.pictures.get(SPREAD, ())))
    return [
        Section("Findings", text=first, tables=[lowest]),
        Section("Warnings", items=shown.warnings),
        Section("Model and lead", pictures=shown.pictures.get("Model and lead", ())),
        Section("Field", pictures=shown.pictures.get("Field", ())),
        *results,
        *_methods(shown),
        *_provenance(shown),
    ]


def _summary(used: Used) -> str:
    """Return what was done in a sentence."""
    return (
        f"{used.lead} in {used.subject} at {used.at}: thresholds of {used.fibres} fibres in {used.montages} montages, "
        f"pulse {used.pulse}, sought up to {used.up_to_mA:g} mA."
    )


def _thresholds(shown: Shown) -> Table:
    """Return the table of all curves."""
    caption = ("Currents that recruit 10, 50 and 90 % of each root and class, mA and in multiples of the lowest "
               "threshold; and what became of the fibres. n/a: not reached; unknown: not told, as fibres fire first "
               "at an end of what is drawn of them")  # fmt: skip
    rows = ({name: _current(row, name) for name in THRESHOLDS} for row in shown.curves)
    return Table("curves", caption, [*map(in_three_digits, rows)])


def _current(row: Row, name: str) -> str:
    """Return a cell of the table of curves; of a current that only fibres firing at an end might reach, why it is none.

    Examples
    --------
    >>> row = {"I50_mA": "n/a", "fibres": "5", "left_out": "0", "activated": "1", "at_end": "2"}
    >>> _current(row, "I50_mA"), _current(row, "fibres")
    ('unknown: 2 of 5 fire first at an end', '5')
    """
    if not name.startswith("I") or row[name] != "n/a":
        return row[name]
    fibres, left_out, activated, at_end = (int(row[key]) for key in ("fibres", "left_out", "activated", "at_end"))
    reached = 100 * (activated + at_end) >= int(name[1:3]) * (fibres - left_out)
    unknown = f"unknown: {at_end} of {fibres} fire first at an end" if name.endswith("_mA") else "unknown"
    return unknown if at_end and reached else row[name]


def lowest_rows(curves: Sequence[Row]) -> list[Row]:
    """Return, for each montage, the root and class with the least current for 10 %.

    Examples
    --------
    >>> fibres = {"fibres": "5", "left_out": "0", "activated": "5", "at_end": "0"}
    >>> rows = [{"montage": "C1:-1", "target": root, "class": "Ia", "I10_mA": text, "I50_mA": "3", **fibres}
    ...         for root, text in (("L1_L", "2.5"), ("L2_L", "1.5"), ("L3_L", "n/a"))]
    >>> [row["root"] for row in lowest_rows(rows)]
    ['L2_L']
    """
    found = []
    for montage in dict.fromkeys(row["montage"] for row in curves):
        best = min((row for row in curves if row["montage"] == montage), key=lambda row: _number(row["I10_mA"], inf))
        currents = {name: _current(best, name) for name in ("I10_mA", "I50_mA")}
        found.append(in_three_digits({"montage": montage, "root": best["target"], "class": best["class"], **currents}))
    return found


def best_rows(selectivity: Sequence[Row]) -> list[Row]:
    """Return, for each root and class, the montage of the greatest selectivity where half of it is recruited."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in selectivity:
        groups.setdefault((row["target"], row["class"]), []).append(row)
    best = (max(own, key=lambda row: _number(row["at_half"], -inf)) for own in groups.values())
    rows = ({"root": row["target"], "class": row["class"], "montage": row["montage"], "at_half": row["at_half"],
             "half_mA": row["half_mA"]} for row in best if row["at_half"] != "n/a")  # fmt: skip
    return [*map(in_three_digits, rows)]


def _number(text: str, unknown: float) -> float:
    """Return a cell's number, and what stands for one that is not known."""
    return unknown if text == "n/a" else float(text)


def _methods(shown: Shown) -> list[Section]:
    """Return the methods and the works that they cite."""
    paragraphs, works = methods(shown.used)
    numbered = [f"[{i}] {work}" for i, work in enumerate(works, start=1)]
    table = Table("conductivities", "Conductivities, S/m", shown.conductivities)
    return [Section("Methods", text=paragraphs, tables=[table]), Section("References", items=numbered)]


def _provenance(shown: Shown) -> list[Section]:
    """Return how everything came about."""
    return [
        Section("Provenance", tables=[
            Table("stages", "Stages; the hash is of all that a stage depends on", shown.stages),
            Table("versions", "Packages", shown.versions),
            Table("settings", "The study as it was run", shown.settings),
            Table("files", "Files read and written, with their SHA-256", shown.files),
        ])
    ]  # fmt: skip


def picture(path: Path, caption: str) -> Picture:
    """Return a picture whose caption also tells those who cannot see it what it shows."""
    return Picture(path, caption, caption)
