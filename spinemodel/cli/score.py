"""``spinemodel score``: how well a segmentation of a spine agrees with a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from spinemodel.cli.outputs import require_free
from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import SpaceMismatchError
from spinemodel.io.tables import Row, write_rows

if TYPE_CHECKING:
    from spinemodel.vertebrae.mask import VertebralMask
    from spinemodel.vertebrae.names import Kind
    from spinemodel.vertebrae.scores import Scores, Spread, StructureScore, Summary

NONE: Final = "n/a"

PRINTED: Final = {
    "structure": "structure",
    "Dice": "Dice",
    "reference_cm3": "cm3",
    "Hausdorff_mm": "Hausdorff mm",
    "HD95_mm": "HD95 mm",
    "ASD_mm": "ASD mm",
    "centre_mm": "centre mm",
}
"""What is printed of the columns of a file, and how it is headed."""

NUMBERS: Final = ("Dice", "cm3", "number", "missed", "extra", "detected", "Dice of those")


def score(
    reference: Annotated[Path, typer.Argument(help="Mask to score against: NIfTI or MetaImage.")],
    predicted: Annotated[Path, typer.Argument(help="Mask to score, on the same voxels.")],
    labels: Annotated[
        str | None, typer.Option(metavar="MAP", help="Label map of both: a shipped one such as verse, or a file.")
    ] = None,
    predicted_labels: Annotated[
        str | None, typer.Option(metavar="MAP", help="That of the predicted mask. Default: the reference's.")
    ] = None,
    lowest: Annotated[
        Literal["L4", "L5", "L6"], typer.Option(help="SPIDER: the vertebra on the sacrum, to name levels by.")
    ] = "L5",
    matching: Annotated[
        Literal["name", "overlap"], typer.Option(help="Compare what is of one name, or what overlaps most.")
    ] = "name",
    neighbours: Annotated[
        Literal["faces", "corners"], typer.Option(help="Boundary voxels touch the outside by a face, or a corner.")
    ] = "faces",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the scores as a TSV file.")] = None,
) -> None:
    """Print Dice, Hausdorff and surface distances of each structure of a reference, and what was missed or is extra.

    As in VerSe: by name, a missed vertebra has Dice 0, and one is identified within 20 mm. As in SPIDER: --matching
    overlap --neighbours corners; a structure is detected from Dice 0.1 on. Partly visible vertebrae are shown, but do
    not count. HD95 is the larger of both directions, ASD the mean over the boundary voxels of both masks.

    Example: spinemodel score sub-verse004_seg-vert_msk.nii.gz mine.nii.gz --out scores.tsv

    Example: spinemodel score masks/1_t2.mha mine/1_t2.mha --matching overlap --neighbours corners

    Example: spinemodel score expert.nii.gz totalspineseg.nii.gz --labels verse --predicted-labels totalspineseg
    """
    from spinemodel.vertebrae.scores import score as score_masks

    require_free([out] if out else [], [reference, predicted])
    with step(f"Reading {reference} and {predicted}"):
        first, second = _read(reference, predicted, labels, predicted_labels, lowest)
    with step("Comparing"):
        try:
            found = score_masks(first, second, matching=matching, neighbours=neighbours)
        except SpaceMismatchError as problem:
            raise SpaceMismatchError(f"{reference}, {predicted}: {problem}") from None
    rows = [_row(each) for each in found.structures.values()]
    _print(found, rows, f"{predicted} against {reference}")
    for note in dict.fromkeys((*first.notes, *second.notes)):
        say(f"note: {note}")
    if out is not None:
        rows += [dict.fromkeys(rows[0], NONE) | {"structure": name, "seen": "extra"} for name in found.extra]
        write_rows(out, rows)
        say(f"{len(rows)} rows: {out}")


def _read(
    reference: Path, predicted: Path, labels: str | None, predicted_labels: str | None, lowest: str
) -> tuple[VertebralMask, VertebralMask]:
    """Return both masks in one space; a mask that states none is taken to lie in the other's."""
    from dataclasses import replace

    from spinemodel.io.label_maps import shipped_maps
    from spinemodel.io.label_table import names_beside
    from spinemodel.io.sidecar import is_volume, stated_space
    from spinemodel.io.vertebral_masks import read_vertebral_mask
    from spinemodel.volume.labels import LabelVolume

    first = read_vertebral_mask(reference, labels=labels, lowest=lowest)
    same = first.scheme if first.scheme in shipped_maps() else None
    default = None if is_volume(predicted) and names_beside(predicted) else same
    own = predicted_labels or labels or default
    second = read_vertebral_mask(predicted, labels=own, lowest=lowest, plausible=False)  # errors are to be scored
    if all(is_volume(path) and stated_space(path) for path in (reference, predicted)):
        return first, second
    grid = replace(second.volume.grid, space=first.space)
    return first, replace(second, volume=LabelVolume(grid, second.volume.values, second.volume.names))


