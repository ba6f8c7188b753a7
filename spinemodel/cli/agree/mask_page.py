"""The page of compared masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from spinemodel.agreement.masks import MaskAgreement
from spinemodel.cli.agree.mask_files import ONE, Part
from spinemodel.cli.agree.yardsticks import does_it_matter
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.agreement.masks import counted, mask_rows
from spinemodel.io.tables import Row
from spinemodel.report.agreement_figures.masks import draw_dice
from spinemodel.report.page import Picture, Section, Table
from spinemodel.vertebrae.datasets.summary import some
from spinemodel.volume.grid import spacing

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request

Compared: TypeAlias = Sequence[tuple[str, str, MaskAgreement]]
"""Subject, structure, and how two drawings of it agree."""

MOST_ROWS: Final = 60
"""Most rows of the table of pairs on the page. A choice: a page of paper."""

TERMS: Final = {
    "Dice, Jaccard": "Twice the voxels of both over the sum, and the voxels of both over those of either.",
    "Hausdorff, Hausdorff 95": "Of the boundary voxels' centres, mm: the largest distance to the other boundary, and "
    "the larger of both directions' 95 % quantiles.",
    "Surface": "Mean distance, mm, of the boundary voxels of both masks to the other boundary.",
    "Difference": "Volume of the second less that of the first, over the mean of both.",
    "Inter, intra": "Two raters; one rater's two drawings. In means but those of intra each rater counts once, by the "
    "first drawing. Pairs share raters, so that there is no standard error over pairs; intervals are over subjects.",
    "Majority": "Voxels that more than half of the raters drew; with an even number, a tie is outside. Each rater "
    "votes once, with the first drawing.",
    "STAPLE": "Probability of each voxel by Warfield, Zou & Wells 2004, over the whole grid; the mask is where it is "
    "one half or more. Sensitivity and specificity are of each rater against that hidden truth.",
    "Others": "What all but the rater make by majority. A rater is part of the other consensus, and agrees with it the "
    "better for that.",
}


def draw_masks(folder: Path, found: Compared) -> tuple[list[Picture], list[str]]:
    """Draw Dice; return a note where it cannot be drawn."""
    path, what = folder / "figures" / "dice.svg", "Dice of every two masks, by structure"
    try:
        draw_dice(path, counted(found))
    except BackendUnavailableError as missing:
        return [], [f"figures left out: {missing}"]
    return [Picture(path, f"{what}; each mark is a pair.", f"{what}; the numbers are in the table masks.")], []


def sections_of(
    request: Request,
    rows: Mapping[str, Sequence[Row]],
    found: Compared,
    parts: Sequence[Part],
    pictures: Sequence[Picture],
    notes: Sequence[str],
) -> list[Section]:
    """Return the parts of the page."""
    structures = list(dict.fromkeys(part.structure for part in parts))
    subjects = list(dict.fromkeys(part.subject for part in parts if part.subject != ONE))
    whose = f"{len(subjects)} subjects ({some(subjects)})" if subjects else "one subject: no file's name holds sub-"
    lead = f"{', '.join(structures)} as drawn by {', '.join(request.paths)}, of {whose}."
    voxels = " x ".join(f"{side:.3g}" for side in spacing(parts[0].masks.grid))
    beside = Table("yardsticks", "Distances beside yardsticks", rows["yardsticks"])
    return [
        Section("In short", [lead], pictures, items=_key_lines(rows["masks_summary"])),
        Section("Missing and empty", [] if notes else ["Nothing is."], items=notes),
        does_it_matter(f"voxels are {voxels} mm", beside),
        Section("Measures", tables=[
            Table("masks_summary", "Mean, least and largest over pairs. Low and high: interval of the mean over "
                  "subjects", rows["masks_summary"]),
        ]),
        Section("STAPLE", tables=[Table("staple", "Each rater against STAPLE's hidden truth", rows["staple"])]),
        Section("Every pair", tables=[_pairs(found, rows["masks"])]),
        Section("What the words mean", terms=TERMS),
    ]


def _key_lines(summary: Sequence[Row]) -> list[str]:
    """Return the Dice of each structure, a sentence each."""
    dice = [row for row in summary if row["measure"] == "dice" and row["kind"] in ("inter", "intra")]
    names = {"inter": "two raters", "intra": "one rater's two drawings"}
    return [
        f"{row['structure']}: Dice of {names[row['kind']]} {row['mean']} on average ({row['least']} to "
        f"{row['largest']}, {row['pairs']} pair{'s' * (row['pairs'] != '1')})"
        for row in dice
    ]


def _pairs(found: Compared, rows: Sequence[Row]) -> Table:
    """Return the pairs of raters that the means are of; the file has all."""
    between = [(subject, structure, each) for subject, structure, each in found if each.kind != "consensus"]
    shown = mask_rows(counted(between))[:MOST_ROWS]
    rest = f". {len(rows) - len(shown)} more rows, with consensus and second drawings, are in masks.tsv"
    return Table("masks", "Every two raters, and one rater's two drawings" + rest * (len(rows) > len(shown)), shown)
