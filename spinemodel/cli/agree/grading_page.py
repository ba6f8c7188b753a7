"""The page of compared gradings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from spinemodel.agreement.bland_altman import BlandAltman
from spinemodel.cli.agree.grading_columns import Column
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.agreement.cells import ALL, NONE
from spinemodel.io.tables import Row
from spinemodel.report.agreement_figures.gradings import draw_bland_altman
from spinemodel.report.page import Picture, Section, Table

TERMS: Final = {
    "Cohen's kappa": "Agreement of two raters beyond chance: 1 is full agreement, 0 what chance gives. Weighted kappa "
    "counts a disagreement by the distance of the two grades (linear), or by its square (quadratic).",
    "Fleiss' kappa": "The same for any number of raters, chance drawn from all gradings together.",
    "Krippendorff's alpha": "The same for any number of raters, with missing gradings; nominal, ordinal or interval "
    "says how two values differ.",
    "ICC(2,1), ICC(3,1)": "Share of the variance of single measurements that is the subjects' own: for absolute "
    "agreement, where an offset between raters counts, and for consistency, where it does not (Shrout & Fleiss 1979).",
    "Bland-Altman": "Bias is the mean of first less second, in the grading's own unit; 95 % of differences lie between "
    "the limits where they are normal. The slope is the change of the difference per unit of the mean: where it is not "
    "near 0, neither bias nor limits are one number.",
    "Undefined": "Where all gave one and the same grade, chance alone agrees fully and kappa and alpha are undefined; "
    "the reason stands in the table.",
}


def sections_of(
    raters: Iterable[str],
    subjects: Sequence[str],
    tables: Mapping[str, Sequence[Row]],
    pictures: Sequence[Picture],
    notes: Sequence[str],
) -> list[Section]:
    """Return the parts of the page."""
    rows = tables["gradings"]
    page = [{column: text for column, text in row.items() if column != "interval"} for row in rows]
    caption = (
        "Statistics with intervals over subjects; where one is missing, why. Intervals of ICC come from F "
        "distributions, all others from drawing subjects, as do those of all levels together: with all their levels"
    )
    limits = "Bias and limits of agreement, first less second, in the grading's own unit"
    return [
        Section("In short", [f"Gradings of {len(subjects)} subjects by {', '.join(raters)}."], items=_key_lines(rows)),
        Section("Missing and constant", [] if notes else ["Nothing is."], items=notes),
        Section("Agreement beyond chance", tables=[Table("gradings", caption, page)]),
        Section("Differences", (), pictures, [Table("bland_altman", limits, tables["bland_altman"])]),
        Section("What the words mean", terms=TERMS),
    ]


def _key_lines(rows: Sequence[Row]) -> list[str]:
    """Return one statistic of each grading: absolute agreement of numbers that were measured, else alpha."""
    lines = []
    for grading in dict.fromkeys(row["grading"] for row in rows):
        own = [row for row in of_all(rows) if row["grading"] == grading]
        alphas = [row for row in own if row["statistic"].startswith("Krippendorff")]
        is_graded = any("kappa" in row["statistic"] for row in own)
        row = (alphas if is_graded else [row for row in own if row["statistic"] == "ICC(2,1)"])[-1]
        ends = f"({row['low']} to {row['high']})" if row["low"] != NONE else f"({row['reason']})"
        lines.append(f"{grading}: {row['statistic']} of {row['raters']} {row['value']} {ends}")
    return lines


def of_all(rows: Sequence[Row]) -> list[Row]:
    """Return the statistics of all raters together, levels too; of two raters these are all."""
    most = {row["grading"]: max(len(r["raters"]) for r in rows if r["grading"] == row["grading"]) for row in rows}
    return [row for row in rows if row["level"] == ALL and len(row["raters"]) == most[row["grading"]]]


def draw_gradings(folder: Path, limits: Sequence[tuple[Column, BlandAltman]]) -> tuple[list[Picture], list[str]]:
    """Draw the differences of all rows of each grading and pair; return a note where they cannot be drawn."""
    made = []
    for place, (column, each) in enumerate((c, e) for c, e in limits if c.level == ALL and len(e.means)):
        path = folder / "figures" / f"bland_altman_{place + 1}.svg"
        what = f"{column.name}: {each.first} less {each.second} over their mean"
        try:
            draw_bland_altman(path, each, column.name)
        except BackendUnavailableError as missing:
            return [], [f"figures left out: {missing}"]
        caption = f"{what}. Line: bias; dashed: limits of agreement; bands: their intervals."
        made.append(Picture(path, caption, f"Bland-Altman plot of {what}; the numbers are in the table bland_altman."))
    return made, []