def _row(each: StructureScore) -> Row:
    """Return all that is told of a structure."""
    apart = each.distances
    change = 100 * (each.predicted_mm3 / each.reference_mm3 - 1)
    lengths = {
        "Hausdorff_mm": apart.hausdorff_mm if apart else None,
        "average_Hausdorff_mm": apart.average_hausdorff_mm if apart else None,
        "surface_Hausdorff_mm": apart.surface_hausdorff_mm if apart else None,
        "HD95_mm": apart.surface_hausdorff95_mm if apart else None,
        "ASD_mm": apart.surface_mm if apart else None,
        "centre_mm": each.offset_mm,
    }
    return {
        "structure": each.region.name,
        "seen": "partly" if each.region.partial else "whole",
        "predicted": each.predicted or "missed",
        "Dice": f"{each.dice:.4f}",
        "Jaccard": f"{each.jaccard:.4f}",
        "reference_cm3": f"{each.reference_mm3 / 1000:.4f}",
        "predicted_cm3": f"{each.predicted_mm3 / 1000:.4f}",
        "change_percent": f"{change:.2f}",
        **{column: NONE if length is None else f"{length:.3f}" for column, length in lengths.items()},
        "identified": _yes_or_no(each.identified),
    }


def _yes_or_no(value: bool | None) -> str:
    """Return an answer as text."""
    if value is None:
        return NONE
    return "yes" if value else "no"


def _print(found: Scores, rows: Sequence[Row], title: str) -> None:
    """Print the structures, the kinds of structures, and what was missed or is extra."""
    from spinemodel.vertebrae.scores import identification_rate, localisation_mm, summarise

    shown = [{heading: row[key] for key, heading in PRINTED.items()} for row in rows]
    for line, row in zip(shown, rows, strict=True):
        line["structure"] += f" as {row['predicted']}" if row["predicted"] not in ("missed", row["structure"]) else ""
        line["structure"] += " (partly)" if row["seen"] == "partly" else ""
    print_rows(title, shown, numbers=NUMBERS)
    kinds = summarise(found)
    print_rows("Dice by kind, mean ± SD: 0 for what was missed", _overlaps(kinds), numbers=NUMBERS)
    print_rows("Distances by kind, mean ± SD", _distances(kinds), numbers=NUMBERS)
    if not isnan(rate := identification_rate(found)):
        centres = localisation_mm(found)
        say(f"vertebrae identified: {100 * rate:.1f} %; centres {_spread(centres)} mm away")
    for what, names in (("missed", found.missed), ("extra", found.extra), ("not scored", found.unscored)):
        if names:
            say(f"{what}: {', '.join(names)}")


def _overlaps(kinds: Mapping[Kind, Summary]) -> list[Row]:
    """Return how much of each kind was found."""
    return [
        {
            "kind": kind,
            "number": str(each.structures),
            "missed": str(each.missed),
            "extra": str(each.extra),
            "Dice": _spread(each.dice, 3),
            "detected": f"{100 * each.detected:.0f} %",
            "Dice of those": _spread(each.detected_dice, 3),
        }
        for kind, each in kinds.items()
    ]


def _distances(kinds: Mapping[Kind, Summary]) -> list[Row]:
    """Return how far what was found of each kind lies off."""
    return [
        {
            "kind": kind,
            "Hausdorff mm": _spread(each.hausdorff_mm),
            "HD95 mm": _spread(each.hausdorff95_mm),
            "ASD mm": _spread(each.surface_mm),
        }
        for kind, each in kinds.items()
    ]


def _spread(values: Spread, digits: int = 2) -> str:
    """Return mean and standard deviation, as far as there are any."""
    if isnan(values.mean):
        return NONE
    return f"{values.mean:.{digits}f}" + ("" if isnan(values.sd) else f" ± {values.sd:.{digits}f}")
