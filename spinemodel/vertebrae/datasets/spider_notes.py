"""What is odd in SPIDER's tables: rows that are missing, doubled or contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from spinemodel.vertebrae.datasets.spider_rows import SpiderGrading, SpiderSeries
from spinemodel.vertebrae.datasets.summary import some


def spider_notes(series: Sequence[SpiderSeries], gradings: Sequence[SpiderGrading]) -> list[str]:
    """Return what differs within and between the two tables, one sentence each; either may be empty."""
    notes = [*_of_series(series), *_of_patients(series), *_of_gradings(gradings)]
    return notes + (list(_between(series, gradings)) if series and gradings else [])


def mask_notes(series: Sequence[SpiderSeries], masks: Sequence[str]) -> list[str]:
    """Return where the series of the overview and the masks' names differ; without either there is nothing to say."""
    rows, found = {one.name.lower(): one.name for one in series}, {name.lower(): name for name in masks}
    notes = []
    unmasked, unlisted = "series of the overview without a mask", "masks without a row in the overview"
    for one, other, what in ((rows, found, unmasked), (found, rows, unlisted)):
        if other and (alone := sorted(one[key] for key in one.keys() - other.keys())):
            notes.append(f"{len(alone)} {what}: {some(alone)}")
    return notes


def _of_series(series: Sequence[SpiderSeries]) -> Iterator[str]:
    """Yield what is odd about single series."""
    aged = [one for one in series if one.age is not None]
    if aged:
        patients = len({one.patient for one in aged})
        yield f"birth_date holds ages in years: of {patients} patients ({len(aged)} of {len(series)} series)"
    names = Counter(one.name for one in series)
    if twice := [name for name, count in names.items() if count > 1]:
        yield f"series listed more than once, each row counted: {some(twice)}"
    other = [one.name for one in series if one.acquisition == "3D" and one.sequence == "t2"]
    if other:
        yield f"{len(other)} series named t2 were acquired in 3D, as the t2_SPACE ones: {some(other)}"
    blank = [one.name for one in series if one.subset == ""]
    if blank and len(blank) < len(series):
        yield f"no subset stated for {some(blank)}"


def _of_patients(series: Sequence[SpiderSeries]) -> Iterator[str]:
    """Yield where series of one patient contradict each other."""
    said: dict[str, Callable[[SpiderSeries], object]] = {
        "numbers of vertebrae": lambda one: one.num_vertebrae,
        "numbers of discs": lambda one: one.num_discs,
        "sex": lambda one: one.sex,
        "age": lambda one: one.age,
        "subset": lambda one: one.subset,
    }
    for what, value in said.items():
        found: dict[int, set[object]] = {}
        for one in series:
            found.setdefault(one.patient, set()).add(value(one))
        if differing := sorted(patient for patient, values in found.items() if len(values) > 1):
            yield f"series of one patient differ in {what}: {_of(differing)}"


def _of_gradings(gradings: Sequence[SpiderGrading]) -> Iterator[str]:
    """Yield discs that cannot be, or that were graded twice."""
    if zeros := [row.patient for row in gradings if row.level == 0]:
        yield f"{len(zeros)} rows of IVD label 0, which no mask has (discs are 201 and above): {_of(zeros)}"
    pairs = Counter((row.patient, row.level) for row in gradings)
    if twice := [f"patient {patient} label {level}" for (patient, level), count in pairs.items() if count > 1]:
        yield f"discs graded more than once, each row counted: {some(twice)}"
    levels = _levels(gradings)
    gaps = [patient for patient, found in levels.items() if set(range(1, max(found) + 1)) - found]
    if gaps:
        yield f"IVD labels leave out a disc between others: {_of(gaps)}"


def _between(series: Sequence[SpiderSeries], gradings: Sequence[SpiderGrading]) -> Iterator[str]:
    """Yield patients of one table only, and graded discs that are not as many as segmented ones."""
    scanned, graded = {one.patient for one in series}, {row.patient for row in gradings}
    for alone, where in ((scanned - graded, "overview"), (graded - scanned, "gradings")):
        if alone:
            yield f"only in the {where}: {_of(sorted(alone))}"
    counts: dict[int, set[int]] = {}
    for one in series:
        counts.setdefault(one.patient, set()).add(one.num_discs or 0)
    for patient, found in sorted(_levels(gradings).items()):
        numbers = counts.get(patient, {max(found)})
        if not any(found == set(range(1, number + 1)) for number in numbers):
            discs = " or ".join(map(str, sorted(numbers)))
            from_0 = ", so perhaps numbered from 0" if any(found == set(range(number)) for number in numbers) else ""
            yield f"patient {patient}: graded IVD labels {_runs(found)}, the overview counts {discs} discs{from_0}"


def _levels(gradings: Iterable[SpiderGrading]) -> dict[int, set[int]]:
    """Return the graded discs of each patient."""
    levels: dict[int, set[int]] = {}
    for row in gradings:
        levels.setdefault(row.patient, set()).add(row.level)
    return levels


def _runs(found: set[int]) -> str:
    """Return whole numbers, those in a row as from-to."""
    ordered = sorted(found)
    if ordered == list(range(ordered[0], ordered[-1] + 1)) and len(ordered) > 1:
        return f"{ordered[0]} to {ordered[-1]}"
    return ", ".join(map(str, ordered))


def _of(patients: Sequence[int]) -> str:
    """Return patients by number."""
    return f"patient{'s' if len(patients) > 1 else ''} {some(patients)}"
