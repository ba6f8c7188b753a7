"""Grade and form of vertebral fractures from heights, after Genant.

Genant 1993 (J. Bone Miner. Res. 8:1137) grades by eye how much height a body lost: less than 20 % none, 20 to 25 %
mild, 25 to 40 % moderate, more severe; and calls it wedge where the front is lowest, biconcave where the middle is, and
crush where the back or all is (limits as told by Wang 2019, Quant. Imaging Med. Surg., doi:10.21037/qims.2019.02.04).
Here the loss is measured against the heights that the vertebra's neighbours lead to expect, not against its own back.

Who is normal is not known before. All vertebrae begin as references; the one that lost most is taken out if it lost
20 %, until none is left that did. The expected height lies on the line between the nearest references above and below,
by their place in the column; beyond the last reference it is that one's height. An L5 is lower behind than L4 by nature
(15 % in the Visible Human), so that a mild crush of L5 seen against L4 alone deserves a look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.vertebrae.body import Body
from spinemodel.vertebrae.heights import Heights
from spinemodel.vertebrae.names import rank

Shape: TypeAlias = Literal["normal", "wedge", "biconcave", "crush"]
Reason: TypeAlias = Literal["partly visible", "foreign material", "fused", "no endplates found"]

LIMITS: Final = (20.0, 25.0, 40.0)
"""Least loss of grades 1, 2 and 3, per cent of the expected height."""

ROUNDING: Final = 1e-9
"""By how much a loss may miss its limit, per cent: that of floating point."""

UNIFORM: Final = 10.0
"""A body that lost 20 % or more behind, and nowhere by so much more, lost height all over, per cent: a choice."""

OWN: Final = "own posterior height"
"""The reference of a vertebra that has no other: then a crush is not seen."""

TOUCH_MM: Final = 1.0
"""Endplates nearer than this touch: a choice, a voxel of common masks."""

FUSED_SHARE: Final = 0.25
"""Share of an endplate that touches the next from which on both are fused: a choice."""


@dataclass(frozen=True)
class Grade:
    """How much height a vertebra lost, and where.

    Attributes
    ----------
    grade
        0 to 3.
    shape
        Where it lost it.
    loss_percent
        The largest of ``losses_percent``.
    losses_percent
        Of the anterior, middle and posterior height, less than expected; negative where it is higher.
    expected_mm
        These heights as the references have them.
    references
        Names of the vertebrae by which they were expected; :data:`OWN` where there is none.
    anterior_ratio, middle_ratio
        Anterior and middle over posterior height within the vertebra.
    """

    grade: int
    shape: Shape
    loss_percent: float
    losses_percent: tuple[float, float, float]
    expected_mm: tuple[float, float, float]
    references: tuple[str, ...]
    anterior_ratio: float
    middle_ratio: float


@dataclass(frozen=True)
class Ungradable:
    """Why a vertebra has no grade."""

    reason: Reason


def grade_of(loss_percent: float) -> int:
    """Return the grade of a loss of height.

    Examples
    --------
    >>> [grade_of(loss) for loss in (19.9, 20, 25, 40)]
    [0, 1, 2, 3]
    """
    return sum(loss_percent >= limit - ROUNDING for limit in LIMITS)


def shape_of(losses_percent: Sequence[float]) -> Shape:
    """Return the form of a body by its anterior, middle and posterior loss of height.

    Examples
    --------
    >>> [shape_of(losses) for losses in ((45, 25, 5), (5, 30, 5), (30, 31, 29), (15, 10, 12))]
    ['wedge', 'biconcave', 'crush', 'normal']
    """
    largest = max(losses_percent)
    if grade_of(largest) == 0:
        return "normal"
    posterior = losses_percent[2]
    if grade_of(posterior) > 0 and largest - posterior < UNIFORM:
        return "crush"
    return "wedge" if losses_percent[0] == largest else "biconcave"


def grades(
    heights: Mapping[str, Heights],
    ungradable: Mapping[str, Reason] | None = None,
    *,
    normal: Iterable[str] | None = None,
) -> dict[str, Grade | Ungradable]:
    """Return the grades of all vertebrae, from head to foot.

    Parameters
    ----------
    heights
        By name.
    ungradable
        Vertebrae that have no grade, and why; they are no reference either.
    normal
        Vertebrae known to be normal, which are then the only references; found by themselves where none are given.

    Raises
    ------
    InputError
        If a vertebra that is known to be normal has no heights, or is ungradable.
    """
    excused = dict(ungradable or {})
    graded = {name: _three(heights[name]) for name in sorted(heights, key=rank) if name not in excused}
    references = _found_normal(graded) if normal is None else sorted(set(normal), key=rank)
    if unknown := [name for name in references if name not in graded]:
        raise InputError(f"grades: {', '.join(unknown)} named as normal but not measured; name some of {list(graded)}")
    result: dict[str, Grade | Ungradable] = {name: Ungradable(reason) for name, reason in excused.items()}
    result |= {name: _grade(name, graded, references) for name in graded}
    return dict(sorted(result.items(), key=lambda row: rank(row[0])))


def _three(heights: Heights) -> FloatArray:
    """Return the anterior, middle and posterior height, (3,) mm."""
    return np.array([heights.anterior, heights.middle, heights.posterior])


def _found_normal(graded: Mapping[str, FloatArray]) -> list[str]:
    """Return the vertebrae that keep their height while those that lost most are taken out one by one."""
    left = list(graded)
    while len(left) > 1:
        losses = {name: float(_losses(graded[name], expected(name, graded, left)[0]).max()) for name in left}
        worst = max(losses, key=lambda name: losses[name])
        if grade_of(losses[worst]) == 0:
            break
        left.remove(worst)
    return left


def _losses(found: FloatArray, expected_mm: FloatArray) -> FloatArray:
    """Return how much lower heights are than expected, per cent."""
    return np.asarray(100 * (1 - found / expected_mm))


def expected(name: str, heights: Mapping[str, FloatArray], references: Sequence[str]) -> tuple[FloatArray, list[str]]:
    """Return the heights (3,) mm that a vertebra should have, and the references that tell it.

    Parameters
    ----------
    name
        Of the vertebra, which is no reference of its own.
    heights
        (3,) mm by name.
    references
        Normal vertebrae.
    """
    others = [other for other in references if other != name]
    near = [max((o for o in others if rank(o) < rank(name)), key=rank, default=None)]
    near.append(min((o for o in others if rank(o) > rank(name)), key=rank, default=None))
    used = [other for other in near if other is not None]
    if not used:
        return np.full(3, heights[name][2]), [OWN]
    places = [_place(other) for other in used]
    values = np.array([heights[other] for other in used])
    return np.array([np.interp(_place(name), places, values[:, n]) for n in range(3)]), used


def _place(name: str) -> float:
    """Return the place in the column: T12 is next to L1, though T13 has a place between."""
    return rank(name) - (1.0 if name[0] in "LS" else 0.0) - (1.0 if name[0] == "S" else 0.0)


def _grade(name: str, graded: Mapping[str, FloatArray], references: Sequence[str]) -> Grade:
    """Return the grade of one vertebra."""
    found = graded[name]
    should, used = expected(name, graded, references)
    losses = tuple(float(loss) for loss in _losses(found, should))
    return Grade(
        grade=grade_of(max(losses)),
        shape=shape_of(losses),
        loss_percent=max(losses),
        losses_percent=(losses[0], losses[1], losses[2]),
        expected_mm=(float(should[0]), float(should[1]), float(should[2])),
        references=tuple(used),
        anterior_ratio=float(found[0] / found[2]),
        middle_ratio=float(found[1] / found[2]),
    )


def touching_share(above: Body, below: Body) -> float:
    """Return the share of the lower endplate of one vertebra that touches the upper one of the next."""
    near = KDTree(below.upper.points).query(above.lower.points, distance_upper_bound=TOUCH_MM)[0]
    return float(np.isfinite(near).mean())


def are_fused(above: Body, below: Body) -> bool:
    """Tell whether bone goes on from one vertebra to the next over :data:`FUSED_SHARE` of the endplate."""
    return touching_share(above, below) >= FUSED_SHARE
