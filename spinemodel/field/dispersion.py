"""How a tissue conducts and stores charge at a frequency: the sum of four Cole-Cole terms.

Gabriel S, Lau RW, Gabriel C 1996, Phys Med Biol 41:2271: eps(w) = eps_inf + sum_n delta_n / (1 + (j w tau_n)^(1 -
alpha_n)) + sigma_i / (j w eps_0), fitted to measurements from 10 Hz to 100 GHz. Below 100 Hz and where electrodes
polarise, the measurements that the fits rest on are uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Final

from spinemodel.errors import InputError

EPSILON_0: Final = 8.8541878128e-12
"""Permittivity of free space, F/m (CODATA 2018)."""

COLUMNS: Final = 14
"""Of the table of parameters."""

TAU_UNITS: Final = (1e-12, 1e-9, 1e-6, 1e-3)
"""Seconds in the unit of each time constant in the table: ps, ns, us, ms."""


@dataclass(frozen=True)
class ColeCole:
    """Parameters of one tissue.

    Attributes
    ----------
    infinity
        Relative permittivity far above all terms.
    terms
        Of each: its relative permittivity, its time constant in seconds and its spread alpha, 0 to 1.
    ionic
        Conductivity at 0 Hz, S/m.
    """

    infinity: float
    terms: tuple[tuple[float, float, float], ...]
    ionic: float


def of_row(row: tuple[float, ...]) -> ColeCole:
    """Return the parameters in a row of the table of Gabriel and Gabriel 1996, Appendix C.

    Its columns: ef, del1, tau1 (ps), alf1, del2, tau2 (ns), alf2, sig, del3, tau3 (us), alf3, del4, tau4 (ms), alf4.

    Raises
    ------
    InputError
        If it has another number of columns.
    """
    if len(row) != COLUMNS:
        raise InputError(f"Cole-Cole parameters: got {len(row)} numbers, expected {COLUMNS}: ef, del1, tau1 (ps), ...")
    infinity, *first = row[:7]
    ionic, *last = row[7:]
    flat = [*first, *last]
    terms = tuple((flat[3 * n], flat[3 * n + 1] * unit, flat[3 * n + 2]) for n, unit in enumerate(TAU_UNITS))
    return ColeCole(infinity, terms, ionic)


def at_frequency(tissue: ColeCole, frequency_hz: float) -> tuple[float, float]:
    """Return conductivity, S/m, and relative permittivity at a frequency above 0 Hz.

    Examples
    --------
    >>> water = ColeCole(4.0, ((74.1, 8.38e-12, 0.0),), 0.0)
    >>> [round(value, 3) for value in at_frequency(water, 1e6)]
    [0.0, 78.1]
    """
    omega = 2 * pi * frequency_hz
    terms = (delta / (1 + (1j * omega * tau) ** (1 - alpha)) for delta, tau, alpha in tissue.terms)
    relative = tissue.infinity + sum(terms) + tissue.ionic / (1j * omega * EPSILON_0)
    return float(-relative.imag * omega * EPSILON_0), float(relative.real)
