"""The midplane of a vertebra: where its image in a mirror covers it best."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.optimize import minimize

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.vertebrae._frame import lattice
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import column_of

STEP_MM: Final = 0.5
"""Between columns, whose bone is compared with that of their mirror image: a choice."""

SIDE_MM: Final = 30.0
FRONT_MM: Final = 40.0
BACK_MM: Final = 50.0
"""What is compared, from the body's centre: body, pedicles and laminae, less of the processes, whose sides differ."""

ROOM_MM: Final = 15.0
HEIGHT_MM: Final = 60.0
"""How far bone is looked at beyond that, and along the axis: choices, more than a turn brings in, and any process."""

SMOOTHING_MM: Final = 1.0
SAMPLE_MM: Final = 0.1
"""Deviation of the Gaussian over the columns, and steps along them: choices."""

SIMPLEXES: Final = np.array([[[-4.0, -2.0], [4.0, -1.0], [0.0, 3.0]], [[-1.0, -0.3], [1.0, -0.2], [0.0, 0.4]]])
"""First steps of the search, degrees and mm; the second begins where the first ended, since edges stop it early."""

CLIP_MM: Final = 8.0
"""Greater differences count as this one, so that a process cut on one side does not turn the plane (a choice)."""


def midplane(surface: Surface, axes: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return axes turned about the cranial one, and the centre moved sideways, so that the right mirrors the left.

    The thickness of the bone along the cranial axis is compared with its mirror image.
    """
    bone, first = _thickness(surface, axes, centre)
    x, y = np.meshgrid(np.arange(0.5, SIDE_MM), np.arange(-BACK_MM, FRONT_MM), indexing="ij")

    def unlike(move: FloatArray) -> float:
        """Mean difference of both sides of the plane that is turned by degrees and moved by mm."""
        right, left = (_sampled(bone, first, sign * x + move[1], y, move[0]) for sign in (1.0, -1.0))
        return float(np.minimum(np.abs(right - left), CLIP_MM).mean())

    move = np.zeros(2)
    for simplex in SIMPLEXES:
        first_steps = (move + simplex).tolist()
        found = minimize(
            unlike, move, method="Nelder-Mead", options={"initial_simplex": first_steps, "xatol": 0.01, "fatol": 1e-4}
        )
        move = np.asarray(found.x)
    turn = np.radians(move[0])
    right = np.cos(turn) * axes[0] + np.sin(turn) * axes[1]
    return np.stack([right, np.cross(axes[2], right), axes[2]]), centre + move[1] * right


def _thickness(surface: Surface, axes: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the bone in each column along the cranial axis, mm, and the number (2,) of the first from the centre."""
    reach = np.array([SIDE_MM + ROOM_MM, BACK_MM + ROOM_MM, HEIGHT_MM])
    grid = lattice(axes, centre, -reach, reach, np.array([STEP_MM, STEP_MM, SAMPLE_MM]), surface.space)
    i, j, start, stop = column_of(rasterise(surface, grid, device="cpu"))
    bone = np.zeros(grid.shape[:2])
    np.add.at(bone, (i, j), (stop - start) * SAMPLE_MM)
    return np.asarray(gaussian_filter(bone, SMOOTHING_MM / STEP_MM)), np.floor(-reach[:2] / STEP_MM)


def _sampled(bone: FloatArray, first: FloatArray, x: FloatArray, y: FloatArray, turn_deg: float) -> FloatArray:
    """Return the bone at places mm that are turned about the centre."""
    sine, cosine = np.sin(np.radians(turn_deg)), np.cos(np.radians(turn_deg))
    at = [(x * cosine - y * sine) / STEP_MM - first[0], (x * sine + y * cosine) / STEP_MM - first[1]]
    return np.asarray(map_coordinates(bone, at, order=1))
