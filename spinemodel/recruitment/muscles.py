"""Recruitment of muscles: what each of them gets from the roots of its side.

A muscle's motoneurons lie in several segments of the cord, and the afferents of a segment's root reach mainly those
that lie in it. So the recruitment of a muscle is taken as the mean of that of its side's roots, weighted by the share
of its motoneurons in each segment. This tells which muscles a montage favours. It is no prediction of force: synapses,
and what the cord does with them, are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, SIDES
from spinemodel.recruitment.curves import RecruitmentCurve, merged_amplitudes, share_at
from spinemodel.recruitment.thresholds import Outcome


@dataclass(frozen=True)
class Muscle:
    """A muscle of a table.

    Attributes
    ----------
    name
        Short, such as ``TA``.
    title
        For people.
    source
        Where its weights were read.
    verified
        Whether the work that states them was itself read.
    """

    name: str
    title: str
    source: str
    verified: bool


@dataclass(frozen=True, eq=False)
class RootToMuscle:
    """What muscles get from roots.

    Attributes
    ----------
    name
        Of the table.
    muscles
        (m) rows.
    weight
        (m, 7) share of a muscle's motoneurons in the segment of each of ``LEVELS``. They sum to 1, or to less where
        some lie in segments beyond: those are never recruited.
    """

    name: str
    muscles: tuple[Muscle, ...]
    weight: FloatArray

    def __post_init__(self) -> None:
        """Copy the weights, make them read-only, and see that they are shares."""
        object.__setattr__(self, "weight", freeze(self.weight))
        if self.weight.shape != (len(self.muscles), len(LEVELS)):
            raise InputError(f"root to muscle {self.name}: got weights {self.weight.shape}; expected "
                             f"({len(self.muscles)}, {len(LEVELS)})")  # fmt: skip
        whole = self.weight.sum(axis=1)
        wrong = (self.weight < 0).any(axis=1) | ~(whole > 0) | (whole > 1 + 1e-9)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise InputError(f"root to muscle {self.name}, {self.muscles[at].name}: got weights {self.weight[at]}; "
                             "expected shares from 0 that sum to over 0 and at most 1")  # fmt: skip


def muscle_curves(of: Sequence[RecruitmentCurve], table: RootToMuscle) -> tuple[RecruitmentCurve, ...]:
    """Return the curve of each muscle, of each side and class of fibres, such as ``TA_L``.

    Parameters
    ----------
    of
        Curves of roots, of one montage and pulse, told apart by root and class, or by level, side and class.
    table
        What muscles get.

    Raises
    ------
    InputError
        If a curve is not of a root, or a root has two of a class.

    Notes
    -----
    A muscle with a weight on a root that has no curve, or no fibre in play, is not known: its counts are empty.
    """
    roots: dict[tuple[str, str], dict[str, RecruitmentCurve]] = {}
    for curve in of:
        level, side = (*curve.target.split("_"), "")[:2]
        own = roots.setdefault((curve.fibre_class, side), {})
        if level not in LEVELS or side not in SIDES or level in own:
            raise InputError(f"muscles: got a curve of {curve.target or 'all fibres'}, {curve.fibre_class or 'all'}; "
                             "expected one of each root and class")  # fmt: skip
        own[level] = curve
    return tuple(
        _muscle_curve(f"{muscle.name}_{side}", weight, own)
        for (_, side), own in roots.items()
        for muscle, weight in zip(table.muscles, table.weight, strict=True)
    )


def _muscle_curve(target: str, weight: FloatArray, roots: dict[str, RecruitmentCurve]) -> RecruitmentCurve:
    """Return the curve of a muscle with weights (7,) on the roots of its side, by level."""
    any_root = next(iter(roots.values()))
    used = [(share, roots.get(level)) for level, share in zip(LEVELS, weight, strict=True) if share]
    own = [(share, curve) for share, curve in used if curve is not None and curve.in_play]
    known = len(own) == len(used)
    amplitude = merged_amplitudes([curve for _, curve in own]) if known else np.empty(0)
    share = sum((part * share_at(curve, amplitude) for part, curve in own), np.zeros(len(amplitude)))
    counts = {outcome: sum(curve.counts.get(outcome, 0) for _, curve in own) for outcome in Outcome} if known else {}
    return RecruitmentCurve(target, any_root.fibre_class, amplitude, np.minimum(np.maximum.accumulate(share), 1.0),
                            any_root.up_to_mA, counts, any_root.montage, any_root.pulse)  # fmt: skip
