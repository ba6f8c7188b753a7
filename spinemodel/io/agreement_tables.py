"""The agreement of raters as rows of text: every number that a report shows is a cell of one of these tables.

Lengths are mm with three digits behind the point, shares have as many; ``n/a`` stands for what is not known. ``all`` in
a column says that its values are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import isfinite
from typing import Final, NamedTuple

from spinemodel.agreement.bland_altman import BlandAltman
from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap_mean
from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.consensus_masks import Staple
from spinemodel.agreement.contours import ContourAgreement, UnmatchedContour, summarise
from spinemodel.agreement.estimate import Estimate
from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.agreement.masks import MaskAgreement, range_of
from spinemodel.agreement.means import MeanPoints
from spinemodel.agreement.roots import summary_of
from spinemodel.arrays import FloatArray
from spinemodel.io.tables import Row

NONE: Final = "n/a"
ALL: Final = "all"

ONE_DRAWN: Final = "drawn by one alone"

PADDLE_MM: Final = 10.0
"""Width of the paddle of a Specify 5-6-5 lead (Medtronic 39565, 977C), as Liu et al. 2024 state it."""

CONTACT_MM: Final = 1.5
"""Width of one of its contacts of 4.0 x 1.5 mm. Common knowledge, not read in a document of the vendor."""


REGIONS: Final = ("C", "T", "L", "S", "Co")
"""Of the spinal segments, from head to foot."""


class Measured(NamedTuple):
    """Distances (n,) mm of one structure, as two drew it."""

    subject: str
    raters: tuple[str, str]
    level: str
    side: str
    distances: FloatArray


def number(value: float, digits: int = 3) -> str:
    """Return a number as a table has it.

    Examples
    --------
    >>> number(0.12345), number(float("nan")), number(-0.0001)
    ('0.123', 'n/a', '0.000')
    """
    text = f"{value:.{digits}f}"
    return (text.lstrip("-") if float(text) == 0 else text) if isfinite(value) else NONE


def estimate_cells(found: Estimate, digits: int = 3, name: str = "") -> Row:
    """Return the ends of an interval, the subjects that it is over, and why it is missing."""
    start = f"{name}_" if name else ""
    ends = {f"{start}low": number(found.low, digits), f"{start}high": number(found.high, digits)}
    return {**ends, f"{start}subjects": str(found.n), f"{start}reason": found.reason}


def measured_roots(found: Mapping[str, MarkerAgreement]) -> list[Measured]:
    """Return the distances of every root, of every pair of raters and of each rater with the consensus."""
    return [
        Measured(subject, root.raters, root.root.level, root.root.side, root.distances)
        for subject, agreement in found.items()
        for root in agreement.roots
    ]


def measured_ganglia(found: Mapping[str, MarkerAgreement]) -> list[Measured]:
    """Return the distances of every ganglion, of every pair of raters and of each rater with the consensus."""
    return [
        Measured(subject, each.raters, each.name.partition("_")[0], each.name.partition("_")[2], each.distances)
        for subject, agreement in found.items()
        for each in agreement.ganglia
    ]


def root_point_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return every pair of corresponding points of a root: RAS+ mm of both, and their distance."""
    rows = []
    for subject, agreement in found.items():
        for root in agreement.roots:
            head = {**_head(subject, root.raters), "level": root.root.level, "side": root.root.side}
            each = zip(root.first, root.second, root.distances, strict=True)
            for place, (one, other, distance) in enumerate(each, 1):
                points = _xyz(one, "first_") | _xyz(other, "second_")
                rows.append({**head, "point": str(place), **points, "distance_mm": number(distance)})
    return rows


def _xyz(point: FloatArray, start: str = "") -> Row:
    return {f"{start}{axis}_mm": number(value) for axis, value in zip("xyz", point, strict=True)}


