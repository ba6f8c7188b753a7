"""What SPIDER holds, counted from its tables, and where the tables differ from each other and from the paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from spinemodel.vertebrae.datasets.spider_notes import spider_notes
from spinemodel.vertebrae.datasets.spider_rows import SEQUENCES, SUBSETS, SpiderGrading, SpiderSeries
from spinemodel.vertebrae.datasets.summary import (
    Line,
    Summary,
    SummaryTable,
    filled,
    numbers,
    published_rows,
    spread,
    table,
)
from spinemodel.vertebrae.names import disc_below, from_below

PUBLISHED: Final = {"series": 447, "patients": 218, "training patients": 179, "validation patients": 39}
"""Of the paper's abstract (van der Graaf et al., arXiv 2306.12217, version 1)."""

_Shares: TypeAlias = dict[str, tuple[int, int]]
"""By column: how many, and of how many."""

ENDPLATES: Final = ("upper_endplate", "lower_endplate")
DISCS: Final = ("spondylolisthesis", "herniation", "narrowing", "bulging")
"""Findings that are there or not, as they are tabled together."""


def summarise_spider(
    series: Sequence[SpiderSeries], gradings: Sequence[SpiderGrading], lowest: str = "L5", notes: Iterable[str] = ()
) -> Summary:
    """Return SPIDER's tables.

    Parameters
    ----------
    series, gradings
        Rows of the overview and of the gradings; either may be empty, and its tables are then left out.
    lowest
        The vertebra above the lowest disc, by which discs are named: L4, L5 or L6. SPIDER states none.
    notes
        What reading the files has found, to be put before what the rows show.

    Raises
    ------
    InputError
        If ``lowest`` is no last lumbar vertebra.
    """
    names = disc_names(lowest)
    tables = [*_overview_tables(series), *_grading_tables(gradings, names, lowest)] if series or gradings else []
    return Summary("SPIDER", filled(tables), (*notes, *spider_notes(series, gradings)))


def disc_names(lowest: str = "L5") -> dict[int, str]:
    """Return the discs by their number from below.

    Examples
    --------
    >>> [disc_names()[number] for number in (1, 2, 6, 7)], disc_names("L6")[2]
    (['L5-S1', 'L4-L5', 'T12-L1', 'T11-T12'], 'L5-L6')
    """
    upwards = from_below(lowest)
    below = ("S1", *upwards)
    return {n: disc_below(upper, below[n - 1]) for n, upper in enumerate(upwards, start=1)}


def _overview_tables(series: Sequence[SpiderSeries]) -> list[SummaryTable]:
    """Return the tables of series and patients."""
    if not series:
        return []
    once = "in patients: those of the series that shows most"
    return [
        table("published", "SPIDER beside the paper's abstract", _published(series), ["quantity"]),
        table("subsets", "Series and patients by subset, and series by sequence", _subsets(series), ["subset"]),
        table("studies", "Patients by the series of their study", _combinations(series), ["sequences"]),
        table("ages", "Sex and age of patients, years (SD: of the sample)", _ages(series), ["group"]),
        table("scanners", "Scanners", _scanners(series), ["manufacturer", "model"]),
        table("voxels", "Size of voxels by sequence, mm", _voxels(series), ["sequence"]),
        table("structures", f"Vertebrae and discs ({once})", _structures(series), ["subset", "counted_in"]),
    ]


def _groups(series: Sequence[SpiderSeries]) -> dict[str, list[SpiderSeries]]:
    """Return the series by subset, SPIDER's own first, and all of them; no subset where none is stated."""
    order = dict.fromkeys([*SUBSETS, *sorted({one.subset for one in series})])
    groups = {subset or "(blank)": [one for one in series if one.subset == subset] for subset in order}
    stated = any(one.subset for one in series)
    return {name: rows for name, rows in groups.items() if rows and stated} | {"all": list(series)}


def _patients(series: Iterable[SpiderSeries]) -> int:
    """Return how many patients there are."""
    return len({one.patient for one in series})


def _published(series: Sequence[SpiderSeries]) -> list[Line]:
    """Return the counts that the paper states, beside its own."""
    groups = _groups(series)
    here = {"series": len(series), "patients": _patients(series)}
    here |= {f"{subset} patients": _patients(groups[subset]) for subset in SUBSETS if subset in groups}
    return published_rows((what, count, PUBLISHED[what]) for what, count in here.items())


def _subsets(series: Sequence[SpiderSeries]) -> Iterator[Line]:
    """Yield series and patients of each subset."""
    kinds = [*SEQUENCES, *sorted({one.sequence for one in series} - set(SEQUENCES))]
    for subset, rows in _groups(series).items():
        counts = Counter(one.sequence for one in rows)
        sizes = {"series": len(rows), "patients": _patients(rows)} | {kind: counts[kind] for kind in kinds}
        yield {"subset": subset, **numbers(sizes)}


def _combinations(series: Iterable[SpiderSeries]) -> list[Line]:
    """Return how many patients have which sequences."""
    found: dict[int, set[str]] = {}
    for one in series:
        found.setdefault(one.patient, set()).add(one.sequence)
    counts = Counter(" + ".join(sorted(kinds)) for kinds in found.values())
    return [{"sequences": kinds, "patients": str(count)} for kinds, count in counts.most_common()]


