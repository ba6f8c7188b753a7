"""Markers compared: by subject, every pair of raters, and each with the consensus; the models where asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.agreement.marker_agreement import MarkerAgreement, compare
from spinemodel.cli.agree.marker_files import (
    Drawn,
    Failures,
    lacking,
    read_drawn,
    same_files,
    sources_of,
    subject_notes,
    with_path,
)
from spinemodel.cli.agree.marker_page import sections_of
from spinemodel.cli.agree.marker_pictures import draw_markers
from spinemodel.cli.agree.marker_summary import shown_rows
from spinemodel.cli.agree.marker_yardsticks import measures_of, slice_spacing
from spinemodel.cli.agree.models import NO_MODELS, compare_models, section_of
from spinemodel.cli.show import step
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.agreement.absent import absent_rows, subject_rows, swap_rows
from spinemodel.io.agreement.contours import contour_pooled_rows, contour_rows
from spinemodel.io.agreement.points import root_point_rows, root_rows, spread_rows
from spinemodel.io.agreement.pooled import Measured, measured_ganglia, measured_roots, pooled_rows
from spinemodel.io.agreement.yardsticks import yardstick_rows
from spinemodel.io.bids import write_subject
from spinemodel.io.tables import Row, write_rows
from spinemodel.report.agreement_page import Findings
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from spinemodel.agreement.bootstrap import Draws
    from spinemodel.cli.agree.request import Request


def compare_markers(request: Request) -> Callable[[Path], Findings]:
    """Read and compare the markers; return what writes the findings into a folder.

    A subject that cannot be read or compared does not hold up the others: the findings name it.
    """
    drawn, failed = read_drawn(request)
    several = {subject: by for subject, by in drawn.items() if len(by) > 1}
    found = {}
    for subject, by in several.items():
        with step(f"Comparing {subject}"):
            try:
                found[subject] = compare(by)
            except SpineModelError as problem:
                failed[subject] = type(problem)(f"{subject}: {with_path(str(problem), request)}")
    if not found:
        raise _nothing(request, drawn, failed)
    return partial(_report, request, drawn, found, failed)


def _nothing(request: Request, drawn: Drawn, failed: Failures) -> SpineModelError:
    """Return why nothing was compared."""
    if len(failed) > 1:
        return InputError(f"all {len(failed)} subjects failed, the first: {next(iter(failed.values()))}")
    if failed:
        return next(iter(failed.values()))
    held = "; ".join(f"{r} has {some(s for s, by in drawn.items() if r in by) or 'none'}" for r in request.paths)
    return InputError(f"no subject that two raters drew: {held}; compare drawings of the same subjects")


def _report(
    request: Request, drawn: Drawn, found: Mapping[str, MarkerAgreement], failed: Failures, folder: Path
) -> Findings:
    """Write consensus, figures and models, and return tables and page."""
    _write_consensus(folder / "consensus", found)
    roots, ganglia = measured_roots(found), measured_ganglia(found)
    lacks = lacking(request, drawn)
    rows = _rows(found, roots, ganglia, request.draws)
    rows["absent"] = [*subject_rows(lacks, drawn), *rows["absent"]]
    rows["yardsticks"] = yardstick_rows(measures_of(rows), slice_spacing(drawn))
    pictures, missing = draw_markers(folder, roots, ganglia, found) if request.figures else ({}, ())
    models = compare_models(request, drawn, found, folder) if request.models else NO_MODELS
    rows["models"] = models.rows
    problems = {subject: str(failed[subject]).removeprefix(f"{subject}: ") for subject in sorted(failed)}
    told = [*(f"failed: {subject}: {why}" for subject, why in problems.items()), *subject_notes(request, drawn)]
    sections = sections_of(rows, found, pictures, told, lacks, [section_of(models)] if request.models else [])
    sources = sources_of(request, drawn)
    notes = [*told, *_notes(rows, found), *same_files(sources), *missing, *models.notes]
    shown = ("Distances of roots, contours and ganglia", shown_rows(rows))
    return Findings(rows, sections, sources, list(found), shown, notes, problems)


def _write_consensus(folder: Path, found: Mapping[str, MarkerAgreement]) -> None:
    """Write the mean drawing of each subject, and the spread of its points."""
    for subject, agreement in found.items():
        write_subject(agreement.consensus.annotation, folder / subject)
        write_rows(folder / f"{subject}_spread.tsv", spread_rows(agreement.consensus.spread))


def _rows(
    found: Mapping[str, MarkerAgreement], roots: Sequence[Measured], ganglia: Sequence[Measured], draws: Draws
) -> dict[str, list[Row]]:
    """Return the tables by name."""
    return {
        "roots_points": root_point_rows(found),
        "roots": root_rows(found),
        "roots_pooled": pooled_rows(roots, draws),
        "contours": contour_rows(found),
        "contours_pooled": contour_pooled_rows(found, draws),
        "ganglia_pooled": pooled_rows(ganglia, draws),
        "absent": absent_rows(found),
        "exchanged": swap_rows(found),
    }


def _notes(rows: Mapping[str, Sequence[Row]], found: Mapping[str, MarkerAgreement]) -> list[str]:
    """Return what is to be known of each subject, what is missing, in short, and which levels look exchanged."""
    absent = len(rows["absent"])
    own = [f"{subject}: {note}" for subject, each in found.items() for note in each.notes]
    entries = f"{absent} {'entry' if absent == 1 else 'entries'}"
    missing = [f"{entries} of what one drew and another did not: absent.tsv"] if absent else []
    swaps = [
        f"{subject}: {told}"
        for subject, agreement in found.items()
        for told in (*agreement.consensus.swaps, *agreement.consensus.renamed)
    ]
    return [*own, *missing, *swaps]
