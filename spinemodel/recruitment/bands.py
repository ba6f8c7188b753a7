"""How sure a recruitment curve is: the spread over repetitions in which one thing was drawn or chosen anew.

A band is of one source of spread, which it names: the seed of the population, a second person's marks, the preset of
conductivities. Bands of several sources are drawn beside each other; they do not add up to one of everything, since
nothing says that the sources are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.recruitment.curves import SHARES, RecruitmentCurve, current_at, merged_amplitudes, share_at

SEEDS: Final = "seeds of the population"
ANNOTATORS: Final = "redrawn annotations"
PRESETS: Final = "conductivity presets"
"""Sources of spread that a study can ask for."""


@dataclass(frozen=True, eq=False)
class Band:
    """The spread of one curve.

    Attributes
    ----------
    target, fibre_class, montage, pulse
        Of the curve.
    source
        What differs between the repetitions.
    level
        Share of the repetitions between ``low`` and ``high``, at every current by itself, where there are enough.
    repetitions
        How many there are. With fewer than :func:`enough` they tell no share: the band is their whole range.
    amplitude_mA
        (k,) currents.
    low, middle, high
        (k,) quantiles of the share recruited, or ends of its range; ``middle`` is the median.
    currents_mA
        (3, 3) the same quantiles, one a column, of the currents that recruit ``SHARES``, one a row. Each is that of
        one of the repetitions; infinite where that one does not reach the share.
    """

    target: str
    fibre_class: str
    montage: str
    pulse: str
    source: str
    level: float
    repetitions: int
    amplitude_mA: FloatArray
    low: FloatArray
    middle: FloatArray
    high: FloatArray
    currents_mA: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("amplitude_mA", "low", "middle", "high", "currents_mA"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def holds(self) -> str:
        """What lies within the band, for people: a share of the repetitions, or of few ones their range."""
        few = self.repetitions < enough(self.level)
        return f"{'range' if few else f'{100 * self.level:g} %'} of {self.repetitions} repetitions"


def enough(level: float) -> int:
    """Return from how many repetitions on a share of them is told: beyond either end then lies one or more.

    Examples
    --------
    >>> enough(0.95), enough(0.8)
    (40, 10)
    """
    return ceil(round(2 / (1 - level), 9))


def bands(repetitions: Sequence[Sequence[RecruitmentCurve]], source: str, level: float = 0.95) -> tuple[Band, ...]:
    """Return a band for each curve.

    Parameters
    ----------
    repetitions
        Curves of each repetition: the same targets and classes in all.
    source
        What differs between them, such as ``seed of the population``.
    level
        Share of the repetitions inside, where there are :func:`enough`; of fewer the band is the range.

    Raises
    ------
    InputError
        If there are under two repetitions, or they have other curves.
    """
    sets = [{(curve.target, curve.fibre_class): curve for curve in one} for one in repetitions]
    if len(sets) < 2 or any(set(one) != set(sets[0]) for one in sets) or not 0 < level < 1:
        raise InputError(
            f"bands over {source}: got {len(sets)} repetitions with {[len(one) for one in sets]} curves and a level of "
            f"{level:g}; expected two or more with the same curves, and a level over 0 and under 1"
        )
    return tuple(_band([one[key] for one in sets], source, level) for key in sets[0])


def _band(of: Sequence[RecruitmentCurve], source: str, level: float) -> Band:
    """Return the band of one curve's repetitions; a repetition in which it is not known makes it unknown."""
    quantiles = [0.0, 0.5, 1.0] if len(of) < enough(level) else [(1 - level) / 2, 0.5, (1 + level) / 2]
    first, amplitude = of[0], merged_amplitudes(of)
    low, middle, high = np.quantile([share_at(curve, amplitude) for curve in of], quantiles, axis=0)
    currents = np.array([[current_at(curve, share) for curve in of] for share in SHARES])
    observed = np.quantile(currents, quantiles, axis=1, method="inverted_cdf").T
    return Band(first.target, first.fibre_class, first.montage, first.pulse, source, level, len(of), amplitude, low,
                middle, high, observed)  # fmt: skip
