"""What fans of rootlets promise: nothing touches, and every rootlet enters the cord once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spinemodel.anatomy.rootlets.fan import Fan, tubes_of
from spinemodel.anatomy.rootlets.spacing import gaps_between
from spinemodel.anatomy.rootlets.tubes import rootlet_tube
from spinemodel.anatomy.solids import crossings, to_solid
from spinemodel.anatomy.surface import Surface


@dataclass(frozen=True)
class Conflict:
    """A broken promise.

    Attributes
    ----------
    one, other
        Names of the rootlets, trunks or surfaces.
    gap_mm
        Free space between them, negative where they overlap; None where the number of crossings is wrong.
    crossings
        How often a rootlet passes through a surface; None where it is a gap that is short.
    """

    one: str
    other: str
    gap_mm: float | None
    crossings: int | None

    def __str__(self) -> str:
        """Say what is broken, in one phrase."""
        if self.crossings is not None:
            return f"{self.one} and {self.other} cross {self.crossings} times, not once"
        return f"{self.one} and {self.other} lie {self.gap_mm:.3f} mm apart"


def rootlet_conflicts(
    fans: Sequence[Fan], cord: Surface, gap_mm: float = 0.03, own_gap_mm: float = 0.0
) -> tuple[Conflict, ...]:
    """Return all pairs of tubes that are nearer than they may be, and rootlets that do not enter the cord exactly once.

    Distances are exact between all pairs of rootlets and trunks. A trunk may touch its own rootlets only, and a
    ventral root the dorsal root that it joins.

    Parameters
    ----------
    fans
        Dorsal ones, or dorsal and ventral ones.
    cord
        The surface that rootlets enter.
    gap_mm, own_gap_mm
        Least free space between tubes of different roots, and between rootlets of one.
    """
    return (*_short_gaps(fans, gap_mm, own_gap_mm), *_wrong_entries(fans, cord))


def _short_gaps(fans: Sequence[Fan], gap_mm: float, own_gap_mm: float) -> list[Conflict]:
    """Return the pairs of tubes that are nearer than they may be."""
    tubes, found = tubes_of(fans), []
    gaps = gaps_between(tubes, max(gap_mm, own_gap_mm))
    for a, b, gap in zip(gaps.a, gaps.b, gaps.gap, strict=True):
        one, other = tubes[a], tubes[b]
        joined = one.trunk and other.trunk and fans[one.root].root == fans[other.root].root
        if gap < (own_gap_mm if one.root == other.root else gap_mm) and not joined:
            found.append(Conflict(one.name, other.name, float(gap), None))
    return found


def _wrong_entries(fans: Sequence[Fan], cord: Surface) -> list[Conflict]:
    """Return the rootlets that do not pass through the cord's surface exactly once."""
    solid = to_solid(cord)
    lines = [line for fan in fans for line in fan.rootlets]
    times = [crossings(to_solid(rootlet_tube(line)), solid) for line in lines]
    return [Conflict(line.name, cord.name, None, n) for line, n in zip(lines, times, strict=True) if n != 1]
