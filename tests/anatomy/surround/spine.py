"""A straight spine and a bent one, with what stands on them, for tests."""

import numpy as np

from spinemodel import BuildParameters
from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.axis import Axis, place
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.model import Anatomy, Levels
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.stacking import across_axis, oval, stack
from spinemodel.anatomy.vertebra_sizes import size_of
from spinemodel.anatomy.vertebral_levels import VertebralSpan

STRAIGHT = Axis("test", np.array([[0.0, 0.0, z] for z in np.arange(0.0, 300.5, 0.5)]))

LEVELS = tuple(
    VertebralSpan(name, top, top - 27.0, top - 35.0, "derived", size_of(name))
    for name, top in (("T12", 280.0), ("L1", 245.0), ("L2", 210.0), ("L3", 175.0), ("L4", 140.0), ("L5", 105.0))
)


def tube(half_width: float = 9.0, half_depth: float = 6.5, low: float = 100.0, high: float = 250.0) -> Surface:
    """A dura with flat ends."""
    loop = oval(half_width, -half_depth, half_depth)
    return stack("Dura", "test", across_axis(STRAIGHT, [low, high], [loop, loop]), 1.0)


def _bent() -> Axis:
    t = np.linspace(0, 1.2, 601)
    return Axis("test", np.stack([0 * t, 250.0 * np.cos(t), 250.0 * np.sin(t)], axis=1) - [0.0, 250.0, 0.0])


BENT = _bent()


def sac() -> Surface:
    """A dura that ends in a dome, along an axis that bends."""
    s = 100.0 + 60.0 * (1 - np.cos(np.linspace(0.02, np.pi / 2, 20)))
    size = np.sqrt(1 - ((160.0 - s) / 60.0) ** 2)
    loops = [oval(10.0 * k, -7.0 * k, 7.0 * k) for k in [*size, 1.0, 0.9]]
    return stack("Dura", "test", across_axis(BENT, [*s, 200.0, 240.0], loops), 0.8)


def root(name: str, end: float, s: tuple[float, float] = (200.0, 140.0), radius: float = 0.5) -> Centreline:
    """A straight root from the middle of a dura to ``end`` mm to the right."""
    share = np.linspace(0, 1, 200)
    points = place(STRAIGHT, s[0] + share * (s[1] - s[0]), 2.0 + share * (end - 2.0), 0 * share)
    return Centreline(name, "test", points, np.full(200, radius), np.zeros(200, dtype=bool))


def vertebra_mesh() -> Surface:
    """A drum where L3's body lies."""
    loop = oval(20.0, -45.0, -9.0)
    return stack("L3", "test", across_axis(STRAIGHT, [149.0, 174.0], [loop, loop]), 2.0)


def anatomy() -> Anatomy:
    """A dura with its cord and one root, on a straight spine one vertebra of which was given."""
    return Anatomy(
        Annotation("sub-test", "test", (), (), {}, {}),
        STRAIGHT,
        Levels((), LEVELS),
        {"Cord": tube(4.0, 4.0, 120.0, 250.0), "Dura": tube()},
        {"L3_R": root("L3_R", 18.0)},
        (),
        {"Dura": ("dome", "flat")},
        BuildParameters(),
        {"L3": vertebra_mesh()},
    )
