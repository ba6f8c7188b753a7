"""The mean of several annotations of one subject, as an annotation that a model is built from, with its spread.

This is what the dataset published (Liu et al. 2024): the mean of its annotators. Points that correspond are averaged
(:mod:`spinemodel.agreement.means`); what some did not draw is the mean of those who did, and what one alone drew is
taken as it is. The notes of the annotation say all of it. Where annotators look to have exchanged names, they are
averaged as if they had not (:mod:`spinemodel.agreement.exchanges`).

Averaging k independent annotators lowers their scatter by sqrt(k). An annotator's own distance from a consensus that
they are part of is lower than that from the truth: by the factor sqrt((k - 1) / k) against the line they all scatter
about, so that two annotators lie exactly half of their distance from their mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

from spinemodel.agreement.correspondence import shared_slices
from spinemodel.agreement.drawing import Drawing, drawings_of
from spinemodel.agreement.exchanges import settled
from spinemodel.agreement.mean_notes import by_ganglion, by_root, by_stack, notes_on
from spinemodel.agreement.means import MeanPoints, mean_contours, mean_line, mean_markers
from spinemodel.agreement.swaps import Swap, find_swaps
from spinemodel.anatomy.annotation import Annotation, Markers, Source


@dataclass(frozen=True, eq=False)
class Consensus:
    """The mean of several annotations.

    Attributes
    ----------
    annotation
        Contours from caudal to rostral, roots from the head down; its notes say what was averaged, and how.
    raters
        Whose.
    spread
        Points, SD and number of annotators of every structure, by the part of its file's name that follows the
        subject's: ``cord_1``, ``dura_1``, ``nerveroots_L1_L``, ``ganglions_L1_L``.
    swaps
        Roots that look to have exchanged names, of all pairs of annotators.
    renamed
        Whose roots were averaged under other names than they have, or left out, and why; one sentence each.
    """

    annotation: Annotation
    raters: tuple[str, ...]
    spread: Mapping[str, MeanPoints]
    swaps: tuple[Swap, ...]
    renamed: tuple[str, ...]

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "spread", MappingProxyType(dict(self.spread)))


def consensus(annotations: Mapping[str, Annotation]) -> Consensus:
    """Return the mean of two or more annotations of one subject, by annotator.

    Raises
    ------
    InputError, SpaceMismatchError
        If they cannot be compared; see :func:`spinemodel.agreement.comparable.require_comparable`.

    Examples
    --------
    >>> from spinemodel.anatomy.perturb import perturb
    >>> from spinemodel.anatomy.phantom import Phantom, annotate
    >>> drawn = annotate(Phantom())
    >>> found = consensus({"A": drawn, "B": perturb(drawn, 1)})
    >>> len(found.annotation.dura), found.annotation.notes[0]
    (80, 'consensus: the mean of A, B')
    """
    return mean_of(drawings_of(annotations))[0]


def swaps_of(drawings: Mapping[str, Drawing]) -> tuple[Swap, ...]:
    """Return the roots that look to have exchanged names, of all pairs of annotators."""
    pairs = combinations(drawings.items(), 2)
    return tuple(
        swap
        for (one, first), (other, second) in pairs
        for swap in find_swaps(first.roots, second.roots, (one, other), shared_slices([first.slices, second.slices]))
    )


def mean_of(named: Mapping[str, Drawing]) -> tuple[Consensus, Mapping[str, Drawing]]:
    """Return the consensus of drawings by annotator, and the drawings as it took them: with the names settled."""
    swaps = swaps_of(named)
    drawings, renamed = settled(named, swaps_of)
    shared = shared_slices(drawing.slices for drawing in drawings.values())
    stacks = {name: mean_contours(list(by.values()), shared) for name, by in by_stack(drawings).items()}
    roots = {root: mean_line(list(lines.values()), shared) for root, lines in by_root(drawings).items()}
    ganglia = {root: mean_markers(list(points.values())) for root, points in by_ganglion(drawings).items()}
    spread = {f"{name}_{i}": mean for name, means in stacks.items() for i, mean in enumerate(means, 1)}
    spread |= {f"nerveroots_{root}": mean for root, mean in roots.items()}
    spread |= {f"ganglions_{root}": mean for root, mean in ganglia.items()}
    first = next(iter(drawings.values())).annotation
    markers = {name: Markers(mean.points, f"{first.subject}_{name}.json") for name, mean in spread.items()}
    annotation = Annotation(
        first.subject,
        first.space,
        cord=tuple(markers[f"cord_{i}"] for i in range(1, 1 + len(stacks.get("cord", ())))),
        dura=tuple(markers[f"dura_{i}"] for i in range(1, 1 + len(stacks.get("dura", ())))),
        roots={root: markers[f"nerveroots_{root}"] for root in roots},
        ganglia={root: markers[f"ganglions_{root}"] for root in ganglia},
        sources=tuple(
            Source(f"{rater}/{source.name}", source.sha256)
            for rater, drawing in drawings.items()
            for source in drawing.annotation.sources
        ),
        notes=(*notes_on(drawings, stacks, roots, shared), *map(str, swaps), *renamed),
    )
    return Consensus(annotation, tuple(drawings), spread, swaps, renamed), drawings
