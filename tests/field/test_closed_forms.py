"""The closed forms obey the equation, the conditions at interfaces and the given currents, by finite differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.field.closed_forms import (
    cylinders_in_field,
    disc,
    disc_resistance,
    plane_layers,
    point_source,
    shells_by_central_source,
    shells_by_point_source,
    shells_in_field,
    sphere_in_field,
    two_half_spaces,
)

Potential = Callable[[Any], Any]

RADII = (4.0, 7.0, 7.3, 9.7)
SIGMA = (0.25, 1.7, 0.03, 0.04, 0.25)
STEP = 1e-4


def gradient(u: Potential, x: Any, step: float = STEP) -> Any:
    ways = step * np.eye(3)
    return np.stack([(u(x + way) - u(x - way)) / (2 * step) for way in ways], axis=1)


def one_sided(u: Potential, x: Any, normal: Any, step: float = STEP) -> Any:
    """Derivative along ``normal`` from the side that it points to."""
    return (-3 * u(x + 1e-12 * normal) + 4 * u(x + step * normal) - u(x + 2 * step * normal)) / (2 * step)


def residual(u: Potential, x: Any, sigma: Any, step: float = 1e-3) -> Any:
    """div(sigma grad u) by second differences, against the largest of its terms, or of u where it is linear."""
    s, ways = sigma if np.ndim(sigma) == 2 else sigma * np.eye(3), step * np.eye(3)
    terms = [
        s[i, j] * (u(x + a + b) - u(x + a - b) - u(x - a + b) + u(x - a - b)) / (4 * step**2)
        for i, a in enumerate(ways)
        for j, b in enumerate(ways)
    ]
    return np.abs(sum(terms)) / np.maximum(np.abs(terms).max(), 0.1 * np.abs(u(x)).max())


def places(count: int, scale: float, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(-scale, scale, (count, 3))


def units(count: int) -> Any:
    ways = np.random.default_rng(1).normal(size=(count, 3))
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def require_interface(u: Potential, x: Any, normal: Any, inner: float, outer: float, rtol: float = 1e-5) -> None:
    """The potential and the normal current are continuous at ``x``."""
    there, here = u(x + 1e-9 * normal), u(x - 1e-9 * normal)
    np.testing.assert_allclose(there, here, atol=1e-7 * np.abs(here).max())
    out, within = outer * one_sided(u, x, normal), -inner * one_sided(u, x, -normal)
    np.testing.assert_allclose(out, within, atol=rtol * np.abs(out).max())


OF_SHELLS: dict[str, Potential] = {
    "field": partial(shells_in_field, radii=RADII, radial=SIGMA),
    "centre": partial(shells_by_central_source, radii=RADII, sigma=SIGMA, ground_mm=30.0),
    "beside": partial(shells_by_point_source, source=(3.0, -8.0, 10.0), radii=RADII, sigma=SIGMA),
}


@pytest.mark.parametrize("which", OF_SHELLS)
@pytest.mark.parametrize("i", range(4))
def test_current_passes_shells(which: str, i: int) -> None:
    ways = units(20)
    require_interface(OF_SHELLS[which], RADII[i] * ways, ways, SIGMA[i], SIGMA[i + 1])


@pytest.mark.parametrize("which", OF_SHELLS)
def test_shells_obey_laplace_in_every_medium(which: str) -> None:
    for r in (3.0, 5.5, 7.15, 8.5, 9.9):
        assert residual(OF_SHELLS[which], r * units(3), 1.0).max() < 1e-3


def test_shells_take_the_field_far_away() -> None:
    x = 1e4 * units(10)
    np.testing.assert_allclose(shells_in_field(x, RADII, SIGMA, field=2.0), 2 * x[:, 2], atol=1e-4)


def test_shells_of_one_medium_are_none() -> None:
    x, one = places(50, 12.0), (0.3,) * 5
    np.testing.assert_allclose(shells_in_field(x, RADII, one), x[:, 2], atol=1e-12)
    np.testing.assert_allclose(cylinders_in_field(x, RADII, one), x[:, 0], atol=1e-12)
    source = (20.0, 3.0, 0.0)
    free = point_source(x, source, 0.3)
    np.testing.assert_allclose(shells_by_point_source(x, source, RADII, one), free, rtol=1e-9)


def test_a_distant_source_makes_a_uniform_field() -> None:
    x, far = places(40, 10.0), 1e4
    u = shells_by_point_source(x, (0, 0, -far), RADII, SIGMA, terms=3)
    strength = 1 / (4 * np.pi * SIGMA[-1] * far**2)
    uniform = shells_in_field(x, RADII, SIGMA, field=-strength)
    np.testing.assert_allclose(u - u.mean(), uniform - uniform.mean(), atol=0.02 * strength)


def test_anisotropic_shells() -> None:
    """Their tensor is oblique everywhere: radial and tangential conductivities differ."""
    radial, tangential = (0.25, 0.6, 0.1), (0.25, 0.083, 0.9)
    u = partial(shells_in_field, radii=(4.0, 6.0), radial=radial, tangential=tangential)
    ways = units(20)
    for i, r in enumerate((4.0, 6.0)):
        require_interface(u, r * ways, ways, radial[i], radial[i + 1])

    def flux(x: Any) -> Any:
        n = x / np.linalg.norm(x, axis=1, keepdims=True)
        g = gradient(u, x, 1e-3)
        along = (g * n).sum(axis=1, keepdims=True) * n
        return 0.6 * along + 0.083 * (g - along)

    x = 5 * ways
    parts = [(flux(x + w) - flux(x - w)) @ w / (2 * 0.01**2) for w in 0.01 * np.eye(3)]
    assert np.abs(sum(parts)).max() < 1e-3 * np.abs(parts).max()


def test_shells_by_a_centre_carry_its_current() -> None:
    x = 8.0 * units(5)
    radial = (gradient(OF_SHELLS["centre"], x) * x).sum(axis=1) / 8
    np.testing.assert_allclose(-SIGMA[3] * radial * 4 * np.pi * 64, 1.0, rtol=1e-6)
    assert OF_SHELLS["centre"](np.array([[0, 0, 30.0]])) == 0
    two = shells_by_central_source([[0, 0, 2.0]], (), (0.3,), 5.0, 10.0)
    np.testing.assert_allclose(two, 5 / (4 * np.pi * 0.3) * (1 / 2 - 1 / 10))


@pytest.mark.parametrize("i", range(4))
def test_current_passes_cylinders(i: int) -> None:
    u = partial(cylinders_in_field, radii=RADII, radial=SIGMA)
    ways = units(20) * [1, 1, 0]
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    x = RADII[i] * ways + [0, 0, 2.0]
    require_interface(u, x, ways, SIGMA[i], SIGMA[i + 1])
    assert residual(u, x - 0.1 * ways, 1.0).max() < 1e-3


def test_anisotropic_cylinders() -> None:
    """Against the tensor with axes along the radius and round it: (r u_r)_r sr / r + st u_pp / r^2 = 0."""
    radial, tangential = (0.2, 0.6, 0.3), (0.2, 0.1, 0.3)
    u = partial(cylinders_in_field, radii=(3.0, 5.0), radial=radial, tangential=tangential)
    for i, r in enumerate((3.0, 5.0)):
        way = np.array([[0.6, 0.8, 0.0]])
        require_interface(u, r * way, way, radial[i], radial[i + 1])
    r, h = 4.0, 1e-3
    v = u(np.array([[r - h, 0, 0], [r, 0, 0], [r + h, 0, 0]]))
    around = 0.6 * ((v[2] - 2 * v[1] + v[0]) / h**2 + (v[2] - v[0]) / (2 * h * r)) - 0.1 * v[1] / r**2
    assert abs(around) < 1e-6


@given(st.integers(0, 1000))
def test_point_source_in_any_tensor(seed: int) -> None:
    turn = Rotation.random(random_state=seed).as_matrix()
    tensor = turn @ np.diag([0.6, 0.083, 0.2]) @ turn.T
    u = partial(point_source, at=(0.1, 0.2, 0.3), tensor=tensor, current=3.0)
    assert residual(u, places(10, 1.0, seed) + 4.0, tensor).max() < 1e-3
    z, weight = np.polynomial.legendre.leggauss(40)
    phi = np.arange(80) * 2 * np.pi / 80
    rho = np.sqrt(1 - z**2)[:, None]
    n = np.stack([rho * np.cos(phi), rho * np.sin(phi), np.broadcast_to(z[:, None], (40, 80))], axis=-1).reshape(-1, 3)
    flow = -np.einsum("ni,ij,nj->n", n, tensor, gradient(u, 2 * n + [0.1, 0.2, 0.3]))
    total = 4 * flow.reshape(40, 80).mean(axis=1) @ weight * 2 * np.pi
    np.testing.assert_allclose(total, 3.0, rtol=1e-5)


def test_half_spaces() -> None:
    u = partial(two_half_spaces, at=(1.0, 2.0, 1.5), above=0.3, below=1.7)
    x = places(20, 5.0) * [1, 1, 0]
    require_interface(u, x, np.broadcast_to([0.0, 0, 1], x.shape), 1.7, 0.3)
    np.testing.assert_allclose(
        two_half_spaces(x + 3, (1, 2, 1), 0.3, 0.3), point_source(x + 3, (1, 2, 1), 0.3), rtol=1e-12
    )
    lid = partial(two_half_spaces, at=(1.0, 2.0, 1.5), above=0.3, below=0.0)
    np.testing.assert_allclose(one_sided(lid, x, np.array([0, 0, 1.0])), 0, atol=1e-7)


def test_plane_layers() -> None:
    turn = Rotation.from_euler("xyz", [0.3, 1.1, -0.7]).as_matrix()
    tensors = np.stack([0.25 * np.eye(3), turn @ np.diag([0.6, 0.083, 0.083]) @ turn.T, 1.7 * np.eye(3)])
    normal = np.array([1.0, 2.0, -2.0]) / 3
    u = partial(plane_layers, normal=normal, offsets=(-1.0, 0.5), tensors=tensors, flux=0.4, along=(0.1, -0.3, 0.2))
    assert u(np.zeros((1, 3)))[0] == 0
    inside = np.array([-3.0, 0.0, 2.0])[:, None] * normal + 0.1
    g = gradient(u, inside)
    np.testing.assert_allclose(np.einsum("i,nij,nj->n", normal, tensors, g), 0.4, rtol=1e-8)
    tangential = g - (g @ normal)[:, None] * normal
    np.testing.assert_allclose(tangential, np.broadcast_to(tangential[0], (3, 3)), atol=1e-9)
    np.testing.assert_allclose(u(-normal[None] + 1e-9), u(-normal[None] - 1e-9), atol=1e-7)


def test_disc() -> None:
    u = partial(disc, radius=1.5)
    rho = np.linspace(0, 1.49, 7)
    np.testing.assert_allclose(u(np.stack([rho, 0 * rho, 0 * rho], axis=1)), 1.0)
    assert residual(u, places(10, 1.0) + np.array([0, 2.0, 2.5]), 1.0).max() < 1e-3
    beside = np.array([[1.7, 0.0, 0.0], [0, 4.0, 0.0]])
    np.testing.assert_allclose(one_sided(u, beside, np.array([0, 0, 1.0])), 0, atol=1e-6)
    np.testing.assert_allclose(u(np.array([[0, 0, 2.0]])), 1 - 2 / np.pi * np.arctan(2 / 1.5))


def test_disc_passes_the_current_that_its_resistance_tells() -> None:
    """Through a half sphere far away u = I / (2 pi sigma r)."""
    far = disc(np.array([[0, 0, 1e4]]), 1.5)[0]
    np.testing.assert_allclose(far, 1 / (disc_resistance(1.5, 0.3) * 2 * np.pi * 0.3 * 1e4), rtol=1e-6)
    assert disc_resistance(1.5, 0.1, 0.9) == pytest.approx(disc_resistance(1.5, 0.3))


@pytest.mark.parametrize(("conducts", "core"), [(True, 1e9), (False, 1e-9)])
def test_spheres_are_shells_of_extreme_conductivity(conducts: bool, core: float) -> None:
    x = places(60, 6.0)
    x = x[np.linalg.norm(x, axis=1) > 2]
    np.testing.assert_allclose(
        sphere_in_field(x, 2.0, conducts, 1.5), shells_in_field(x, (2.0,), (core, 1.0), field=1.5), atol=1e-7
    )
    assert sphere_in_field([[0, 0, 1.0]], 2.0, conducts) == 0


def test_complex_conductivities() -> None:
    sigma = (0.2 + 0.1j, 1.7, 0.03 + 0.2j, 0.04, 0.25)
    ways = units(5)
    require_interface(partial(shells_in_field, radii=RADII, radial=sigma), 7.0 * ways, ways, sigma[1], sigma[2])