def _ages(series: Sequence[SpiderSeries]) -> Iterator[Line]:
    """Yield the ages of groups of patients; a patient is described by the first of the series that states it."""
    if all(one.age is None and one.sex is None for one in series):
        return
    groups = _groups(series)
    sexes = {sex or "(blank)": [one for one in series if one.sex == sex] for sex in ("F", "M", None)}
    for name, rows in {"all": groups.pop("all"), **sexes, **groups}.items():
        ages: dict[int, float] = {}
        for one in rows:
            if one.age is not None:
                ages.setdefault(one.patient, one.age)
        if rows:
            yield {"group": name, "patients": str(_patients(rows)), **spread(list(ages.values()))}


def _scanners(series: Iterable[SpiderSeries]) -> Iterator[Line]:
    """Yield the scanners, the most used first."""
    groups: dict[tuple[str, str, float | None], list[SpiderSeries]] = {}
    for one in series:
        if one.manufacturer or one.model or one.field_t:
            groups.setdefault((one.manufacturer, one.model, one.field_t), []).append(one)
    for (maker, model, tesla), rows in sorted(groups.items(), key=lambda item: -len(item[1])):
        described = {"manufacturer": maker, "model": model, "field_T": "-" if tesla is None else f"{tesla:g}"}
        yield described | numbers({"series": len(rows), "patients": _patients(rows)})


def _voxels(series: Sequence[SpiderSeries]) -> Iterator[Line]:
    """Yield the range of sizes of voxels of each sequence."""
    sized = [one for one in series if one.in_plane_mm is not None]
    for kind in dict.fromkeys([*SEQUENCES, *(one.sequence for one in sized)]):
        rows = [one for one in sized if one.sequence == kind]
        pixels = spread([size for one in rows for size in one.in_plane_mm or ()], 3)
        steps = spread([one.step_mm for one in rows if one.step_mm is not None], 3)
        if rows:
            counts = numbers({"series": len(rows), "in_3D": sum(one.acquisition == "3D" for one in rows)})
            sizes = {"pixel_min": pixels["min"], "pixel_max": pixels["max"]}
            yield {"sequence": kind} | counts | sizes | {"step_min": steps["min"], "step_max": steps["max"]}


def _structures(series: Sequence[SpiderSeries]) -> Iterator[Line]:
    """Yield how many vertebrae and discs are segmented: in all series, and once in each patient."""
    if all(one.num_vertebrae is None and one.num_discs is None for one in series):
        return
    for subset, rows in _groups(series).items():
        found = [(one.patient, one.num_vertebrae or 0, one.num_discs or 0) for one in rows]
        most: dict[int, tuple[int, int]] = {}
        for patient, vertebrae, discs in found:
            held = most.get(patient, (0, 0))
            most[patient] = max(vertebrae, held[0]), max(discs, held[1])
        for what, counts in (("series", [each[1:] for each in found]), ("patients", list(most.values()))):
            sums = {"number": len(counts), "vertebrae": sum(v for v, _ in counts), "discs": sum(d for _, d in counts)}
            yield {"subset": subset, "counted_in": what, **numbers(sums)}


def _grading_tables(gradings: Sequence[SpiderGrading], names: Mapping[int, str], lowest: str) -> list[SummaryTable]:
    """Return the tables of what was seen at discs."""
    levels = sorted({row.level for row in gradings})
    groups = {level: [row for row in gradings if row.level == level] for level in levels}
    how = f"counted from below; names hold if the lowest vertebra is {lowest}"
    heads = {level: {"level": str(level), "disc": names.get(level, "-")} for level in levels}
    whole = {"level": "all", "disc": ""}

    def per_level(name: str, title: str, count: Callable[[Sequence[SpiderGrading]], _Shares]) -> SummaryTable:
        total = count(gradings)
        rows = [heads[level] | _parts(count(found), total) for level, found in groups.items()]
        shares = {column: _percent(part, known) for column, (part, known) in total.items()}
        last = [whole | _parts(total, total), whole | {"level": "%"} | shares] if rows else []
        return table(name, f"{title} ({how})", [*rows, *last], ["level", "disc"])

    return [
        per_level("modic", "Discs by Modic change, 0 for none", lambda rows: _grades(rows, "modic", range(4))),
        per_level("endplates", "Discs with changes of an endplate", lambda rows: _seen(rows, ENDPLATES)),
        per_level("discs", "Discs with each finding", lambda rows: _seen(rows, DISCS)),
        per_level("pfirrmann", "Discs by Pfirrmann grade", lambda rows: _grades(rows, "pfirrmann", range(1, 6))),
    ]


def _parts(shares: _Shares, columns: Iterable[str]) -> Line:
    """Return the counts of some columns; a column of blanks that only other discs have holds 0."""
    return numbers({column: shares.get(column, (0, 0))[0] for column in columns})


def _seen(rows: Sequence[SpiderGrading], findings: Sequence[str]) -> _Shares:
    """Return how many discs have rows, and how many have each finding, of those where it was looked for."""
    counts: _Shares = {"discs": (len(rows), len(rows))}
    for name in findings:
        known = [value for row in rows if (value := getattr(row, name)) is not None]
        counts[name] = (sum(known), len(known))
    return counts


def _grades(rows: Sequence[SpiderGrading], name: str, grades: range) -> _Shares:
    """Return how many discs have each grade, of those that have one, and how many have none."""
    counts: Counter[int | None] = Counter(getattr(row, name) for row in rows)
    known = len(rows) - counts[None]
    blank = {"blank": (counts[None], len(rows))} if counts[None] else {}
    return {str(grade): (counts[grade], known) for grade in grades} | blank


def _percent(part: int, whole: int) -> str:
    """Return a share, in percent."""
    return f"{100 * part / whole:.1f}" if whole else "-"
