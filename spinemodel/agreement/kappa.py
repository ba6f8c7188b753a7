"""Kappa: how far gradings agree beyond chance, of two raters (Cohen) or of many (Fleiss).

Kappa is 1 - D / E, where D is the disagreement seen and E that of ratings drawn by chance from how often each grade was
given. It is undefined where E is 0: everybody gave one and the same grade, so that chance alone agrees fully.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap
from spinemodel.agreement.estimate import Estimate, unbounded, undefined
from spinemodel.agreement.gradings import Gradings, complete, counts, groups_of, require_order, subjects_in
from spinemodel.arrays import FloatArray

Weights: TypeAlias = Literal["equal", "linear", "quadratic"]
"""How grave a disagreement is: all alike, by the distance of the grades, or by its square."""

GRAVITY: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "equal": lambda apart: (apart != 0).astype(np.float64),
    "linear": np.abs,
    "quadratic": np.square,
}

CONSTANT: Final = "all gradings are the same, so that chance alone agrees fully"


def cohen_kappa(
    found: Gradings,
    first: str,
    second: str,
    *,
    weights: Weights = "equal",
    draws: Draws = PLAIN,
) -> Estimate:
    """Return Cohen's kappa of two raters, or of one rater's two gradings.

    Parameters
    ----------
    found
        Gradings. Rows that either did not grade are left out.
    first, second
        Raters.
    weights
        ``equal`` is the kappa of Cohen (1960, Educational and Psychological Measurement 20:37); ``linear`` and
        ``quadratic`` weigh a disagreement by the distance of the two values (Cohen 1968, Psychological Bulletin
        70:213). Named grades in order lie 1 apart, so that grades which nobody gave keep their place.
    draws
        How to draw subjects.

    Raises
    ------
    InputError
        If a rater is unknown, or weighted grades have no order.

    Examples
    --------
    >>> from spinemodel.agreement.gradings import graded
    >>> pairs = [[1, 1], [2, 2], [3, 3], [3, 2], [2, 2], [1, 1], [2, 1], [3, 3]]
    >>> round(cohen_kappa(graded(pairs), "1", "2").value, 3)
    0.628
    """
    if weights != "equal":
        require_order(found, f"kappa with {weights} weights")
    values, rows, left_out = complete(found, (first, second))
    method = "Cohen's kappa" if weights == "equal" else f"Cohen's kappa, {weights} weights"
    levels = counts(values)[0]
    if not len(levels):
        return undefined(method, 0, "no subject was graded by both", level=draws.level, left_out=left_out)
    given = (values[:, :, None] == levels).astype(np.float64)
    gravity = GRAVITY[weights](levels[:, None] - levels)
    if len(levels) > 1 and (given.max(axis=0).sum(axis=1) == 1).any():
        reason = "one rater gave a single grade; kappa is 0 whatever the other says"
        return unbounded(0.0, method, subjects_in(found, rows), reason, level=draws.level, left_out=left_out)

    def kappa(drawn: FloatArray) -> FloatArray:
        return _kappa(drawn, given, gravity)

    groups = groups_of(found, rows)
    return bootstrap(
        kappa, len(values), method=method, draws=draws, without=CONSTANT, left_out=left_out, groups=groups
    )


def _kappa(drawn: FloatArray, given: FloatArray, gravity: FloatArray) -> FloatArray:
    """Return kappa of each draw from what was given, (n, 2, k), and the gravity of disagreements, (k, k)."""
    total = drawn.sum(axis=1)
    seen = drawn @ np.einsum("nj,nk,jk->n", given[:, 0], given[:, 1], gravity, optimize=True) / total
    one, other = drawn @ given[:, 0] / total[:, None], drawn @ given[:, 1] / total[:, None]
    return 1 - ratio(seen, ((one @ gravity) * other).sum(axis=1))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return a quotient, not a number where the divisor is 0."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below != 0))


def fleiss_kappa(found: Gradings, *, draws: Draws = PLAIN) -> Estimate:
    """Return the kappa of any number of raters (Fleiss 1971, Psychological Bulletin 76:378).

    Chance is drawn from all gradings together, whoever gave them, so that the raters need not be the same for every
    subject, and two raters get Scott's pi, not Cohen's kappa. Every subject must have as many gradings: those with a
    missing one are left out (Krippendorff's alpha keeps them). The standard error that Fleiss gave holds only where
    kappa is 0, so that subjects are drawn for the interval (Zapf et al. 2016, BMC Medical Research Methodology 16:93).

    Parameters
    ----------
    found
        Gradings; an order does not count.
    draws
        How to draw subjects.

    Examples
    --------
    >>> from spinemodel.agreement.gradings import graded
    >>> round(fleiss_kappa(graded([[1, 1, 1], [1, 1, 2], [2, 2, 2], [3, 3, 3], [3, 1, 3]])).value, 3)
    0.595
    """
    values, rows, left_out = complete(found)
    n, raters = values.shape
    method, groups = "Fleiss' kappa", groups_of(found, rows)
    if raters < 2 or not n:
        reason = "there is one rater" if raters < 2 else "no subject was graded by all"
        return undefined(method, subjects_in(found, rows), reason, level=draws.level, left_out=left_out)
    given = counts(values)[1]
    agreeing = (given * (given - 1)).sum(axis=1) / (raters * (raters - 1))

    def kappa(drawn: FloatArray) -> FloatArray:
        total = drawn.sum(axis=1)
        chance = ((drawn @ given / (raters * total)[:, None]) ** 2).sum(axis=1)
        return 1 - ratio(1 - drawn @ agreeing / total, 1 - chance)

    return bootstrap(kappa, n, method=method, draws=draws, without=CONSTANT, left_out=left_out, groups=groups)
