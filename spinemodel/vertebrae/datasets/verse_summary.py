"""What VerSe holds, counted from its labels and its sheet, and where they differ from each other and the paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from spinemodel.vertebrae.datasets.summary import Line, Summary, filled, numbers, published_rows, spread, table
from spinemodel.vertebrae.datasets.verse_notes import verse_notes
from spinemodel.vertebrae.datasets.verse_rows import (
    GRADES,
    LABELS,
    SHAPES,
    SPLITS,
    Finding,
    Graded,
    LabelledScan,
    VerseScan,
    fracture_grade,
)
from spinemodel.vertebrae.names import rank

WHOLE: Final = 160
"""Scans of VerSe 2019: with that many, the published numbers are printed beside those counted."""

PUBLISHED: Final[Mapping[str, int]] = {
    "scans": WHOLE,
    "patients": 141,
    "vertebrae": 1725,
    "cervical": 220,
    "thoracic": 884,
    "lumbar": 621,
    "training scans": 80,
    "validation scans": 40,
    "test scans": 40,
    "training vertebrae": 862,
    "validation vertebrae": 434,
    "test vertebrae": 429,
    "fractured": 289,
    "mild": 142,
    "moderate": 96,
    "severe": 51,
    "foreign": 31,
}
"""Of VerSe 2019, from Löffler et al. 2020 (Radiology: Artificial Intelligence 2(4): e190138)."""

REGIONS: Final = {"C": "cervical", "T": "thoracic", "L": "lumbar"}
UNKNOWN: Final = "(not told)"
"""Stands for a split that no folder names."""


def summarise_verse(labelled: Sequence[LabelledScan], scans: Sequence[VerseScan], notes: Iterable[str] = ()) -> Summary:
    """Return VerSe's tables.

    Parameters
    ----------
    labelled
        Scans with the vertebrae that masks or centroids show; may be empty, and its tables are then left out.
    scans
        Rows of the sheet; may be empty too.
    notes
        What reading the files has found, to be put before what the rows show.
    """
    splits = {one.verse_id: one.split for one in labelled}
    tables = [
        table("published", "VerSe 2019 beside the paper", _published(labelled, scans), ["quantity"]),
        table("scans", "Labelled vertebrae by region (T with T13, L with L6)", _scans(labelled), ["split"]),
        table("findings", "Vertebrae graded in the sheet", _findings(scans, splits), ["split"]),
        table("fractures", "Fractures by shape and grade", _fractures(scans), ["shape"]),
        table("levels", "Vertebrae by level", _levels(labelled, scans), ["level"]),
        table("scanners", "CT scanners", _scanners(scans), ["device"]),
        table("density", "Bone mineral density, mg/cm3 (SD: of the sample)", _density(scans), ["of"]),
    ]
    return Summary("VerSe", filled(tables), (*notes, *verse_notes(labelled, scans)))


def region_counts(labels: Iterable[int]) -> dict[str, int]:
    """Return how many labels are vertebrae, by region; T13 is thoracic and L6 lumbar, the sacrum is left out.

    Examples
    --------
    >>> region_counts([7, 19, 28, 20, 26])
    {'vertebrae': 4, 'C': 1, 'T': 2, 'L': 1}
    """
    counts = Counter(LABELS[label][0] for label in labels if label in LABELS)
    return {"vertebrae": counts.total(), **{region: counts[region] for region in REGIONS}}


def _labels(labelled: Iterable[LabelledScan]) -> list[int]:
    """Return the labels of all scans, one after the other."""
    return [label for one in labelled for label in one.labels]


def _patients(rows: Iterable[str]) -> str:
    """Return how many patients there are, a dash where one is not told."""
    names = list(rows)
    return str(len(set(names))) if names and all(names) else "-"


def _splits(of: Iterable[str]) -> list[str]:
    """Return the splits that occur, in VerSe's order."""
    found = set(of)
    return [split for split in (*SPLITS, *sorted(found - {*SPLITS, ""}), "") if split in found]


def _scans(labelled: Sequence[LabelledScan]) -> Iterator[Line]:
    """Yield what each split shows, and all of them."""
    splits = _splits(one.split for one in labelled)
    groups = {split or UNKNOWN: [one for one in labelled if one.split == split] for split in splits}
    for name, rows in (groups | {"all": list(labelled)} if len(groups) > 1 else groups).items():
        labels = _labels(rows)
        rare = {LABELS[label]: labels.count(label) for label in (28, 25)}
        held = {"scans": str(len(rows)), "patients": _patients(one.patient for one in rows)}
        yield {"split": name} | held | numbers(region_counts(labels) | rare)