def root_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return one row for every root of every subject and pair."""
    rows = []
    for subject, agreement in found.items():
        for root in agreement.roots:
            x, y, z = root.shift
            rows.append({
                **_head(subject, root.raters),
                "level": root.root.level,
                "side": root.root.side,
                "mean_mm": number(root.mean),
                "sd_mm": number(root.sd),
                "largest_mm": number(root.distances.max() if root.n else float("nan")),
                "n": str(root.n),
                "shift_x_mm": number(x),
                "shift_y_mm": number(y),
                "shift_z_mm": number(z),
                "paired_by": root.correspondence,
                "unmatched_first": str(root.unmatched[0]),
                "unmatched_second": str(root.unmatched[1]),
            })
    return rows


BY: Final = ((), ("level",), ("side",), ("level", "side"), ("subject",))
"""What distances are pooled by: nothing, level, side, both, and subject."""


def pooled_rows(items: Sequence[Measured], draws: Draws = PLAIN) -> list[Row]:
    """Return distances pooled by level, side and subject, with intervals of the mean over subjects.

    Where there are three raters or more, ``all`` in ``first`` and ``second`` has the distances of every pair of them.
    """
    groups: dict[tuple[str, ...], list[Measured]] = {}
    several = _several(item.raters for item in items)
    for by in BY:
        for item in items:
            kept = [getattr(item, name) if name in by else ALL for name in ("subject", "level", "side")]
            for pair in _counts_for(item.raters, several):
                groups.setdefault((*pair, *kept), []).append(item)
    return [_pooled(names, group, draws) for names, group in sorted(groups.items(), key=_by_kind)]


def _several(raters: Iterable[tuple[str, str]]) -> bool:
    """Return whether there is more than one pair of raters."""
    return len({pair for pair in raters if CONSENSUS not in pair}) > 1


def _counts_for(raters: tuple[str, str], several: bool) -> list[tuple[str, str]]:
    """Return under which pairs of names two drawings count."""
    return [raters, (ALL, ALL)] if several and CONSENSUS not in raters else [raters]


def _by_kind(entry: tuple[tuple[str, ...], object]) -> tuple[object, ...]:
    """Sort pairs of raters before the consensus, and what is pooled most first."""
    first, second, *kept = entry[0]
    return second == CONSENSUS, first != ALL, first, second, sum(name != ALL for name in kept), kept


def _pooled(names: tuple[str, ...], group: Sequence[Measured], draws: Draws) -> Row:
    summary = summary_of([item.distances for item in group])
    values = [float(value) for item in group for value in item.distances]
    subjects = [item.subject for item in group for _ in item.distances]
    interval = bootstrap_mean(values, subjects, draws=draws, method="mean distance")
    columns = ("first", "second", "subject", "level", "side")
    return {
        **dict(zip(columns, names, strict=True)),
        "mean_mm": number(summary.mean),
        "sd_mm": number(summary.sd),
        "largest_mm": number(summary.largest),
        "n": str(summary.n),
        "structures": str(summary.structures),
        **estimate_cells(interval),
    }


def contour_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return one row for every slice of cord and dura."""
    return [
        {
            **_head(subject, each.raters),
            "structure": each.structure,
            "z_mm": number(each.z),
            "level": each.level or NONE,
            "mean_mm": number(each.mean_mm),
            "largest_mm": number(each.largest_mm),
            "hausdorff95_mm": number(each.hausdorff95_mm),
            "dice": number(each.dice),
            "first_mm2": number(each.areas_mm2[0]),
            "second_mm2": number(each.areas_mm2[1]),
            "centroid_shift_mm": number(each.shift_mm),
            "paired_by": each.correspondence,
        }
        for subject, agreement in found.items()
        for each in agreement.contours
    ]


def contour_pooled_rows(found: Mapping[str, MarkerAgreement], draws: Draws = PLAIN) -> list[Row]:
    """Return contours pooled by structure, level and subject, with intervals of the mean distance over subjects.

    ``all`` in ``first`` and ``second`` is as for :func:`pooled_rows`.
    """
    groups: dict[tuple[str, ...], list[tuple[str, ContourAgreement]]] = {}
    several = _several(each.raters for agreement in found.values() for each in agreement.contours)
    for subject, agreement in found.items():
        for each in agreement.contours:
            for keep in ((ALL, ALL), (ALL, each.level or NONE), (subject, ALL)):
                for pair in _counts_for(each.raters, several):
                    groups.setdefault((*pair, each.structure, *keep), []).append((subject, each))
    return [_pooled_contours(names, groups[names], draws) for names in sorted(groups, key=_contour_order)]


