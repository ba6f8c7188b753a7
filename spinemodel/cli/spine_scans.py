"""One scan after another, or several at once: a mask in, a folder of surfaces and measures out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemodel.errors import BackendUnavailableError, InputError, SpineModelError
from spinemodel.io.tables import Row

if TYPE_CHECKING:
    from spinemodel.io.slicer import Frame
    from spinemodel.vertebrae.ct import CT
    from spinemodel.vertebrae.density import Calibration
    from spinemodel.vertebrae.mask import VertebralMask
    from spinemodel.vertebrae.spine import Spine

LOW_RATIO: Final = 0.8
"""Below it a body's front over its back is told of, even where neighbours are alike: the 20 % of Genant's grades."""

SEVERE: Final = 3


@dataclass(frozen=True)
class Request:
    """What is asked of every scan; fields as the options of ``spinemodel vertebrae``."""

    out: Path
    labels: str | None
    lowest: str
    last_thoracic: str
    centroids: Path | None
    ct: Path | None
    density: bool
    contrast: bool | None
    calibration: Calibration | None
    least_mm3: float
    fill_holes: bool
    formats: tuple[str, ...]
    frame: Frame
    figures: bool


@dataclass(frozen=True)
class Outcome:
    """What came of a scan.

    Attributes
    ----------
    mask
        Its file.
    subject
        Name of its folder.
    record
        Path of its record; None where it failed.
    structures
        How many were meshed.
    rows
        Of its vertebrae.
    notes
        One sentence each.
    problem
        Why it failed, in one line; empty where it did not.
    """

    mask: Path
    subject: str = ""
    record: Path | None = None
    structures: int = 0
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


def outcomes(masks: Sequence[Path], request: Request, jobs: int) -> Iterator[Outcome]:
    """Yield what comes of every mask as it is done, in several processes where there is more than one."""
    if jobs == 1 or len(masks) == 1:
        yield from (attempt(mask, request) for mask in masks)
        return
    # Processes are spawned: threads of numba and VTK do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: list[Future[Outcome]] = [pool.submit(attempt, mask, request) for mask in masks]
        for done in as_completed(waiting):
            try:
                yield done.result()
            except BrokenProcessPool:
                mend = "out of memory? Run again with fewer --jobs: scans that are done stay"
                raise InputError(f"a process that worked on a scan was killed ({mend})") from None


def attempt(mask: Path, request: Request) -> Outcome:
    """Return what came of a mask; what a user can mend is told in the outcome, so that the others go on."""
    try:
        return scan(mask, request)
    except SpineModelError as problem:
        return Outcome(mask, problem=" ".join(str(problem).split()))


def scan(path: Path, request: Request) -> Outcome:
    """Read a mask, examine it and write its folder."""
    from spinemodel.anatomy.annotation import Source
    from spinemodel.io.files import sha256
    from spinemodel.io.spine_folder import write_spine
    from spinemodel.io.spine_tables import vertebra_rows
    from spinemodel.io.vertebral_masks import read_vertebral_mask
    from spinemodel.vertebrae.spine import ExamineParameters, examine

    mask = read_vertebral_mask(
        path,
        labels=request.labels,
        lowest=request.lowest,
        last_thoracic=request.last_thoracic,  # type: ignore[arg-type]
        centroids=request.centroids or "auto",
    )
    image = _image(path, request)
    if image is not None:
        mask = replace(mask, sources=(*mask.sources, Source(image.name, sha256(image.read_bytes()))))
    parameters = ExamineParameters(request.least_mm3, request.fill_holes, request.calibration)
    spine = examine(mask, _ct(image, mask, request), parameters)
    record = write_spine(
        spine, request.out, request=asked(path, request), formats=request.formats, frame=request.frame
    )
    notes = (*mask.notes, *spine.missing, *_remarks(spine), *_mean(spine), *_draw(spine, record, request))
    rows = tuple(vertebra_rows(spine))
    return Outcome(path, mask.subject, record, len(spine.surfaces.labels), rows, notes)


def _image(path: Path, request: Request) -> Path | None:
    """Return the CT that density is measured in; None where none is asked for."""
    from spinemodel.io.scan_names import scan_files

    if not request.density:
        return None
    files = scan_files(path)
    image = request.ct or (files.image if files else None)
    if image is None:
        raise InputError(f"{path}: no CT beside it to measure density in; name it with --ct, or leave out --density")
    if not image.is_file():
        raise InputError(f"{image}: no such file; expected the CT of {path.name}")
    return image


def _ct(image: Path | None, mask: VertebralMask, request: Request) -> CT | None:
    """Return the CT at a path, in the mask's space."""
    from spinemodel.io.metaimage import read_image
    from spinemodel.vertebrae.ct import CT

    if image is None:
        return None
    read = read_image(image, space=mask.space)
    return CT(read.grid, read.values, request.contrast)


