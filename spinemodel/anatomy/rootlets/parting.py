"""Rootlets parted from each other and from everything else."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.rootlets.courses import TAIL
from spinemodel.anatomy.rootlets.fan import OUTER, Fan, tubes_of
from spinemodel.anatomy.rootlets.parameters import RootletParameters
from spinemodel.anatomy.rootlets.spacing import Tube, gaps_between
from spinemodel.anatomy.rootlets.strings import ENDING_GAP_MM, String, relaxed
from spinemodel.anatomy.sweep import SECTION

ENDING_MM: Final = 1.5
"""Length of a rootlet's end that runs side by side with the others."""

CLEAR_MM: Final = 0.03
"""Least gap between two roots' rootlets that is accepted; more is asked for, see ``RootletParameters.gap_mm``."""

OWN_CLEAR_MM: Final = 0.015
"""Least gap between two rootlets of one root that is accepted: they come together where they end."""

BEYOND_MM: Final = 8.0
"""Length of the trunks below the lowest rootlet that rootlets are kept clear of while they are drawn."""


NEAR_MM: Final = 2.0
"""What lies lower than this below the lowest rootlet touches none."""


class Trial(NamedTuple):
    """A way of drawing rootlets anew: the side on which they pass, usual or other, and a share of their radius."""

    turned: float
    share: float


Draft: TypeAlias = Callable[[Sequence[int], Trial], list[Fan]]

TRIALS: Final = (None, None, Trial(1, 0.8), None, Trial(-1, 0.8), None, Trial(1, 0.625), None)
"""What is tried in turn for rootlets that find no room; None makes them thinner where they are. What still lacks room
after the last is left out."""

GENEROUS: Final = 1.5
"""How much more than the missing gap is taken from a radius: both neighbours give, and their ways change."""


def parted(
    draft: Draft, count: int, others: Sequence[Fan], cord: Proximity, dura: Proximity, parameters: RootletParameters
) -> list[Fan]:
    """Return the fans of ``count`` roots with their rootlets drawn taut and clear of each other and of ``others``.

    Roots that lack room are drawn anew in the ways of ``TRIALS``, and kept so where that leaves less missing.

    Parameters
    ----------
    draft
        Draws the fans of the numbered roots.
    count
        How many roots there are.
    others
        Fans that stay as they are.
    cord, dura
        The walls.
    parameters
        Sizes and gaps.
    """
    fans = _relaxed([*draft(range(count), Trial(1, 1)), *others], range(count), cord, dura, parameters)
    short = _short(fans, count)
    for trial in TRIALS:
        if not short:
            return fans[:count]
        numbers = [k for k, fan in enumerate(fans[:count]) if any(line.name in short for line in fan.rootlets)]
        again = draft(numbers, trial) if trial else [_thinner(fans[k], short, parameters) for k in numbers]
        tried = [again[numbers.index(k)] if k in numbers else fan for k, fan in enumerate(fans)]
        tried = _relaxed(tried, numbers, cord, dura, parameters)
        left = _short(tried, count)
        if sum(left.values()) < sum(short.values()):
            fans, short = tried, left
    return _without(fans, count, short)


def _thinner(fan: Fan, short: Mapping[str, float], parameters: RootletParameters) -> Fan:
    """Return the fan with those rootlets thinner that lack room, down to the least radius."""
    rootlets = tuple(
        replace(
            line,
            radius=np.minimum(
                line.radius,
                max(line.radius[0] - GENEROUS * short.get(line.name, 0.0), parameters.least_radius_mm),
            ),
        )
        for line in fan.rootlets
    )
    return replace(fan, rootlets=rootlets)


def _relaxed(
    fans: Sequence[Fan], moving: Container[int], cord: Proximity, dura: Proximity, parameters: RootletParameters
) -> list[Fan]:
    """Return the fans after one relaxation in which those of the numbers ``moving`` give way."""
    low = min(line.points[:, 2].min() for k, fan in enumerate(fans) if k in moving for line in fan.rootlets)
    strings = [
        string
        for root, fan in enumerate(fans)
        for string in strings_of(fan, root, root in moving, low - BEYOND_MM, parameters)
    ]
    points = iter(relaxed(strings, cord, dura, parameters.gap_mm))
    done = []
    for fan in fans:
        moved = tuple(replace(line, points=next(points)) for line in fan.rootlets)
        next(points)
        done.append(replace(fan, rootlets=moved))
    return done


def strings_of(fan: Fan, root: int, moving: bool, low_z: float, parameters: RootletParameters) -> list[String]:
    """Return a fan's strings, the trunk, down to a height, last."""
    slant, strings = np.sin(np.radians(parameters.slant_deg)), []
    for k, line in enumerate(fan.rootlets):
        n = len(line.points)
        s = arc_length(line.points)
        free = np.zeros(n, dtype=bool)
        free[2:-TAIL] = moving and k != fan.middle
        off = OUTER * line.radius + parameters.gap_mm
        together = np.where(s > s[-1] - ENDING_MM, ENDING_GAP_MM, np.inf)
        above = np.minimum(off, slant * np.maximum(s - s[1], 0))
        strings.append(String(root, line.points, OUTER * line.radius, free, together, above, off))
    near = fan.trunk.points[:, 2] > low_z
    near[:2] = True
    end = int(np.argmin(near)) if not near.all() else len(near)
    none = np.full(end, -np.inf)
    strings.append(
        String(root, fan.trunk.points[:end], SECTION * fan.trunk.radius[:end], none > 0, -none, none, none, trunk=True)
    )
    return strings


def _short(fans: Sequence[Fan], count: int) -> dict[str, float]:
    """Return by how much the gap of each rootlet of the first ``count`` fans is too short, mm."""
    low = min(line.points[:, 2].min() for fan in fans[:count] for line in fan.rootlets)
    tubes = [_down_to(tube, low - NEAR_MM) for tube in tubes_of(fans)]
    gaps = gaps_between(tubes, CLEAR_MM)
    short: dict[str, float] = {}
    for a, b, gap in zip(gaps.a, gaps.b, gaps.gap, strict=True):
        one, other = tubes[a], tubes[b]
        missing = (OWN_CLEAR_MM if one.root == other.root else CLEAR_MM) - float(gap)
        for tube in (one, other):
            if missing > 0 and not tube.trunk and tube.root < count:
                short[tube.name] = max(short.get(tube.name, 0.0), missing)
    return short


def _down_to(tube: Tube, low_z: float) -> Tube:
    """Return a tube less what lies below a height for good."""
    end = max(2, int(np.max(np.flatnonzero(tube.points[:, 2] > low_z), initial=0)) + 1)
    return replace(tube, points=tube.points[:end], radius=tube.radius[:end])


def _without(fans: Sequence[Fan], count: int, short: Mapping[str, float]) -> list[Fan]:
    """Return the fans less the rootlets that found no room, those that lack most first."""
    fans, middle = list(fans), {fan.rootlets[fan.middle].name for fan in fans}
    while short.keys() - middle:
        worst = max(short.keys() - middle, key=lambda name: (short[name], name))
        fans = [_less(fan, worst) for fan in fans]
        short = _short(fans, count)
    return fans[:count]


def _less(fan: Fan, name: str) -> Fan:
    """Return the fan without one rootlet."""
    keep = [k for k, line in enumerate(fan.rootlets) if line.name != name]
    if len(keep) == len(fan.rootlets):
        return fan
    return replace(
        fan,
        rootlets=tuple(fan.rootlets[k] for k in keep),
        middle=keep.index(fan.middle),
    )