def _contour_order(names: tuple[str, ...]) -> tuple[object, ...]:
    """Sort as roots are, by structure, ``all`` before subjects and levels, levels from head to foot, none last."""
    first, second, structure, subject, level = names
    raters = second == CONSENSUS, first != ALL, first, second
    return *raters, structure, subject != ALL, subject, level != ALL, level == NONE, *_from_head(level)


def _from_head(level: str) -> tuple[int, int]:
    """Sort spinal segments: cervical to coccygeal, and by number."""
    region = level.rstrip("0123456789")
    number_in = level.removeprefix(region)
    return REGIONS.index(region) if region in REGIONS else len(REGIONS), int(number_in or 0)


def _pooled_contours(names: tuple[str, ...], group: Sequence[tuple[str, ContourAgreement]], draws: Draws) -> Row:
    summary = summarise(each for _, each in group)
    means, subjects = [each.mean_mm for _, each in group], [subject for subject, _ in group]
    interval = bootstrap_mean(means, subjects, draws=draws, method="mean distance")
    columns = ("first", "second", "structure", "subject", "level")
    return {
        **dict(zip(columns, names, strict=True)),
        "mean_mm": number(summary.mean_mm),
        "sd_mm": number(summary.sd_mm),
        "largest_mm": number(summary.largest_mm),
        "hausdorff95_mm": number(summary.hausdorff95_mm),
        "dice": number(summary.dice),
        "centroid_shift_mm": number(summary.shift_mm),
        "slices": str(summary.slices),
        **estimate_cells(interval),
    }


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


def _at(contour: UnmatchedContour) -> str:
    return f"z {contour.z:.1f} mm, drawn by {contour.rater}"


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
            **_head(subject, swap.raters),
            "names": ", ".join(f"{one} is {other}" for one, other in swap.names),
            "as_named_mm": number(swap.named_mm),
            "exchanged_mm": number(swap.exchanged_mm),
        }
        for subject, agreement in found.items()
        for swap in agreement.swaps
    ]


def spread_rows(spread: Mapping[str, MeanPoints]) -> list[Row]:
    """Return every point of a consensus with its spread over raters."""
    rows = []
    for name, mean in spread.items():
        each = zip(mean.points, mean.sd, mean.count, mean.marked, strict=True)
        for place, (point, sd, count, marked) in enumerate(each, 1):
            counted = {"raters": str(count), "marked": str(marked), "paired_by": mean.correspondence or ONE_DRAWN}
            rows.append({"structure": name, "point": str(place), **_xyz(point), "sd_mm": number(sd), **counted})
    return rows


def yardstick_rows(measures: Mapping[str, float], own: Mapping[str, float]) -> list[Row]:
    """Return lengths, mm, beside a paddle, a contact and what else is given, each as a share of the yardstick."""
    rods = {"paddle": PADDLE_MM, "contact": CONTACT_MM, **own}
    return [
        {
            "measure": name,
            "value_mm": number(value),
            **{f"of_{rod}_percent": number(100 * value / size, 1) for rod, size in rods.items()},
        }
        for name, value in measures.items()
        if isfinite(value)
    ]


def _head(subject: str, raters: tuple[str, str]) -> Row:
    return {"subject": subject, "first": raters[0], "second": raters[1]}


def mask_rows(found: Iterable[tuple[str, str, MaskAgreement]]) -> list[Row]:
    """Return one row for every two drawings of a subject's structure."""
    return [
        {
            "subject": subject,
            "structure": structure,
            "kind": each.kind,
            "first": str(each.first),
            "second": str(each.second),
            "dice": number(each.dice),
            "jaccard": number(each.jaccard),
            "hausdorff_mm": number(each.hausdorff_mm),
            "hausdorff95_mm": number(each.hausdorff95_mm),
            "surface_mm": number(each.surface_mm),
            "first_mm3": number(each.first_mm3),
            "second_mm3": number(each.second_mm3),
            "difference_mm3": number(each.volume_difference_mm3),
            "difference_percent": number(100 * each.volume_difference, 1),
            "reason": each.reason,
        }
        for subject, structure, each in found
    ]


