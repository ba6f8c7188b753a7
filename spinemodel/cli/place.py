"""``spinemodel place``: an electrode lead on a model's dura, and how it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from spinemodel.cli.options import FileFrame, formats_of
from spinemodel.cli.outputs import require_free
from spinemodel.cli.placed import compare, tell
from spinemodel.cli.show import say, step
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.design import LeadDesign
    from spinemodel.leads.placement import Placed
    from spinemodel.leads.site import Site
    from spinemodel.leads.track import Course, Target

MOST_IN_SERIES: Final = 99
"""Files are numbered with two digits."""


def place(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    lead: Annotated[
        str, typer.Option("--lead", metavar="NAME|FILE.toml", help="A lead; see `spinemodel leads list`.")
    ],
    at: Annotated[
        str,
        typer.Option(help="Place of the contacts' middle: L1 or segment:L1 (spinal segment), vertebra:T12, z:-420 "
                     "(RAS mm), point:FILE.mrk.json or point:FILE.mrk.json:LABEL."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, such as lead.json.")],
    offset: Annotated[float, typer.Option(metavar="MM", help="From there towards the head, along the dura.")] = 0.0,
    lateral: Annotated[
        float, typer.Option(metavar="MM", help="From the midline to the subject's right, round the dura.")
    ] = 0.0,
    tilt: Annotated[
        float, typer.Option(metavar="DEG", help="Turn about the normal, anticlockwise seen from outside the dura.")
    ] = 0.0,
    side: Annotated[Literal["dorsal", "ventral"], typer.Option(help="Side of the dura.")] = "dorsal",
    gap: Annotated[
        float, typer.Option(metavar="MM", help="Least distance between the lead and the dura's outer face.")
    ] = 0.1,
    midline: Annotated[
        Literal["cord", "canal"], typer.Option(help="What the midline is the middle of: the cord, or dura and canal.")
    ] = "cord",
    series: Annotated[
        int, typer.Option(metavar="N", help="Place N leads, each moved on by --step or --turn; OUT_01.json and so on.")
    ] = 1,
    step_by: Annotated[
        str, typer.Option("--step", metavar="MM", help="Between leads of a series, towards the head: 2mm.")
    ] = "0mm",
    turn_by: Annotated[str, typer.Option("--turn", metavar="DEG", help="Between leads of a series: 5deg.")] = "0deg",
    meshes: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also write the parts as meshes.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Formats of the meshes, separated by commas.")] = "stl",
    frame: FileFrame = "LPS",
    figure: Annotated[bool, typer.Option("--figure", help="Also draw each lead, as OUT.png.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where a lead does not fit.")] = False,
) -> None:  # fmt: skip
    """Place an electrode lead on the dura, tip towards the head, and report how it fits; nothing is carved.

    The middle of the contacts lies at the place asked for. The lead follows the dura's course; it is lifted by the
    least that leaves the gap everywhere. Clearances to dura, cord, bone, discs and canal are those of its whole body.

    Example: spinemodel place models/sub-03 --lead specify-5-6-5 --at L1 --out lead.json --figure

    Example: spinemodel place models/sub-03 --lead my.toml --at vertebra:T12 --offset -5 --lateral 1 --tilt 3
    --out lead.json --meshes lead_meshes --strict

    Example: spinemodel place models/sub-03 --lead specify-5-6-5 --at L1 --series 6 --step 2mm --out lead.json
    """
    from spinemodel.io.lead_catalogue import find_lead
    from spinemodel.io.lead_site import site_of, target_of
    from spinemodel.io.whole_model import read_model
    from spinemodel.leads.series import series as in_series
    from spinemodel.leads.track import Course

    several = _courses(Course(offset, lateral, tilt, side, midline), gap, series, step_by, turn_by)
    design, paths = find_lead(lead), _numbered(out, len(several))
    files = _Files(paths, out.with_suffix(".tsv"), meshes, tuple(formats_of(formats)), frame, figure)
    _require_free(files, design, model)
    with step(f"Reading {model}"):
        whole = read_model(model)
        site, target = site_of(whole), target_of(at, whole)
    say(_said(at, target, site))
    done = _placed(paths, in_series(design, site, target, several, gap))
    _write(files, done, whole)
    for path, placed in done.items():
        tell(path, placed)
    if len(done) > 1:
        compare(files.table, done)
    if strict and not all(placed.fit.fits for placed in done.values()):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Files:
    """What is written: a lead or several, for several a table, and what was asked for besides."""

    leads: list[Path]
    table: Path
    meshes: Path | None
    formats: tuple[str, ...]
    frame: Literal["LPS", "RAS"]
    figure: bool


def _courses(first: Course, gap: float, count: int, step_by: str, turn_by: str) -> tuple[Course, ...]:
    """Return the courses asked for, or refuse, before anything is read, an option that no lead can follow."""
    from spinemodel.leads.placement import MOST_GAP_MM
    from spinemodel.leads.series import courses
    from spinemodel.leads.track import MOST_TILT_DEG

    for option, value in (("--offset", first.offset_mm), ("--lateral", first.lateral_mm)):
        if not isfinite(value):
            raise InputError(f"{option} {value:g}: expected a number of mm")
    if not 0 <= gap <= MOST_GAP_MM:
        raise InputError(f"--gap {gap:g}: expected 0 to {MOST_GAP_MM:g} mm")
    if not abs(first.tilt_deg) <= MOST_TILT_DEG:
        raise InputError(f"--tilt {first.tilt_deg:g}: expected at most {MOST_TILT_DEG:g} degrees either way")
    turn = _measure("--turn", turn_by, "deg")
    several = courses(first, _count(count), _measure("--step", step_by, "mm"), turn)
    last = several[-1].tilt_deg
    if abs(last) > MOST_TILT_DEG:
        raise InputError(f"--turn {turn_by}: tilts the last of the series by {last:g} degrees; expected at most "
                         f"{MOST_TILT_DEG:g} either way")  # fmt: skip
    return several


def _require_room(option: str, folder: Path | None) -> None:
    """Refuse a folder that cannot be written to, or made, before anything is read."""
    from tempfile import TemporaryFile

    if folder is None:
        return
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    try:
        with TemporaryFile(dir=there):
            pass
    except OSError as problem:
        raise InputError(f"{option}: {folder} cannot be written to ({problem.strerror}); choose another") from None


def _said(at: str, target: Target, site: Site) -> str:
    """Return what is said of the place; of a point how far it is from the dura, to which it is moved."""
    from spinemodel.leads.marked_point import off_dura

    off = off_dura(site, target)
    return f"{at}: {target.said}" + ("" if off is None else f", {off:.1f} mm from the dura")


def _placed(paths: list[Path], placing: Iterator[Placed]) -> dict[Path, Placed]:
    """Return every placed lead by its file: all of them, before any is written, so that no series is left in part."""
    done: dict[Path, Placed] = {}
    for i, path in enumerate(paths, start=1):
        try:
            with step(f"Placing {path.stem}"):
                done[path] = next(placing)
        except InputError as problem:
            if len(paths) == 1:
                raise
            raise InputError(f"lead {i} of {len(paths)}: {problem}; none of the series was written") from problem
    return done


def _count(series: int) -> int:
    """Return the number of leads, or refuse it."""
    if not 1 <= series <= MOST_IN_SERIES:
        raise InputError(f"--series {series}: expected 1 to {MOST_IN_SERIES}")
    return series


def _measure(option: str, text: str, unit: str) -> float:
    """Return a number with or without its unit.

    Examples
    --------
    >>> _measure("--step", "2mm", "mm"), _measure("--turn", "-5", "deg")
    (2.0, -5.0)
    """
    try:
        value = float(text.strip().lower().removesuffix(unit))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise InputError(f"{option} {text}: expected a number of {unit}, such as 2{unit}")
    return value


def _numbered(out: Path, count: int) -> list[Path]:
    """Return the file to write, or those of a series.

    Examples
    --------
    >>> [path.name for path in _numbered(Path("lead.json"), 2)]
    ['lead_01.json', 'lead_02.json']
    """
    if out.suffix.lower() != ".json":
        raise InputError(f"--out {out}: expected a name that ends with .json")
    return [out] if count == 1 else [out.with_stem(f"{out.stem}_{i:02d}") for i in range(1, count + 1)]


def _require_free(files: _Files, design: LeadDesign, model: Path) -> None:
    """Refuse outputs that would replace something or cannot be written, before anything is read."""
    from spinemodel.io.lead import mesh_paths

    pictures = [path.with_suffix(".png") for path in files.leads] if files.figure else []
    parts = [part for path in files.leads for part in mesh_paths(design, files.meshes, files.formats, path.stem)
             ] if files.meshes else []  # fmt: skip
    tables = [files.table] if len(files.leads) > 1 else []
    require_free([*files.leads, *pictures, *parts, *tables], [model])
    _require_room("--out", files.table.parent)
    _require_room("--meshes", files.meshes)


def _write(files: _Files, done: Mapping[Path, Placed], model: WholeModel) -> None:
    """Write every lead, the table of a series, and meshes and pictures where asked for."""
    from spinemodel.io.lead import comparison, write_lead, write_lead_meshes
    from spinemodel.io.tables import write_rows

    for path, placed in done.items():
        write_lead(placed, path, model)
    if len(done) > 1:
        write_rows(files.table, comparison({path.name: placed for path, placed in done.items()}))
    for path, placed in done.items():
        if files.meshes:
            write_lead_meshes(placed.lead, files.meshes, files.formats, stem=path.stem, frame=files.frame)
        if files.figure:
            _draw(path.with_suffix(".png"), placed, model)


def _draw(path: Path, placed: Placed, model: WholeModel) -> None:
    """Draw a lead, or say why not."""
    from spinemodel.report.lead import render_lead

    try:
        with step(f"Drawing {path.name}"):
            render_lead(path, placed, model.surfaces, model.partition, model.levels.axis)
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")
