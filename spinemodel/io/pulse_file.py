"""Pulses from tables of time and level, such as a stimulator's recorded output."""

from __future__ import annotations

import csv
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import reason
from spinemodel.recruitment.pulse import Pulse

EXPECTED: Final = "expected rows of a time in ms and a level, the last of level 0, separated by commas or tabs"


def read_pulse(path: Path) -> Pulse:
    """Return the pulse of a table: each level lasts from its own time to the next row's, and the last row ends it.

    The first row may hold names of the columns. Levels may have any scale: the largest magnitude becomes 1, so that
    amplitudes are its current, and the pulse's name tells what it was. Stretches of level 0 at either end are left
    out.

    Parameters
    ----------
    path
        CSV, or TSV where a line has a tab.

    Raises
    ------
    InputError
        If the file cannot be read, or is no such table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: cannot be read as a pulse ({reason(problem)}); {EXPECTED}") from None
    times, levels = _table(path, text)
    largest = np.abs(levels).max()
    if levels[-1] != 0 or largest == 0:
        raise InputError(f"{path}: got levels up to {largest:g} and at last {levels[-1]:g}; {EXPECTED}")
    flows = np.flatnonzero(levels)
    first, after = flows[0], flows[-1] + 1
    name = path.name if largest == 1 else f"{path.name} (1 is {largest:g} of the file)"
    return Pulse(name, times[first : after + 1], levels[first:after] / largest)


def _table(path: Path, text: str) -> tuple[FloatArray, FloatArray]:
    """Return times and levels, in order of time."""
    lines = {at: line for at, line in enumerate(text.splitlines(), start=1) if line.strip()}
    first = next(iter(lines.values()), "")
    rows = dict(zip(lines, csv.reader(lines.values(), delimiter="\t" if "\t" in first else ","), strict=True))
    found = {at: _numbers(row) for at, row in rows.items()}
    if found and found[next(iter(found))] is None:
        del found[next(iter(found))]
    numbers = [pair for pair in found.values() if pair is not None]
    for at, pair in found.items():
        if pair is None:
            raise InputError(f"{path}, line {at}: got {rows[at]}; {EXPECTED}")
    if len(numbers) < 2:
        raise InputError(f"{path}: got {len(numbers)} rows; {EXPECTED}")
    times, levels = np.array(numbers, dtype=np.float64).T
    if times[0] < 0 or not (np.diff(times) > 0).all():
        raise InputError(f"{path}: got times of {times.min():g} to {times.max():g} ms; expected them from 0 on, each "
                         "later than the one before")  # fmt: skip
    return times, levels


def _numbers(row: list[str]) -> tuple[float, float] | None:
    """Return the time and the level of a row; None where it has not just two numbers."""
    try:
        time, level = (float(cell) for cell in row)
    except ValueError:
        return None
    return (time, level) if isfinite(time) and isfinite(level) else None
