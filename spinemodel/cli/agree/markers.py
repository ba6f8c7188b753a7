"""Markers compared: by subject, every pair of raters, and each with the consensus; the models where asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.marker_agreement import MarkerAgreement, compare
from spinemodel.cli.agree.marker_files import Drawn, read_drawn, same_files, sources_of
from spinemodel.cli.agree.marker_page import sections_of
from spinemodel.cli.agree.marker_pictures import draw_markers
from spinemodel.cli.agree.marker_yardsticks import measures_of, slice_spacing
from spinemodel.cli.agree.models import NO_MODELS, compare_models, section_of
from spinemodel.cli.show import step
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.agreement.absent import absent_rows, swap_rows
from spinemodel.io.agreement.cells import ALL
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
    """Read and compare the markers; return what writes the findings into a folder."""
    drawn = read_drawn(request)
    several = {subject: by for subject, by in sorted(drawn.items()) if len(by) > 1}
    if not several:
        held = "; ".join(f"{r} has {some(s for s, by in drawn.items() if r in by) or 'none'}" for r in request.paths)
        raise InputError(f"no subject that two raters drew: {held}; compare drawings of the same subjects")
    found = {}
    for subject, by in several.items():
        with step(f"Comparing {subject}"):
            try:
                found[subject] = compare(by)
            except SpineModelError as problem:
                raise type(problem)(f"{subject}: {problem}") from None
    return partial(_report, request, drawn, found)


def _report(request: Request, drawn: Drawn, found: Mapping[str, MarkerAgreement], folder: Path) -> Findings:
    """Write consensus, figures and models, and return tables and page."""
    _write_consensus(folder / "consensus", found)
    roots, ganglia = measured_roots(found), measured_ganglia(found)
    rows = _rows(found, roots, ganglia, request.draws)
    rows["yardsticks"] = yardstick_rows(measures_of(rows), slice_spacing(drawn))
    pictures, missing = draw_markers(folder, roots, ganglia, found) if request.figures else ({}, ())
    models = compare_models(request, drawn, found, folder) if request.models else NO_MODELS
    rows["models"] = models.rows
    alone = [
        f"{subject}: drawn by {next(iter(by))} alone; not compared" for subject, by in drawn.items() if len(by) == 1
    ]
    sections = sections_of(rows, found, pictures, alone, [section_of(models)] if request.models else [])
    sources = sources_of(request, drawn)
    notes = [*alone, *_notes(rows, found), *same_files(sources), *missing, *models.notes]
    return Findings(rows, sections, sources, list(found), ("Distances of roots", _shown(rows["roots_pooled"])), notes)


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
    missing = [f"{absent} entries of what one drew and another did not: absent.tsv"] if absent else []
    swaps = [f"{subject}: {swap}" for subject, agreement in found.items() for swap in agreement.swaps]
    return [*own, *missing, *swaps]


def _shown(pooled: Sequence[Row]) -> list[Row]:
    """Return what is printed: the distances of each level, of all pairs together where there are several."""
    between = [row for row in pooled if row["second"] != CONSENSUS]
    chosen = [row for row in between if row["first"] == ALL] or between
    columns = ("first", "second", "level", "mean_mm", "sd_mm", "largest_mm", "n")
    return [{column: row[column] for column in columns} for row in chosen if row["subject"] == row["side"] == ALL]
