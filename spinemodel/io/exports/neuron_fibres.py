"""Fibre paths as sections of NEURON, from the tables beside this file. It needs NEURON only.

import fibres
sections = fibres.load()
fibres.apply_potentials(sections, "potentials.csv", current_mA=1.0)
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def load(folder: str | Path = HERE, diameter_um: float = 10.0) -> dict[str, Any]:
    """Return a section per fibre by its name, with 3-D points in um and the mechanism extracellular.

    The diameter is a placeholder: choose your fibre's.
    """
    from neuron import h  # type: ignore[import-untyped,import-not-found,unused-ignore]

    segments = {row["fibre"]: int(row["segments"]) for row in _rows(Path(folder) / "fibres.tsv", "\t")}
    sections = {name: h.Section(name=name) for name in segments}
    for section in sections.values():
        section.pt3dclear()
    for row in _rows(Path(folder) / "points.tsv", "\t"):
        sections[row["fibre"]].pt3dadd(*(float(row[axis]) for axis in ("x_um", "y_um", "z_um")), diameter_um)
    for name, section in sections.items():
        section.nseg = segments[name]
        section.insert("extracellular")
    return sections


def apply_potentials(sections: dict[str, Any], table: str | Path, current_mA: float = 1.0) -> None:
    """Set e_extracellular (mV) of every segment from a CSV: fibre, arc_um, potential_mV (per mA), linear between.

    A fibre that the table lacks, and a segment beyond its ends, is an error: nothing is made up.
    """
    known: dict[str, list[tuple[float, float]]] = {}
    if not Path(table).is_file():
        raise FileNotFoundError(f"{table}: no such file; no field was solved yet, so there are no potentials to apply")
    for row in _rows(Path(table), ","):
        known.setdefault(row["fibre"], []).append((float(row["arc_um"]), float(row["potential_mV"])))
    missing = sorted(sections.keys() - known.keys())
    if missing:
        raise ValueError(f"{table}: no potentials of {', '.join(missing)}; expected those of every fibre")
    values = {}
    for name, section in sections.items():
        told = sorted(known[name])
        values[name] = [_between(told, segment.x * section.L, f"{table}: {name}") for segment in section]
    for name, section in sections.items():
        for segment, value in zip(section, values[name], strict=True):
            segment.e_extracellular = current_mA * value


def _rows(path: Path, separator: str) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


def _between(table: list[tuple[float, float]], at: float, what: str) -> float:
    """Return the value at a distance, linear between those before and after it."""
    k = bisect_left(table, (at,))
    if 0 < k < len(table):
        (a, before), (b, after) = table[k - 1], table[k]
        return before + (after - before) * (at - a) / (b - a)
    ends = f"{table[0][0]:.1f} to {table[-1][0]:.1f} um"
    raise ValueError(f"{what}: the table reaches from {ends}; expected a potential at {at:.1f} um too")