def finding_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many vertebrae were graded, are fractured, of which grade, and hold foreign material.

    Examples
    --------
    >>> finding_counts([Graded(0, 0), Graded(1, 2), "foreign"])
    {'graded': 2, 'fractured': 1, 'mild': 0, 'moderate': 1, 'severe': 0, 'foreign': 1}
    """
    given = list(findings)
    counts = Counter(fracture_grade(finding) for finding in given)
    by_grade = {name: counts[grade] for grade, name in enumerate(GRADES) if grade}
    foreign = sum(finding == "foreign" for finding in given)
    return {"graded": len(given) - foreign, "fractured": sum(by_grade.values()), **by_grade, "foreign": foreign}


def _all_findings(scans: Iterable[VerseScan]) -> list[Finding]:
    """Return the findings of all scans, one after the other."""
    return [finding for scan in scans for finding in scan.fractures.values()]


def _findings(scans: Sequence[VerseScan], split_of: Mapping[str, str]) -> Iterator[Line]:
    """Yield what the sheet says of the vertebrae of each split, and of all."""
    found = _splits(split_of[scan.verse_id] for scan in scans if split_of.get(scan.verse_id))
    groups = {split: [scan for scan in scans if split_of.get(scan.verse_id) == split] for split in found}
    if rest := [scan for scan in scans if not split_of.get(scan.verse_id)]:
        groups[UNKNOWN] = rest
    for name, rows in (groups | {"all": list(scans)} if len(groups) > 1 else groups).items():
        yield {"split": name, "scans": str(len(rows)), **numbers(finding_counts(_all_findings(rows)))}


def _fractures(scans: Sequence[VerseScan]) -> list[Line]:
    """Return the fractures by shape, in rows, and grade, in columns."""
    graded = [finding for finding in _all_findings(scans) if isinstance(finding, Graded) and finding.grade]
    shapes = {name: [one for one in graded if one.shape == shape] for shape, name in enumerate(SHAPES)}
    blank = [one for one in graded if one.shape is None]
    rows = {name: found for name, found in (shapes | {"(blank)": blank}).items() if found} | {"all": graded}
    if not graded:
        return []
    grades = {name: grade for grade, name in enumerate(GRADES) if grade}
    counts = {
        name: {grade: sum(one.grade == number for one in found) for grade, number in grades.items()}
        for name, found in rows.items()
    }
    return [{"shape": name, **numbers(found | {"all": sum(found.values())})} for name, found in counts.items()]


def _levels(labelled: Sequence[LabelledScan], scans: Sequence[VerseScan]) -> Iterator[Line]:
    """Yield how often each level is labelled, and what the sheet says of it."""
    counts = Counter(LABELS[label] for label in _labels(labelled) if label in LABELS)
    found: dict[str, list[Finding]] = {}
    for scan in scans:
        for level, finding in scan.fractures.items():
            found.setdefault(level, []).append(finding)
    for level in sorted({*counts, *found}, key=rank):
        seen = {"labelled": counts[level]} if labelled else {}
        yield {"level": level, **numbers(seen | (finding_counts(found.get(level, [])) if scans else {}))}


def _scanners(scans: Sequence[VerseScan]) -> Iterator[Line]:
    """Yield the scanners of the sheet, the most used first."""
    for device, count in Counter(scan.device for scan in scans if scan.device).most_common():
        patients = _patients(scan.subject_id for scan in scans if scan.device == device)
        yield {"device": device, "scans": str(count), "patients": patients}


def _density(scans: Sequence[VerseScan]) -> list[Line]:
    """Return the spread of densities over scans, and over patients by their first scan that has one."""
    known = [(scan.subject_id, scan.bmd) for scan in scans if scan.bmd is not None]
    first: dict[str, float] = {}
    for subject, value in known:
        first.setdefault(subject, value)
    groups = {"scans": [value for _, value in known], "patients": list(first.values()) if all(first) else []}
    return [{"of": name, **spread(values)} for name, values in groups.items() if values]


def _published(labelled: Sequence[LabelledScan], scans: Sequence[VerseScan]) -> list[Line]:
    """Return the published numbers beside those counted, of what is here whole."""
    here: dict[str, int] = {}
    for rows in (scans, labelled):
        patients = {one.subject_id if isinstance(one, VerseScan) else one.patient for one in rows}
        if len(rows) == WHOLE:
            here |= {"scans": WHOLE} | ({"patients": len(patients)} if all(patients) else {})
    if len(labelled) == WHOLE:
        regions = region_counts(_labels(labelled))
        here |= {REGIONS.get(what, what): count for what, count in regions.items()}
        for split in SPLITS:
            rows_of = [one for one in labelled if one.split == split]
            counts = {"scans": len(rows_of), "vertebrae": region_counts(_labels(rows_of))["vertebrae"]}
            here |= {f"{split} {what}": count for what, count in counts.items() if rows_of}
    if len(scans) == WHOLE:
        here |= finding_counts(_all_findings(scans))
    return published_rows((what, here[what], told) for what, told in PUBLISHED.items() if what in here)
