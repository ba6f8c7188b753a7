"""Bands as tables: shares in one, currents in another; both read, they are the bands again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, nan
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.io.recruitment_columns import COLUMNS
from spinemodel.io.recruitment_tables import MISSING, cell, read_rows
from spinemodel.io.tables import Row
from spinemodel.recruitment.bands import Band
from spinemodel.recruitment.curves import SHARES

BANDS: Final = "bands.tsv"
CURRENTS: Final = "currents_bands.tsv"


def band_rows(of: Iterable[Band]) -> list[Row]:
    """Return a row for every band at every current."""
    return [
        dict(zip(COLUMNS["bands"], [*_key_of(one), *map(cell, numbers)], strict=True))
        for one in of
        for numbers in np.column_stack([one.amplitude_mA, one.low, one.middle, one.high])
    ]


def band_current_rows(of: Iterable[Band]) -> list[Row]:
    """Return a row for every band: the currents that recruit ``SHARES``."""
    return [
        dict(zip(COLUMNS["currents_bands"], [*_key_of(one), str(one.repetitions), *map(cell, numbers)], strict=True))
        for one in of
        for numbers in [(one.level, *one.currents_mA.ravel())]
    ]


def _key_of(one: Band) -> tuple[str, ...]:
    """Return what a band is of, in the order of the tables' first columns."""
    return one.montage, one.pulse, one.target, one.fibre_class, one.source


def read_bands(folder: Path) -> tuple[Band, ...]:
    """Return the bands of a folder's two tables; a current that has no number is taken as not reached.

    Raises
    ------
    InputError
        If a table cannot be read.
    """
    steps: dict[tuple[str, ...], list[Row]] = {}
    for row in read_rows(folder / BANDS, "bands"):
        steps.setdefault(_key(row), []).append(row)
    return tuple(_band(row, steps.get(_key(row), [])) for row in read_rows(folder / CURRENTS, "currents_bands"))


def _key(row: Row) -> tuple[str, ...]:
    """Return the cells that say what a row is of."""
    return tuple(row[name] for name in list(COLUMNS["bands"])[:5])


def _band(row: Row, steps: Sequence[Row]) -> Band:
    """Return a band from its currents and its shares."""
    montage, pulse, target, kind, source = _key(row)
    columns = {name: _numbers([step[name] for step in steps], nan) for name in list(COLUMNS["bands"])[5:]}
    return Band(
        target=target,
        fibre_class=kind,
        montage=montage,
        pulse=pulse,
        source=source,
        level=float(row["level"]),
        repetitions=int(row["repetitions"]),
        amplitude_mA=columns["amplitude_mA"],
        low=columns["low"],
        middle=columns["median"],
        high=columns["high"],
        currents_mA=_numbers(list(row.values())[7:], inf).reshape(len(SHARES), 3),
    )


def _numbers(cells: Sequence[str], unknown: float) -> FloatArray:
    """Return the numbers of cells."""
    return np.array([unknown if text == MISSING else float(text) for text in cells])