def asked(path: Path, request: Request) -> dict[str, Any]:
    """Return a request as a record holds it: what decides over the files, and the hashes of what is read."""
    from spinemodel.io.files import plain, sha256
    from spinemodel.io.scan_names import scan_files

    files = scan_files(path)
    beside = [files.centroids, files.image if request.density else None] if files else []
    stated = [request.centroids, request.ct, Path(request.labels) if request.labels else None]
    read = [path, *(file for file in (*stated, *beside) if file is not None and file.is_file())]
    hashes = {file.name: sha256(file.read_bytes()) for file in read}
    fields = {key: value for key, value in vars(request).items() if key not in ("out", "figures")}
    told = {key: str(value) if isinstance(value, Path) else plain(value) for key, value in fields.items()}
    return {"sha256": hashes, **told}


def _mean(spine: Spine) -> tuple[str, ...]:
    """Return what is to be said of the mean density."""
    from spinemodel.vertebrae.density import Refused

    if spine.mean is None:
        return ()
    if isinstance(spine.mean, Refused):
        return (f"no mean density: {spine.mean.reason}",)
    bmd = "" if spine.mean.bmd_mg_cm3 is None else f", {spine.mean.bmd_mg_cm3:.0f} mg/cm3"
    return (f"mean of {', '.join(spine.mean.levels)}: {spine.mean.mean_hu:.0f} HU{bmd}",)


def picture_of(record: Path) -> Path:
    """Return where the picture of a scan lies."""
    return record.parent / "figures" / f"{record.parent.name}_spine.png"


def _remarks(spine: Spine) -> tuple[str, ...]:
    """Return what is to be said of grades and densities."""
    from spinemodel.vertebrae.density import Refused
    from spinemodel.vertebrae.genant import Grade, Ungradable

    notes = []
    for name, one in spine.grades.items():
        if isinstance(one, Ungradable):
            notes.append(f"{name} is not graded: {one.reason}")
        elif isinstance(one, Grade) and one.grade == 0 and one.anterior_ratio < LOW_RATIO:
            notes.append(f"{name}: front {one.anterior_ratio:.2f} of its back, though not lower than its neighbours'")
        elif isinstance(one, Grade) and one.grade == SEVERE:
            notes.append(f"{name}: so deformed that angles by its endplates follow the collapse")
    refused: dict[str, list[str]] = {}
    for name, found in spine.density.items():
        if isinstance(found, Refused):
            refused.setdefault(found.reason, []).append(name)
    return (*notes, *(f"no density of {', '.join(names)}: {reason}" for reason, names in refused.items()))


def _draw(spine: Spine, record: Path, request: Request) -> tuple[str, ...]:
    """Draw the spine; return a note where it cannot be drawn."""
    from spinemodel.report.spine import render_spine
    from spinemodel.vertebrae.genant import Grade

    if not request.figures:
        return ()
    graded = {name: one for name, one in spine.grades.items() if isinstance(one, Grade) and one.grade}
    notes = {name: f"{one.shape} {one.grade}" for name, one in graded.items()}
    subject = spine.mask.subject
    try:
        render_spine(picture_of(record), spine.surfaces.parts, title=subject, notes=notes)
    except BackendUnavailableError as missing:
        return (f"figure left out: {missing}",)
    return ()
