"""The part of a study's page that tells how far its curves spread, by what was drawn or chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from spinemodel.io.tables import Row
from spinemodel.recruitment.bands import enough
from spinemodel.report.digits import in_three_digits
from spinemodel.report.page import Picture, Section, Table

TITLE: Final = "Spread"

COLUMNS: Final = ("source", "montage", "target", "class", *(f"I{share}_{name}_mA" for share in (10, 50, 90)
                  for name in ("low", "median", "high")))  # fmt: skip
"""Columns of the table of currents that the page shows."""


@dataclass(frozen=True)
class Spread:
    """What a study's bands come to.

    Attributes
    ----------
    level
        Share of the repetitions in a band, where there are enough.
    variants, currents
        Rows of these tables.
    montage
        Whose currents are shown.
    """

    level: float
    variants: Sequence[Row]
    currents: Sequence[Row]
    montage: str

    @property
    def repetitions(self) -> Mapping[str, int]:
        """How many there are by source, the study itself among them."""
        return {row["source"]: int(row["repetitions"]) for row in self.currents}


def spread_section(spread: Spread, pictures: Sequence[Picture]) -> Section:
    """Return the section."""
    own = (row for row in spread.currents if row["montage"] == spread.montage)
    shown = [in_three_digits({name: row[name] for name in COLUMNS}) for row in own]
    caption = "Currents (mA) that recruit 10, 50 and 90 %, low, median and high, in the montage that needs least"
    tables = [
        Table("sources", "Sources of spread. I50: end to end, in percent of the median; the middle of all curves",
              [_source(name, spread) for name in spread.repetitions]),
        Table("variants", "The study with one thing changed", spread.variants),
        Table("currents_bands", f"{caption}. n/a: not reached", shown),
    ]  # fmt: skip
    return Section(TITLE, text=_text(spread), pictures=pictures, tables=tables)


def _text(spread: Spread) -> list[str]:
    """Return what must be known to read the bands."""
    repetitions, least = spread.repetitions, enough(spread.level)
    if not repetitions:
        return ["No variant of the study came to curves: nothing can be said of their spread."]
    told = [
        f"The curves were found again with one thing changed at a time: {listed(repetitions)}, the study itself among "
        f"them. A band holds {held(spread.level, repetitions.values())} of the repetitions of one source, at every "
        "current by itself; bands of different sources do not add up to one of everything."
    ]
    few = [name for name, number in repetitions.items() if number < least]
    if few:
        told.append(f"Fewer than {least} repetitions give their range and no confidence: {', '.join(few)}.")
    return told


def held(level: float, numbers: Collection[int]) -> str:
    """Return what a band holds of repetitions, of which sources have so many.

    Examples
    --------
    >>> held(0.95, [3]), held(0.95, [40]), held(0.95, [3, 40])
    ('the range', '95 %', '95 %, or of fewer than 40 the range,')
    """
    least = enough(level)
    if max(numbers) < least:
        return "the range"
    return f"{100 * level:g} %" + (f", or of fewer than {least} the range," if min(numbers) < least else "")


def listed(repetitions: Mapping[str, int]) -> str:
    """Return the sources with their numbers.

    Examples
    --------
    >>> listed({"seeds of the population": 3, "conductivity presets": 2})
    '3 seeds of the population, 2 conductivity presets'
    """
    return ", ".join(f"{number} {name}" for name, number in repetitions.items())


def _source(name: str, spread: Spread) -> Row:
    """Return how far one source moves the current for half of a root."""
    found = [row for row in spread.currents if row["source"] == name and row["I50_high_mA"] != "n/a"]
    low, middle, high = ([float(row[f"I50_{end}_mA"]) for row in found] for end in ("low", "median", "high"))
    widths = [100 * (c - a) / b for a, b, c in zip(low, middle, high, strict=True)]
    return {"source": name, "repetitions": str(spread.repetitions[name]),
            "I50_percent": f"{median(widths):.0f}" if widths else "n/a"}  # fmt: skip
