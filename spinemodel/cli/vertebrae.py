"""``spinemodel vertebrae``: label masks of spines into surfaces, measures, fracture grades and pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from spinemodel.cli.options import FileFrame, Formats, LastThoracic, formats_of
from spinemodel.cli.show import say
from spinemodel.cli.spine_scans import Outcome, Request, outcomes
from spinemodel.cli.tables import print_rows
from spinemodel.errors import InputError
from spinemodel.io.tables import Row, write_rows

if TYPE_CHECKING:
    from spinemodel.vertebrae.against_sheet import Pair
    from spinemodel.vertebrae.datasets.verse_rows import VerseScan
    from spinemodel.vertebrae.density import Calibration

PRINTED: Final = {
    "vertebra": "level",
    "anterior_height_mm": "front mm",
    "middle_height_mm": "mid mm",
    "posterior_height_mm": "back mm",
    "wedge_sagittal_deg": "wedge",
    "canal_area_mm2": "canal mm2",
    "genant_grade": "grade",
    "genant_shape": "shape",
    "core_mean_hu": "HU",
    "bmd_mg_cm3": "mg/cm3",
}
"""What is printed of the columns of a scan's table, and how it is headed."""

AGREEMENT: Final = "fracture_agreement.tsv"


def vertebrae(
    mask: Annotated[Path, typer.Argument(help="A mask (NIfTI, MetaImage), or a folder: every mask in it, as in BIDS.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to, as OUT/<scan>.")],
    labels: Annotated[
        str | None,
        typer.Option(metavar="MAP", help="Label map: verse, spider, totalspineseg, ..., or a file. Default: by name."),
    ] = None,
    lowest: Annotated[
        Literal["L4", "L5", "L6"], typer.Option(help="SPIDER: the vertebra on the sacrum, to name levels by.")
    ] = "L5",
    last_thoracic: LastThoracic = "T12",
    centroids: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Body centres as in VerSe. Default: those beside the mask.")
    ] = None,
    density: Annotated[bool, typer.Option("--density", help="Measure density in the CT beside each mask.")] = False,
    ct: Annotated[Path | None, typer.Option(metavar="IMAGE", help="The CT of a single mask; asks for density.")] = None,
    contrast: Annotated[
        bool | None,
        typer.Option("--contrast/--no-contrast", help="Whether contrast medium was given. Default: looked for."),
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(metavar="SLOPE,INTERCEPT,SOURCE", help='From HU to mg/cm3, such as "0.8,-3,phantom of May".'),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="VerSe's sheet of fractures (xlsx, csv) to compare grades with.")
    ] = None,
    least: Annotated[float, typer.Option(min=0, metavar="MM3", help="Drop smaller detached pieces.")] = 100.0,
    fill_holes: Annotated[bool, typer.Option("--fill-holes", help="Fill cavities within a structure.")] = False,
    formats: Formats = "stl",
    frame: FileFrame = "LPS",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, metavar="N", help="Scans at once; 0: one per core.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Also scans that were done before in the same way.")] = False,
    figures: Annotated[bool, typer.Option(help="Draw each spine with its levels.")] = True,
) -> None:
    """Mesh every vertebra, disc, canal and sacrum of a mask, measure them and grade fractures.

    Surfaces are closed and share their faces where structures touch. Lengths are mm; every body is measured in its own
    axes. A folder's scans are done one per core; those done before are left as they are.

    Example: spinemodel vertebrae sub-verse004_seg-vert_msk.nii.gz --out spines

    Example: spinemodel vertebrae dataset-verse19training --out spines --density --sheet ryai190138_appendixe1.xlsx

    Example: spinemodel vertebrae spider/masks --out spines --lowest L5 --format ply

    Example: spinemodel vertebrae segmentation.nii.gz --labels totalspineseg --out spines
    """
    from spinemodel.io.vertebral_masks import scan_name

    request = Request(
        out=out,
        labels=labels,
        lowest=lowest,
        last_thoracic=last_thoracic,
        centroids=centroids,
        ct=ct,
        density=density or ct is not None,
        contrast=contrast,
        calibration=_calibration(calibration),
        least_mm3=least,
        fill_holes=fill_holes,
        formats=tuple(formats_of(formats)),
        frame=frame,
        figures=figures,
    )
    if request.calibration and not request.density:
        raise InputError(f"--calibration {calibration}: turns HU into density; ask for it with --density or --ct")
    graded = _sheet(sheet)
    masks = _masks(mask, request)
    todo = [path for path in masks if again or not _done(path, request)]
    if len(todo) < len(masks):
        say(f"{len(masks) - len(todo)} of {len(masks)} scans are done already; --again does them anew")
    found = _run(todo, request, jobs or os.cpu_count() or 1)
    if graded is not None:
        _compare([scan_name(path) for path in masks], graded, out)
    failed = [one for one in found if one.problem]
    if failed and len(masks) == 1:
        raise InputError(failed[0].problem)
    if failed:
        raise InputError(f"{len(failed)} of {len(masks)} scans failed, the first: {failed[0].problem}")


