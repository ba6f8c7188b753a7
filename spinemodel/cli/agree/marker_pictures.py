"""The charts of compared markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.agreement.pooled import Measured
from spinemodel.report.agreement_figures.markers import draw_contours, draw_levels, draw_subjects
from spinemodel.report.page import Picture

MOST_SERIES: Final = 6
"""Most pairs of raters that a chart tells apart, those of four raters. A choice: there are seven colours."""

APART: Final = "distance between raters, mm"


def draw_markers(
    folder: Path, roots: Sequence[Measured], ganglia: Sequence[Measured], found: Mapping[str, MarkerAgreement]
) -> tuple[dict[str, list[Picture]], tuple[str, ...]]:
    """Draw the charts; return them by section, and a note where they cannot be drawn."""
    home = folder / "figures"
    try:
        return {
            "roots": _draw_roots(home, roots),
            "contours": _draw_contours(home, found),
            "ganglia": _draw_ganglia(home, ganglia),
        }, ()
    except BackendUnavailableError as missing:
        return {}, (f"figures left out: {missing}",)


def _draw_roots(home: Path, roots: Sequence[Measured]) -> list[Picture]:
    """Draw roots by level, between raters and from the consensus, and by subject."""
    between, to_mean = _between(roots), [item for item in roots if item.raters[1] == CONSENSUS]
    if not between:
        return []
    draw_levels(home / "roots_levels.svg", between, APART)
    draw_levels(home / "roots_consensus.svg", to_mean, "distance from the consensus, mm")
    draw_subjects(home / "roots_subjects.svg", between, APART)
    drawn = {
        "roots_levels": "Distance of roots between raters by level and side",
        "roots_consensus": "Distance of each rater's roots from the consensus",
        "roots_subjects": "Distance of roots, all subjects together",
    }
    return [_picture(home / f"{name}.svg", what, "roots_pooled") for name, what in drawn.items()]


def _draw_contours(home: Path, found: Mapping[str, MarkerAgreement]) -> list[Picture]:
    """Draw contours by height: between raters, or from the consensus where there are many pairs."""
    many = max(len(agreement.pairs) for agreement in found.values()) > MOST_SERIES
    every = {s: [each for each in a.contours if (each.raters[1] == CONSENSUS) == many] for s, a in found.items()}
    if not any(every.values()):
        return []
    draw_contours(home / "contours.svg", {subject: each for subject, each in every.items() if each})
    caption = f"Mean distance of the contours{' from the consensus' * many}, slice by slice"
    alt = f"{caption}, as lines over the height; the numbers are in contours.tsv."
    return [Picture(home / "contours.svg", f"{caption}.", alt)]


def _draw_ganglia(home: Path, ganglia: Sequence[Measured]) -> list[Picture]:
    """Draw ganglia by level, between raters."""
    between = _between(ganglia)
    if not any(len(item.distances) for item in between):
        return []
    draw_levels(home / "ganglia_levels.svg", between, APART)
    what = "Distance of ganglia between raters by level and side"
    return [_picture(home / "ganglia_levels.svg", what, "ganglia_pooled")]


def _between(items: Sequence[Measured]) -> list[Measured]:
    """Return the distances between raters; of many pairs as one series, which could not be told apart."""
    own = [item for item in items if item.raters[1] != CONSENSUS]
    if len({item.raters for item in own}) <= MOST_SERIES:
        return own
    return [item._replace(raters=(ALL, ALL)) for item in own]


def _picture(path: Path, what: str, table: str) -> Picture:
    how = "Marks and bars: mean and SD of all points; small dots: the mean of each subject, where there are several"
    return Picture(path, f"{what}. {how}.", f"{what}, mean and SD; the numbers are in the table {table}.")