MASK_MEASURES: Final[Mapping[str, Callable[[MaskAgreement], float]]] = {
    "dice": lambda each: each.dice,
    "jaccard": lambda each: each.jaccard,
    "hausdorff95_mm": lambda each: each.hausdorff95_mm,
    "surface_mm": lambda each: each.surface_mm,
    "absolute_difference_percent": lambda each: 100 * abs(each.volume_difference),
}


def counted(found: Sequence[tuple[str, str, MaskAgreement]]) -> list[tuple[str, str, MaskAgreement]]:
    """Return all pairs of one rater's drawings, and of other pairs those of first drawings.

    Who drew twice would otherwise count twice.
    """
    least: dict[tuple[str, str, str], int] = {}
    for subject, structure, each in found:
        for rater, repeat in (each.first, each.second):
            least[subject, structure, rater] = min(repeat, least.get((subject, structure, rater), repeat))
    return [
        (subject, structure, each)
        for subject, structure, each in found
        if each.kind == "intra"
        or all(least[subject, structure, rater] == repeat for rater, repeat in (each.first, each.second))
    ]


def mask_summary_rows(found: Sequence[tuple[str, str, MaskAgreement]], draws: Draws = PLAIN) -> list[Row]:
    """Return mean, least and largest of each measure over pairs, with an interval of the mean over subjects.

    Pairs are those of :func:`counted`.
    """
    groups: dict[tuple[str, str], list[tuple[str, MaskAgreement]]] = {}
    for subject, structure, each in counted(found):
        kind = each.kind if each.kind != "consensus" else f"against {each.second}"
        groups.setdefault((structure, kind), []).append((subject, each))
    rows = []
    for (structure, kind), group in groups.items():
        for measure, read in MASK_MEASURES.items():
            known = [(subject, read(each)) for subject, each in group if isfinite(read(each))]
            span = range_of(value for _, value in known)
            interval = bootstrap_mean([v for _, v in known], [s for s, _ in known], draws=draws, method=measure)
            numbers = {"mean": span.mean, "least": span.least, "largest": span.largest}
            told = {name: number(value) for name, value in numbers.items()}
            head = {"structure": structure, "kind": kind, "measure": measure}
            rows.append({**head, **told, "pairs": str(span.n), **estimate_cells(interval)})
    return rows


def staple_rows(found: Iterable[tuple[str, str, Staple]]) -> list[Row]:
    """Return what STAPLE says of each rater."""
    return [
        {
            "subject": subject,
            "structure": structure,
            "rater": str(drawing),
            "sensitivity": number(each.sensitivity[drawing]),
            "specificity": number(each.specificity[drawing], 6),
            "iterations": str(each.iterations),
            "reason": each.reason,
        }
        for subject, structure, each in found
        for drawing in each.sensitivity
    ]


def estimate_row(grading: str, level: str, raters: str, found: Estimate) -> Row:
    """Return a statistic of gradings."""
    name, _, how = found.method.partition("; interval: ")
    return {
        "grading": grading,
        "level": level,
        "statistic": name,
        "raters": raters,
        "value": number(found.value),
        **estimate_cells(found),
        "left_out": str(found.left_out),
        "interval": how,
    }


def bland_altman_row(grading: str, level: str, found: BlandAltman) -> Row:
    """Return bias and limits of agreement of two raters, in the grading's own unit."""
    row = {"grading": grading, "level": level, "first": found.first, "second": found.second}
    row |= {"rows": str(len(found.rows)), "sd": number(found.sd)}
    for name in ("bias", "lower", "upper", "slope"):
        each: Estimate = getattr(found, name)
        row[name] = number(each.value)
        row |= {f"{name}_{end}": number(getattr(each, end)) for end in ("low", "high")}
    reasons = dict.fromkeys(each.reason for each in (found.bias, found.lower, found.slope) if each.reason)
    return {**row, "subjects": str(found.bias.n), "reason": "; ".join(reasons)}


def pairs(raters: Sequence[str]) -> list[tuple[str, str]]:
    """Return every two raters."""
    return list(combinations(raters, 2))
