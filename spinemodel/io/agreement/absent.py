"""What one rater drew and another did not, and roots that look to have exchanged names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.contours import UnmatchedContour
from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.io.agreement.cells import number
from spinemodel.io.agreement.pairs import pair_cells
from spinemodel.io.tables import Row


def absent_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return what one drew and another did not: structures, contours, and points without a partner."""
    rows = []
    for subject, agreement in found.items():
        for rater, names in agreement.missing.items():
            drawn = {name: [r for r in agreement.raters if name not in agreement.missing[r]] for name in names}
            rows += [_absent(subject, rater, name, "not drawn", "drawn by " + ", ".join(drawn[name])) for name in names]
        rows += [
            _absent(subject, each.other, f"contour {each.structure}", "not drawn", _at(each))
            for each in agreement.unmatched
        ]
        rows += _partnerless(subject, agreement)
    return rows


def subject_rows(lacking: Mapping[str, Iterable[str]], drawn: Mapping[str, Iterable[str]]) -> list[Row]:
    """Return the raters who lack a subject that others drew; raters by subject, who lack it and who drew it."""
    return [
        _absent(subject, rater, "subject", "not drawn", "drawn by " + ", ".join(drawn[subject]))
        for subject, raters in lacking.items()
        for rater in raters
    ]


def _at(contour: UnmatchedContour) -> str:
    return f"z {contour.z:.1f} mm, drawn by {', '.join(contour.raters)}"


def _partnerless(subject: str, agreement: MarkerAgreement) -> Iterator[Row]:
    """Yield how many points of each root and ganglion have no partner."""
    roots = [(f"root {each.root}", each.raters, each.unmatched) for each in agreement.roots]
    ganglia = [(f"ganglion {each.name}", each.raters, each.unmatched) for each in agreement.ganglia]
    for name, raters, unmatched in (*roots, *ganglia):
        if CONSENSUS in raters:
            continue
        for rater, other, count in zip(raters, raters[::-1], unmatched, strict=True):
            if count:
                yield _absent(subject, other, name, "points not drawn", f"{count} of {rater} without a partner")


def _absent(subject: str, rater: str, structure: str, what: str, detail: str) -> Row:
    return {"subject": subject, "rater": rater, "structure": structure, "what": what, "detail": detail}


def swap_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return the roots that look to have exchanged names."""
    return [
        {
            **pair_cells(subject, swap.raters),
            "names": ", ".join(f"{one} is {other}" for one, other in swap.names),
            "as_named_mm": number(swap.named_mm),
            "exchanged_mm": number(swap.exchanged_mm),
        }
        for subject, agreement in found.items()
        for swap in agreement.consensus.swaps
    ]
