"""Annotations of one subject compared: every pair of annotators, and each with the consensus of all.

What one drew and another did not is in no distance, and is listed: structures in :attr:`MarkerAgreement.only_in` and
:attr:`MarkerAgreement.missing`, contours in :attr:`MarkerAgreement.unmatched`, points in ``unmatched`` of each root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.consensus import Consensus, mean_of
from spinemodel.agreement.contours import ContourAgreement, LevelAt, UnmatchedContour, compare_contours
from spinemodel.agreement.correspondence import SharedSlices, shared_slices
from spinemodel.agreement.drawing import Drawing, drawing_of, drawings_of, structures_of
from spinemodel.agreement.points import PointAgreement, compare_points
from spinemodel.agreement.roots import RootAgreement, compare_roots
from spinemodel.agreement.shifts import shift_note
from spinemodel.agreement.slice_levels import segment_of_slices
from spinemodel.anatomy.annotation import Annotation


@dataclass(frozen=True, eq=False)
class MarkerAgreement:
    """How far two or more annotations of a subject agree.

    Attributes
    ----------
    subject, space
        Of all annotations.
    raters
        The annotators.
    roots, contours, ganglia
        Of every pair of annotators, and of each annotator with ``consensus``, which comes second.
    unmatched
        Contours that some drew and another did not, each once.
    missing
        By annotator: the structures that another drew and they did not, such as ``root L3_R``, ``ganglion L1_L`` or
        ``cord``.
    only_in
        By annotator: the structures that they alone drew.
    consensus
        The mean of all, and the roots that look to have exchanged names.
    notes
        What else is to be known of the comparison, one sentence each.
    """

    subject: str
    space: str
    raters: tuple[str, ...]
    roots: tuple[RootAgreement, ...]
    contours: tuple[ContourAgreement, ...]
    ganglia: tuple[PointAgreement, ...]
    unmatched: tuple[UnmatchedContour, ...]
    missing: Mapping[str, tuple[str, ...]]
    only_in: Mapping[str, tuple[str, ...]]
    consensus: Consensus
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("missing", "only_in"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every pair of annotators, without the consensus."""
        return tuple(combinations(self.raters, 2))


def compare(annotations: Mapping[str, Annotation]) -> MarkerAgreement:
    """Return how far two or more annotations of one subject agree, by annotator.

    Raises
    ------
    InputError, SpaceMismatchError
        If they cannot be compared; see :func:`spinemodel.agreement.comparable.require_comparable`.

    Examples
    --------
    >>> from math import pi
    >>> from spinemodel.agreement.roots import pooled
    >>> from spinemodel.anatomy.phantom import Phantom, annotate
    >>> found = compare({"A": annotate(Phantom(noise_mm=0.2)), "B": annotate(Phantom(noise_mm=0.2, seed=1))})
    >>> between = pooled(root for root in found.roots if root.raters == ("A", "B"))
    >>> abs(between.mean / (0.2 * pi**0.5) - 1) < 0.05  # Rayleigh's mean of two scatters of 0.2 mm per coordinate
    True
    """
    drawings = drawings_of(annotations)
    mean, settled = mean_of(drawings)
    every = {**drawings, CONSENSUS: drawing_of(mean.annotation)}
    pairs = {
        pair: shared_slices([every[pair[0]].slices, every[pair[1]].slices]) for pair in combinations(every, 2)
    }
    normal = shared_slices(drawing.slices for drawing in drawings.values()).normal
    level_at, notes = segment_of_slices(settled.values(), normal)
    contours, unmatched = _contours(every, pairs, level_at)
    missing, only_in = _absent(drawings)
    roots = tuple(
        root
        for (one, other), shared in pairs.items()
        for root in compare_roots(every[one].roots, every[other].roots, (one, other), shared)
    )
    ganglia = tuple(ganglion for one, other in pairs for ganglion in _ganglia(every[one], every[other], (one, other)))
    return MarkerAgreement(
        mean.annotation.subject,
        mean.annotation.space,
        tuple(drawings),
        roots=roots,
        contours=contours,
        ganglia=ganglia,
        unmatched=unmatched,
        missing=missing,
        only_in=only_in,
        consensus=mean,
        notes=(*notes, *_shifts(drawings, pairs, (*roots, *contours, *ganglia))),
    )


def _shifts(
    drawings: Mapping[str, Drawing],
    pairs: Mapping[tuple[str, str], SharedSlices],
    compared: Sequence[RootAgreement | ContourAgreement | PointAgreement],
) -> Iterator[str]:
    """Say which annotators look shifted as a whole."""
    for one, other in combinations(drawings, 2):
        own = [each for each in compared if each.raters == (one, other)]
        note = shift_note((one, other), (drawings[one], drawings[other]), pairs[one, other], own)
        if note is not None:
            yield note


def _ganglia(first: Drawing, second: Drawing, raters: tuple[str, str]) -> tuple[PointAgreement, ...]:
    one, other = ({str(root): points for root, points in drawing.ganglia.items()} for drawing in (first, second))
    return compare_points(one, other, raters)


def _contours(
    drawings: Mapping[str, Drawing], pairs: Mapping[tuple[str, str], SharedSlices], level_at: LevelAt
) -> tuple[tuple[ContourAgreement, ...], tuple[UnmatchedContour, ...]]:
    """Return the agreement of all pairs on dura and cord, and what only one of two annotators drew."""
    agreements: list[ContourAgreement] = []
    unmatched: list[UnmatchedContour] = []
    for (one, other), shared in pairs.items():
        first, second = drawings[one].stacks, drawings[other].stacks
        for name in (name for name in first if name in second):
            found, left = compare_contours(name, (one, other), (first[name], second[name]), shared, level_at)
            agreements += found
            unmatched += left if other != CONSENSUS else ()
    return tuple(agreements), _together(unmatched, shared_slices(each.slices for each in drawings.values()))


def _together(unmatched: Sequence[UnmatchedContour], shared: SharedSlices) -> tuple[UnmatchedContour, ...]:
    """Return each contour that an annotator lacks once, with all who drew it."""
    found: list[UnmatchedContour] = []
    for each in unmatched:
        same = (each.structure, each.other)
        at = next((i for i, one in enumerate(found) if (one.structure, one.other) == same
                   and each.raters[0] not in one.raters and abs(one.z - each.z) <= shared.tolerance_mm), None)
        if at is None:
            found.append(each)
        else:
            found[at] = replace(found[at], raters=(*found[at].raters, *each.raters))
    return tuple(found)


def _absent(drawings: Mapping[str, Drawing]) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return by annotator what they lack that another drew, and what they alone drew."""
    drawn = {rater: structures_of(drawing) for rater, drawing in drawings.items()}
    every = list(dict.fromkeys(name for names in drawn.values() for name in names))
    drew = {name: [rater for rater in drawn if name in drawn[rater]] for name in every}
    missing = {rater: tuple(name for name in every if rater not in drew[name]) for rater in drawn}
    only_in = {rater: tuple(name for name in every if drew[name] == [rater]) for rater in drawn}
    return missing, only_in
