"""Potentials that have closed forms, V; coordinates in mm, conductivities in S/m, currents in mA.

mA / (S/m x mm) is V, so that no factor is needed. Conductivities may be complex.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[Any]
"""Real, or complex where a conductivity is."""


def shells_in_field(points: ArrayLike, radii: Sequence[float], radial: Sequence[Any],
                    tangential: Sequence[Any] | None = None, field: float = 1.0) -> Values:  # fmt: skip
    """Return the potential (n,) of concentric spherical shells that is ``field * z`` (V/mm) far away.

    Parameters
    ----------
    points
        (n, 3) mm from the centre.
    radii
        (k,) mm, of the interfaces, rising.
    radial, tangential
        (k + 1,) S/m from the core to what surrounds all; the latter is the former where it is left out.

    Notes
    -----
    In every medium u = (A r^p + B r^q) cos(theta) with p, q = (-1 +- sqrt(1 + 4 n (n + 1) t)) / 2, n = 1, and t the
    tangential over the radial conductivity: separation of Laplace's equation in spherical coordinates (Jackson,
    Classical Electrodynamics, 3rd ed., sections 3.1 and 4.4, has it for t = 1). Potential and radial current are
    continuous.
    """
    x = np.atleast_2d(np.asarray(points, dtype=float))
    r = np.linalg.norm(x, axis=1)
    share = np.divide(x[:, 2], r, out=np.zeros_like(r), where=r > 0)
    up, down = _spherical(1, radial, tangential)
    return np.asarray(field * radii[-1] * _radial(r, radii, np.asarray(radial), up, down) * share)


def cylinders_in_field(points: ArrayLike, radii: Sequence[float], radial: Sequence[Any],
                       tangential: Sequence[Any] | None = None, field: float = 1.0) -> Values:  # fmt: skip
    """Return the potential (n,) of concentric cylinders along z that is ``field * x`` (V/mm) far away.

    Parameters as for :func:`shells_in_field`.

    Notes
    -----
    u = (A r^p + B r^-p) cos(phi), p = sqrt(t), by separation in cylindrical coordinates (Jackson, section 2.11).
    """
    x = np.atleast_2d(np.asarray(points, dtype=float))
    r = np.hypot(x[:, 0], x[:, 1])
    share = np.divide(x[:, 0], r, out=np.zeros_like(r), where=r > 0)
    p = np.sqrt(_ratio(radial, tangential))
    return np.asarray(field * radii[-1] * _radial(r, radii, np.asarray(radial), p, -p) * share)


def shells_by_point_source(points: ArrayLike, source: ArrayLike, radii: Sequence[float], sigma: Sequence[Any],
                           current: float = 1.0, terms: int = 120) -> Values:  # fmt: skip
    """Return the potential (n,) of a point source outside concentric isotropic shells, 0 far away.

    Parameters
    ----------
    source
        (3,) mm from the centre, further than the last of the radii.
    terms
        Of the series, which falls like (r_k / distance)^terms.

    Notes
    -----
    1 / |x - s| = sum r^n / s^(n+1) P_n(cos) for r < s (Jackson, section 3.3); each term meets the shells as in
    :func:`shells_in_field`.
    """
    x, at = np.atleast_2d(np.asarray(points, dtype=float)), np.asarray(source, dtype=float)
    r, far, last = np.linalg.norm(x, axis=1), float(np.linalg.norm(at)), radii[-1]
    share = np.divide(x @ at, r * far, out=np.zeros_like(r), where=r > 0)
    strength = current / (4 * np.pi * np.asarray(sigma)[-1])
    outside = r > last
    primary = np.divide(strength, np.linalg.norm(x - at, axis=1), where=outside, out=np.zeros(len(r), strength.dtype))
    total, legendre = primary + 0 * np.asarray(sigma)[0], np.polynomial.legendre.legvander(share, terms - 1)
    for n in range(terms):
        given = strength * (last / far) ** n / far
        own = _radial(r, radii, np.asarray(sigma), *_spherical(n, sigma, None))
        own = own - np.where(outside, (np.maximum(r, 1e-300) / last) ** n, 0.0)
        total = total + given * own * legendre[:, n]
    return np.asarray(total)


def _ratio(radial: Sequence[Any], tangential: Sequence[Any] | None) -> Values:
    """Return the tangential over the radial conductivity."""
    return np.asarray(radial if tangential is None else tangential) / np.asarray(radial)


def _spherical(n: int, radial: Sequence[Any], tangential: Sequence[Any] | None) -> tuple[Values, Values]:
    """Return the powers of r that rise and fall in every medium, for the order ``n``."""
    root = np.sqrt(1 + 4 * n * (n + 1) * _ratio(radial, tangential))
    return (root - 1) / 2, -(root + 1) / 2


def _radial(r: Values, radii: Sequence[float], sigma: Values, up: Values, down: Values) -> Values:
    """Return A r^up + B r^down at ``r`` (n,), regular in the core; outside, the rising part is 1 at the last radius.

    Coefficients (a, b) of a medium are those of (r / its radius)^power at its inner interface, or the core's outer.
    """
    coefficients = [(np.ones_like(sigma[0]), np.zeros_like(sigma[0]))]
    for i, radius in enumerate(radii):
        inner = radii[i - 1] if i else radius
        a, b = (c * (radius / inner) ** p[i] for c, p in zip(coefficients[-1], (up, down), strict=True))
        value, flux = a + b, sigma[i] * (up[i] * a + down[i] * b) / sigma[i + 1]
        rising = (flux - down[i + 1] * value) / (up[i + 1] - down[i + 1])
        coefficients.append((rising, value - rising))
    result = np.zeros(len(r), dtype=np.result_type(sigma.dtype, float))
    medium = np.searchsorted(radii, r)
    for i, (a, b) in enumerate(coefficients):
        at = r[medium == i] / radii[max(i - 1, 0)]
        fall = b * at ** down[i] if i else 0.0
        result[medium == i] = (a * at ** up[i] + fall) / coefficients[-1][0]
    return result


def shells_by_central_source(points: ArrayLike, radii: Sequence[float], sigma: Sequence[Any], current: float = 1.0,
                             ground_mm: float = np.inf) -> Values:  # fmt: skip
    """Return the potential (n,) of a point, or of a sphere, at the centre of shells; 0 at the radius ``ground_mm``.

    With no radii this is I / (4 pi sigma) (1/r - 1/b).

    Notes
    -----
    The current density is I / (4 pi r^2) in all media, so that u = I / (4 pi) times the integral of 1 / (sigma r^2).
    """
    r = np.linalg.norm(np.atleast_2d(np.asarray(points, dtype=float)), axis=1)
    inner, outer = [0.0, *radii], [*radii, ground_mm]
    total: Values = np.zeros(len(r))
    for low, high, s in zip(inner, outer, sigma, strict=True):
        near = np.maximum(r, low)
        total = total + np.where(near < high, 1 / near - 1 / np.maximum(near, high), 0.0) / s
    return np.asarray(current / (4 * np.pi) * total)


def point_source(points: ArrayLike, at: ArrayLike, tensor: ArrayLike, current: float = 1.0) -> Values:
    """Return the potential (n,) of a point source in an unbounded anisotropic medium.

    Parameters
    ----------
    tensor
        (3, 3) S/m, symmetric, in any orientation; or a number.

    Notes
    -----
    I / (4 pi sqrt(det(sigma) x.sigma^-1 x)): coordinates scaled by sigma^-1/2 (Nicholson 1965, Exp Neurol 13:386;
    Plonsey and Barr, Bioelectricity).
    """
    x = np.atleast_2d(np.asarray(points, dtype=float)) - np.asarray(at, dtype=float)
    given = np.asarray(tensor)
    s = given if given.ndim == 2 else given * np.eye(3)
    square = np.linalg.det(s) * np.einsum("ni,ij,nj->n", x, np.linalg.inv(s), x)
    return np.asarray(current / (4 * np.pi * np.sqrt(square)))


def two_half_spaces(points: ArrayLike, at: ArrayLike, above: Any, below: Any, current: float = 1.0) -> Values:
    """Return the potential (n,) of a point source at z > 0 over the plane z = 0 between two isotropic media.

    Notes
    -----
    Images (Jackson, section 4.4, for dielectrics): above, the source and (a - b) / (a + b) of it at its mirror place;
    below, the source in a medium of the mean conductivity. ``below`` = 0 is an insulator.
    """
    x, s = np.atleast_2d(np.asarray(points, dtype=float)), np.asarray(at, dtype=float)
    near, far = (1 / np.linalg.norm(x - place, axis=1) for place in (s, s * [1, 1, -1]))
    over = (near + (above - below) / (above + below) * far) / above
    return np.asarray(current / (4 * np.pi) * np.where(x[:, 2] >= 0, over, 2 / (above + below) * near))


def plane_layers(points: ArrayLike, normal: ArrayLike, offsets: Sequence[float], tensors: ArrayLike,
                 flux: float = 1.0, along: ArrayLike = (0.0, 0.0, 0.0)) -> Values:  # fmt: skip
    """Return the potential (n,), 0 at the origin, of plane layers in any orientation.

    Parameters
    ----------
    normal
        (3,) of the interfaces, of any length.
    offsets
        (k,) mm along the normal, of the interfaces, rising.
    tensors
        (k + 1, 3, 3) S/m, or (k + 1,) numbers, from below the first interface.
    flux
        n.sigma grad u, mA/mm2, the same in all layers (current flows against it).
    along
        (3,) V/mm: part of the gradient in the planes, the same in all layers.

    Notes
    -----
    The tangential field and the normal current are continuous, and both are constant: n.sigma (t + g n) = flux gives
    the slope g along the normal in every layer.
    """
    x, n = np.atleast_2d(np.asarray(points, dtype=float)), np.asarray(normal, dtype=float)
    n = n / np.linalg.norm(n)
    t = np.asarray(along, dtype=float) - (np.asarray(along) @ n) * n
    given = np.asarray(tensors)
    sigma = given if given.ndim == 3 else given[:, None, None] * np.eye(3)
    slopes = (flux - sigma @ t @ n) / (sigma @ n @ n)
    depth, low, high = x @ n, [-np.inf, *offsets], [*offsets, np.inf]
    rise = sum(g * (np.clip(depth, a, b) - np.clip(0.0, a, b)) for g, a, b in zip(slopes, low, high, strict=True))
    return np.asarray(x @ t + rise)


def disc(points: ArrayLike, radius: float, volts: float = 1.0) -> Values:
    """Return the potential (n,) of a conducting disc round the origin in z = 0, in or at the edge of its half space.

    Notes
    -----
    V (1 - 2/pi arctan xi) with oblate spheroidal coordinates z = a xi eta, r = a sqrt((1 + xi^2)(1 - eta^2)) (Newman
    1966, J Electrochem Soc 113:501; Jackson, section 3.13). No current passes z = 0 beside the disc.
    """
    x = np.atleast_2d(np.asarray(points, dtype=float)) / radius
    square, height = (x**2).sum(axis=1) - 1, np.abs(x[:, 2])
    root = np.sqrt(square**2 + 4 * height**2)
    # The smaller of the two roots' sums cancels; their product is z^2.
    larger = np.sqrt((np.abs(square) + root) / 2)
    other = np.divide(height, larger, out=np.zeros_like(larger), where=larger > 0)
    xi = np.where(square > 0, larger, other)
    return np.asarray(volts * (1 - 2 / np.pi * np.arctan(xi)))


def disc_resistance(radius: float, normal: float, tangential: float | None = None) -> float:
    """Return the resistance, kilohm, between a disc (mm) on an insulator and ground far away: 1 / (4 sigma a).

    Newman 1966, J Electrochem Soc 113:501. In a medium that conducts ``normal`` to the disc and ``tangential`` in its
    plane, heights scale by sqrt(tangential / normal) to an isotropic one, and sigma is the geometric mean; so do those
    of the points given to :func:`disc`.
    """
    return float(1 / (4 * radius * np.sqrt(normal * (normal if tangential is None else tangential))))


def sphere_in_field(points: ArrayLike, radius: float, conducts: bool, field: float = 1.0) -> Values:
    """Return the potential (n,) round a metal sphere or an insulating one, ``field * z`` (V/mm) far away; 0 inside.

    Notes
    -----
    z (1 - a^3/r^3) and z (1 + a^3 / (2 r^3)): no potential, or no radial current, at r = a (Jackson, section 2.5).
    """
    x = np.atleast_2d(np.asarray(points, dtype=float))
    r = np.linalg.norm(x, axis=1)
    cube = (radius / np.maximum(r, radius)) ** 3
    return np.where(r < radius, 0.0, field * x[:, 2] * (1 - cube if conducts else 1 + cube / 2))
