"""A cord in a sac that bend to the side and the front, as an image and as a model; the sac lies in front of the origin.

The image reaches round the origin, so that a model of the other handedness is inside it too.
"""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.quality.regions import Role
from spinemodel.volume.grid import Grid
from spinemodel.volume.image import ScalarVolume

SPACE = "sub-bent/scanner"
AFFINE = np.diag([1.5, 1.5, 2.0, 1.0])
AFFINE[:3, 3] = -44.25, -44.25, -59.0
BENT = Grid((60, 60, 60), AFFINE, SPACE)
HERE = np.eye(4)
MIRROR = np.diag([-1.0, -1.0, 1.0, 1.0])
T2, T1 = (200.0, 900.0, 300.0), (500.0, 200.0, 400.0)
"""What tissue round the sac, fluid and cord are like."""

RADII: dict[Role, float] = {"sac": 7.0, "cord": 3.0}


def middle(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the cord's axis at a height."""
    return 8 * np.sin(z / 15), 20 + 5 * np.cos(z / 20)


def bent_image(levels: tuple[float, float, float] = T2, noise: float = 40.0) -> ScalarVolume:
    places = np.stack(np.indices(BENT.shape), axis=-1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    x, y = middle(places[..., 2])
    away = np.hypot(places[..., 0] - x, places[..., 1] - y)
    kind = np.where(away < RADII["cord"], 2, np.where(away < RADII["sac"], 1, 0))
    values = np.array(levels)[kind] + np.random.default_rng(3).normal(0, noise, BENT.shape)
    return ScalarVolume(BENT, values.astype(np.float32))


def bent_model(affine: np.ndarray = HERE) -> dict[Role, list[Surface]]:
    """Return the surfaces from 40 mm below to 40 mm above the origin, moved by an affine."""
    z = np.linspace(-40, 40, 33)
    axis = np.column_stack([*middle(z), z])
    return {role: [_tube(axis, radius, role, affine)] for role, radius in RADII.items()}


def _tube(axis: np.ndarray, radius: float, name: str, affine: np.ndarray) -> Surface:
    """Return a closed stack of level circles."""
    turns = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ring = radius * np.column_stack([np.cos(turns), np.sin(turns), 0 * turns])
    points = np.vstack([(axis[:, None] + ring).reshape(-1, 3), axis[[0, -1]]]) @ affine[:3, :3].T + affine[:3, 3]
    low, high, i = len(axis) * 32, len(axis) * 32 + 1, np.arange(32)
    j = (i + 1) % 32
    sides = [np.column_stack([a + i, a + j, a + 32 + j]) for a in range(0, low - 32, 32)]
    sides += [np.column_stack([a + i, a + 32 + j, a + 32 + i]) for a in range(0, low - 32, 32)]
    ends = [np.column_stack([j, i, 0 * i + low]), np.column_stack([low - 32 + i, low - 32 + j, 0 * i + high])]
    return Surface(name, SPACE, points, np.vstack([*sides, *ends]))
