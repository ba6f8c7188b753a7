"""A statistic with its interval, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan
from typing import Final

from spinemodel.errors import InputError

LEVEL: Final = 0.95
"""Share of studies whose intervals should hold the truth; the usual one."""


@dataclass(frozen=True)
class Estimate:
    """A statistic of n subjects, with the interval that holds the truth at a level.

    Attributes
    ----------
    value
        Not a number where the statistic is undefined; then ``reason`` says why.
    low, high
        Ends of the interval. Not numbers where there is none; then ``reason`` says why, though ``value`` may be known.
    method
        What was computed, and how the interval was.
    n
        Subjects that count.
    level
        Share of studies whose intervals should hold the truth.
    left_out
        Subjects that do not count since a grading that the statistic needs is missing.
    reason
        Why a number is missing; empty where none is.
    """

    value: float
    low: float
    high: float
    method: str
    n: int
    level: float = LEVEL
    left_out: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a missing number without a reason, and a reason without a missing number."""
        missing = not (self.defined and self.bounded)
        if missing != bool(self.reason):
            raise InputError(f"{self.method}: got {self.value} ({self.low}, {self.high}), reason {self.reason!r}")

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return isfinite(self.low) and isfinite(self.high)

    def __str__(self) -> str:
        """Return the estimate as a line of a report.

        Examples
        --------
        >>> print(Estimate(0.43, 0.31, 0.55, "Fleiss' kappa", 30))
        0.43 (95 % interval 0.31 to 0.55, n = 30)
        >>> print(undefined("Fleiss' kappa", 30, "all gradings are the same"))
        undefined: all gradings are the same (n = 30)
        """
        if not self.defined:
            return f"undefined: {self.reason} (n = {self.n})"
        interval = f"{100 * self.level:g} % interval {self.low:.3g} to {self.high:.3g}" if self.bounded else self.reason
        return f"{self.value:.3g} ({interval}, n = {self.n})"


def undefined(method: str, n: int, reason: str, *, level: float = LEVEL, left_out: int = 0) -> Estimate:
    """Return an estimate without a value."""
    return Estimate(nan, nan, nan, method, n, level, left_out, reason)


def unbounded(
    value: float, method: str, n: int, reason: str, *, level: float = LEVEL, left_out: int = 0
) -> Estimate:
    """Return an estimate with a value and no interval."""
    return Estimate(value, nan, nan, method, n, level, left_out, reason)


def require_level(level: float) -> None:
    """Raise unless a level lies between 0 and 1."""
    if not 0 < level < 1:
        raise InputError(f"level: got {level}, expected a share between 0 and 1, such as 0.95")
