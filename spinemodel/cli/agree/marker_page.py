"""The page of compared markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from spinemodel.agreement.comparable import BESIDE_MM, CONSENSUS
from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.agreement.whole_shift import LEAST_MM
from spinemodel.cli.agree.marker_yardsticks import who, whole
from spinemodel.cli.agree.yardsticks import does_it_matter
from spinemodel.io.agreement.cells import ALL, NONE
from spinemodel.io.tables import Row
from spinemodel.report.page import Picture, Section, Table
from spinemodel.vertebrae.datasets.summary import some

MOST_ROWS: Final = 60
"""Most rows of a table on the page; its file has all. A choice: a page of paper."""

TERMS: Final = {
    "Distance of a root": "The three-dimensional distance of corresponding points: those of one slice where both drew "
    "on the same slices, and at equal parts of the common length otherwise (column “paired by”). It is never negative: "
    "two raters who scatter about one line by s mm in either direction of a slice lie 1.77 s apart on average, "
    "without either being biased. The shift is the mean of second less first, which shows a bias.",
    "Mean, SD, n": "Of all n points together, over n - 1. Points of one root are neighbours and no independent "
    "samples, so intervals of the mean come from drawing whole subjects.",
    "Distance of contours": "Of the closed curves that a model is built through, in the slice: the mean of both "
    "directions, the largest (Hausdorff), and the 95 % quantile (Hausdorff 95).",
    "Dice": "Twice the common area over the sum of both areas.",
    "Consensus": "The mean of all raters. A rater is part of it, and lies nearer to it than to the truth: of two, each "
    "lies half of their distance from their mean.",
    "Shifted as a whole": "Where all differences of a kind of structure are nearly one vector. Shifts below "
    f"{LEAST_MM:g} mm are not told, and drawings that are off by {BESIDE_MM:g} mm or more are not compared.",
    "Exchanged levels": "Roots whose lines fit far better after exchanging names. Distances are those under the names "
    "in the files. The consensus takes the names that most raters gave, of two those of the first, so that no mean "
    "lies between two roots; who is right only a person can say.",
}


def sections_of(
    rows: Mapping[str, Sequence[Row]],
    found: Mapping[str, MarkerAgreement],
    pictures: Mapping[str, Sequence[Picture]],
    told: Sequence[str],
    lacks: Mapping[str, Sequence[str]],
    models: Sequence[Section],
) -> list[Section]:
    """Return the parts of the page."""
    raters = list(dict.fromkeys(rater for agreement in found.values() for rater in agreement.raters))
    lead = [
        f"{len(found)} subject{'s' * (len(found) > 1)} ({some(found)}) as drawn by {', '.join(raters)}"
        f"{_without(found, lacks)}: every two of them are compared, and each with the consensus of all, which comes "
        "second in the tables.",
        *_key_lines(rows),
    ]
    ends = "Low and high: interval of the mean over subjects"
    beside = _table("yardsticks", "Differences beside yardsticks", rows)
    known = [f"{subject}: {note}" for subject, each in found.items() for note in each.notes]
    notes = [f"{subject}: {note}" for subject, each in found.items() for note in each.consensus.annotation.notes]
    return [
        Section("In short", lead, items=known),
        does_it_matter("the distance of slices is that of the drawings themselves", beside),
        Section("Roots", (), pictures.get("roots", ()), [
            _table("roots_pooled", f"Distance of roots pooled by level, side and subject. {ends}", rows),
            _table("roots", "Distance of every root, of every pair", rows),
        ]),
        Section("Contours of cord and dura", (), pictures.get("contours", ()), [
            _table("contours_pooled", f"Contours pooled by spinal segment and subject. {ends}", rows),
        ]),
        Section("Ganglia", (), pictures.get("ganglia", ()), [
            _table("ganglia_pooled", f"Distance of ganglia pooled by level, side and subject. {ends}", rows),
        ]),
        *models,
        Section("Missing and exchanged", items=told, tables=[
            _table("absent", "What one rater drew and another did not; it is in no distance", rows),
            _table("exchanged", "Roots that look to have exchanged names, with the mean distance of their lines", rows),
        ]),
        Section("Consensus", _consensus(found), items=notes),
        Section("What the words mean", terms=TERMS),
    ]


def _without(found: Mapping[str, MarkerAgreement], lacks: Mapping[str, Sequence[str]]) -> str:
    """Return which of the compared subjects were not drawn by all."""
    parts = [f"{subject} not by {', '.join(raters)}" for subject, raters in lacks.items() if subject in found]
    return f", of whom {some(parts)}" if parts else ""


def _consensus(found: Mapping[str, MarkerAgreement]) -> list[str]:
    """Return where the consensus is, and what it is not good for."""
    text = ["Written to consensus/ as marker files, with the spread of every point beside them; spinemodel build makes "
            "models of them."]
    drawn = {subject: each.consensus.annotation for subject, each in found.items()}
    bare = [subject for subject, each in drawn.items() if not (each.cord and each.dura)]
    return [*text, f"No model can be built without contours of cord and dura: {some(bare)}."] if bare else text


def _key_lines(rows: Mapping[str, Sequence[Row]]) -> list[str]:
    """Return what matters most, a sentence each."""
    lines = [
        *(_distance("Roots", row, f"{row['n']} points") for row in whole(rows["roots_pooled"])),
        *(
            _distance(f"Contours of the {row['structure']}", row, f"{row['slices']} slices", f"; Dice {row['dice']}")
            for row in whole(rows["contours_pooled"])
        ),
        *(_distance("Ganglia", row, f"{row['n']} points") for row in whole(rows["ganglia_pooled"])),
    ]
    absent, swaps = len(rows["absent"]), len(rows["exchanged"])
    entries = f"{absent} {'entry' if absent == 1 else 'entries'} below" if absent else "nothing"
    lines.append(
        f"What one drew and another did not: {entries}. Exchanged levels: {swaps or 'none'} suspected."
    )
    return lines


def _distance(what: str, row: Row, count: str, more: str = "") -> str:
    """Return how far structures lie apart, in a sentence: the interval is that of the distance."""
    whose = f"{what} {'by' if what.startswith('Contours') else 'of'} {who(row)}"
    if row["mean_mm"] == NONE:
        return f"{whose} have no point in common."
    known = row["low"] != NONE
    ends = f"95 % interval {row['low']} to {row['high']} mm" if known else f"no interval: {row['reason']}"
    return (
        f"{whose} lie {row['mean_mm']} mm apart on average ({ends}; SD {row['sd_mm']} mm, largest "
        f"{row['largest_mm']} mm, {count}{more})."
    )


def _table(name: str, caption: str, rows: Mapping[str, Sequence[Row]]) -> Table:
    """Return a table as the page shows it: raters with the consensus only pooled, and where it is long, its start."""
    every = rows[name]
    held = [
        row
        for row in every
        if row.get("second") != CONSENSUS or {row.get(key) for key in ("subject", "level", "side")} <= {ALL, None}
    ]
    more = len(every) - len(held[:MOST_ROWS])
    return Table(name, f"{caption}. {more} more rows are in {name}.tsv" if more else caption, held[:MOST_ROWS])
