"""What is odd in VerSe's files: scans, labels and rows of the sheet that do not fit each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from spinemodel.vertebrae.datasets.summary import some
from spinemodel.vertebrae.datasets.verse_rows import LABELS, LabelledScan, VerseScan
from spinemodel.vertebrae.names import rank


def verse_notes(labelled: Sequence[LabelledScan], scans: Sequence[VerseScan]) -> Iterator[str]:
    """Yield what is odd about labels, and where labels and sheet differ, one sentence each; either may be empty."""
    names = Counter(one.name for one in labelled)
    if twice := [name for name, count in names.items() if count > 1]:
        yield f"files of one name in several folders, each counted: {some(twice)}"
    others = [f"{one.name} ({label})" for one in labelled for label in one.labels if label not in {*LABELS, 26, 27}]
    if others:
        yield f"labels that are no vertebra of VerSe, not counted: {some(others)}"
    if labelled and not all(one.patient for one in labelled):
        yield "file names of the challenge do not tell patients, so they are not counted from labels"
    yield from _density_notes(scans)
    if labelled and scans:
        yield from _between(labelled, scans)


def _density_notes(scans: Sequence[VerseScan]) -> Iterator[str]:
    """Yield patients whose scans have different densities."""
    found: dict[str, set[float]] = {}
    for scan in scans:
        if scan.subject_id and scan.bmd is not None:
            found.setdefault(scan.subject_id, set()).add(scan.bmd)
    if differing := [subject for subject, values in found.items() if len(values) > 1]:
        yield f"scans of one patient differ in density: subjects {some(differing)}"


def _between(labelled: Sequence[LabelledScan], scans: Sequence[VerseScan]) -> Iterator[str]:
    """Yield scans of one source only, and vertebrae that were graded and are not labelled."""
    rows, shown = {scan.verse_id for scan in scans}, {one.verse_id for one in labelled}
    if alone := sorted(shown - rows):
        yield f"{len(alone)} scans without a row in the sheet: {some(alone)}"
    if alone := sorted(rows - shown):
        yield f"{len(alone)} rows of the sheet without a scan here: {some(alone)}"
    seen: dict[str, set[str]] = {}
    for one in labelled:
        seen.setdefault(one.verse_id, set()).update(LABELS.get(label, "") for label in one.labels)
    lost = [
        f"{scan.verse_id} {level}"
        for scan in scans
        for level in sorted(scan.fractures.keys() - seen.get(scan.verse_id, scan.fractures.keys()), key=rank)
    ]
    if lost:
        yield f"{len(lost)} vertebrae graded in the sheet and not labelled: {some(lost)}"