def _calibration(text: str | None) -> Calibration | None:
    """Return the line from HU to bone mineral density that the option states."""
    from spinemodel.vertebrae.density import Calibration

    if text is None:
        return None
    slope, _, rest = text.partition(",")
    intercept, _, source = rest.partition(",")
    try:
        return Calibration(float(slope), float(intercept), source)
    except InputError:
        raise
    except ValueError:
        raise InputError(f"--calibration {text}: expected SLOPE,INTERCEPT,SOURCE such as 0.8,-3,phantom") from None


def _masks(given: Path, request: Request) -> list[Path]:
    """Return the masks to do."""
    from spinemodel.io.scan_names import find_masks
    from spinemodel.io.vertebral_masks import scan_name

    if not given.exists():
        raise InputError(f"{given}: no such file or folder; expected a mask, or a folder of masks")
    if not given.is_dir():
        return [given]
    if request.ct or request.centroids:
        raise InputError(f"{given}: a folder has several scans; leave out --ct and --centroids, which belong to one")
    masks = [files.mask for files in find_masks(given)]
    if not masks:
        raise InputError(f"{given}: no mask found; expected names of VerSe, SPIDER or BIDS, or give one file")
    names: dict[str, Path] = {}
    for path in masks:
        twin = names.setdefault(scan_name(path), path)
        if twin is not path:
            raise InputError(f"{path}: the same scan as {twin} by its name, {scan_name(path)}; keep one in the folder")
    return masks


def _done(path: Path, request: Request) -> bool:
    """Tell whether a scan's folder answers the request."""
    from spinemodel.cli.spine_scans import asked, picture_of
    from spinemodel.io.spine_folder import RECORD, is_done
    from spinemodel.io.vertebral_masks import scan_name

    record = request.out / scan_name(path) / RECORD
    drawn = not request.figures or picture_of(record).is_file()
    return path.is_file() and drawn and is_done(record, asked(path, request))


def _run(masks: Sequence[Path], request: Request, jobs: int) -> list[Outcome]:
    """Do all scans, telling how far it is and what came of each."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    found = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=len(masks) < 2, transient=True) as progress:
        task = progress.add_task("Scans", total=len(masks))
        for outcome in outcomes(masks, request, jobs):
            progress.advance(task)
            _tell(outcome, alone=len(masks) == 1)
            found.append(outcome)
    return found


def _tell(outcome: Outcome, *, alone: bool) -> None:
    """Print what came of a scan: all measures of a single one, one line of one among many."""
    if outcome.problem and not alone:
        say(f"failed: {outcome.problem}")
    if outcome.record is None:
        return
    if alone:
        rows = [_printed(row) for row in outcome.rows]
        title = f"{outcome.subject}: heights of bodies, wedge (degrees), canal, fracture (Genant)"
        print_rows(title, rows, [*PRINTED.values()][1:])
    for note in outcome.notes:
        say(f"note: {outcome.subject}: {note}" if not alone else f"note: {note}")
    say(f"{outcome.structures} structures: {outcome.record}")


def _printed(row: Row) -> Row:
    """Return the columns of a vertebra that are printed."""
    return {head: row[column] for column, head in PRINTED.items() if column in row}


def _scan_id(scan: str) -> str:
    """Return the part of a scan's name that the sheet knows: the split where there is one.

    Examples
    --------
    >>> _scan_id("sub-verse400_split-verse090_dir-iso"), _scan_id("sub-verse004")
    ('verse090', 'sub-verse004')
    """
    split = re.search("_split-([A-Za-z0-9]+)", scan)
    return split.group(1) if split else scan.split("_")[0]


def _sheet(path: Path | None) -> dict[str, VerseScan] | None:
    """Return the rows of the sheet by scan, read before hours of work."""
    from spinemodel.io.verse_sheet import read_verse_sheet

    return None if path is None else {scan.verse_id: scan for scan in read_verse_sheet(path).rows}


def _compare(names: Iterable[str], scans: Mapping[str, VerseScan], out: Path) -> None:
    """Print and write how the grades of scans, done now or before, agree with those of a sheet."""
    from spinemodel.io.sheets import read_sheet
    from spinemodel.io.spine_tables import grades_in
    from spinemodel.vertebrae.against_sheet import agreement, pair_grades
    from spinemodel.vertebrae.datasets.verse_rows import verse_id

    pairs: list[Pair] = []
    for name in names:
        row, table = scans.get(verse_id(_scan_id(name))), out / name / f"{name}_vertebrae.tsv"
        if row and table.is_file():
            cells = [record.cells for record in read_sheet(table).rows]
            pairs += pair_grades(name, grades_in(cells), row)
    told = agreement(pairs)
    if told is None:
        say("no vertebra is graded both in the sheet and here")
        return
    rows = [{"scan": p.scan, "level": p.level, "found": str(p.found), "sheet": str(p.sheet)} for p in pairs]
    write_rows(out / AGREEMENT, rows)
    shares = f"same grade {100 * told.same:.0f} %, fractured or not {100 * told.fractured:.0f} %"
    say(f"{told.pairs} vertebrae beside the sheet: {shares}, weighted kappa {told.kappa}: {out / AGREEMENT}")
