"""A metal ball in a ball of saline whose skin is grounded: the field solver beside the closed form.

The solver takes any closed surfaces; of a model and a lead, `field_problem` and `field_boxes` make what is made here by
hand. Prints by how much two numbers differ from the closed form.
"""

import numpy as np
import trimesh

import spinemodel as sm
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.problem import Electrode, Medium

METAL_MM, SKIN_MM, SIGMA = 2.0, 15.0, 2.0


def ball(radius: float) -> sm.Surface:
    """Return a closed ball round the origin."""
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return sm.Surface(f"ball of {radius:g} mm", "example", mesh.vertices, mesh.faces)


metal, skin = ball(METAL_MM), ball(SKIN_MM)
saline = sm.Surface(
    "saline",
    "example",
    np.vstack([skin.vertices, metal.vertices]),
    np.vstack([skin.faces, metal.faces[:, ::-1] + len(skin.vertices)]),
)
medium = Medium("example", {"saline": saline}, {"saline": Conductivity(SIGMA, SIGMA, "made up", True)}, {})
contact = Electrode("C1", metal.vertices[metal.faces])
ground = Electrode("ground", skin.vertices[skin.faces][:, ::-1])
corner = np.ones(3)
boxes = sm.nested_boxes([(-4 * corner, 4 * corner)], (-16 * corner, 16 * corner), 0.5, widen=4)
field = sm.solve(sm.Problem(medium, (contact,), ground), boxes)

per_mm = 1000 / (4 * np.pi * SIGMA)
ohm = field.impedance[0, 0] / (per_mm * (1 / METAL_MM - 1 / SKIN_MM))
beside = sm.potential(field, np.array([[0.0, 0.0, 2 * METAL_MM]]))[0, 0] / (per_mm * (0.5 / METAL_MM - 1 / SKIN_MM))
print(f"impedance off by {abs(ohm - 1):.1%}, potential 2 mm from the metal by {abs(beside - 1):.1%}")
