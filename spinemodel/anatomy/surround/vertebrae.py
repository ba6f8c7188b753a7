"""Vertebrae, sacrum and discs in their simplest form, placed by the levels and shaped round the canal.

The canal is labelled before bone and discs, so that these may reach into it: its outline is then the back of the bodies
and the inner side of the arches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, frame_at
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.canal import CanalForm, bounds
from spinemodel.anatomy.surround.mesh_outline import mesh_outline
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.stacking import across_axis, oval, stack, unite
from spinemodel.anatomy.vertebra_sizes import VertebraSize
from spinemodel.anatomy.vertebral_levels import VertebralSpan
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError

INTO_CANAL_MM: Final = 2.0
"""How far a body reaches into the canal; a disc half as far, so that their backs do not coincide."""

WAIST: Final = 0.12
"""How much narrower a body is in its middle. A choice; shape of an atlas."""

RIM: Final = 0.96
"""Size of an endplate over that of the body just beside it: a rounded rim. A choice."""

DISC: Final = 0.92
"""Size of a disc over that of the bodies beside it: its side meets the endplates within their rims. A choice."""

INTO_MESH_MM: Final = 8.0
"""How far a disc reaches past the measured end of a segmented body, whose endplate is hollow and may be tilted: bone is
labelled first. A choice: half the depth of a body times the tangent of 25 degrees."""

OUTLINE_MM: Final = 4.0
"""How far from its end the outline of a segmented body is taken: past the hollow of the endplate. A choice."""

BODY_POWER: Final = 2.4
"""Lamé's power of a body's outline: fuller than an ellipse. A choice."""

ARCH_POWER: Final = 2.4
"""The same of the arch."""

ROOF: Final = 0.2
"""How much an arch narrows dorsally, as a part of its width: its laminae meet like a roof. A choice."""

INTO_BODY_MM: Final = 9.0
"""How far a pedicle reaches into the body from its back. A choice: far enough to join it in all its breadth."""

SHOULDER: Final = 0.85
"""Size of the sacrum's upper face over that of the section 4 mm below: rounded alae. A choice."""

LAMINA_PAST_MM: Final = 2.0
"""How far the laminae and inferior articular processes reach below the body. A choice."""


def vertebrae(
    axis: Axis,
    form: CanalForm,
    levels: Sequence[VertebralSpan],
    parameters: SurroundParameters | None = None,
    meshes: Mapping[str, Surface] | None = None,
) -> Surface:
    """Return all vertebrae as one closed surface ``Bone``; its parts are the vertebrae and the sacrum.

    Parameters
    ----------
    axis
        Of the spine.
    form
        The canal's sections.
    levels
        From head to foot.
    parameters
        Sizes.
    meshes
        Segmented vertebrae by name, closed; each takes the place of its simple form. A mesh of S1 stands for the
        sacrum.

    Raises
    ------
    GeometryError
        If there is nothing to build, or a mesh is not closed.
    """
    own, given = parameters or SurroundParameters(), dict(meshes or {})
    free = [span for span in levels if span.name[0] != "S" and span.name not in given]
    pieces = [piece for span in free for piece in vertebra(axis, form, span, own)]
    fused = [span for span in levels if span.name[0] == "S"]
    if fused and not any(name[0] == "S" for name in given):
        pieces += sacrum(axis, form, fused, own)
    pieces += given.values()
    if not pieces:
        raise GeometryError("bone: no vertebra lies within the axis; expected one or more, see `vertebral_levels`")
    return unite("Bone", pieces, own.bone_edge_mm)


def vertebra(axis: Axis, form: CanalForm, span: VertebralSpan, parameters: SurroundParameters) -> list[Surface]:
    """Return body, arch, spinous and transverse processes of one vertebra, overlapping."""
    pieces = [_body(axis, form, span, parameters), _arch(axis, form, span, parameters)]
    pieces += [_transverse(axis, form, span, side, parameters) for side in (-1.0, 1.0)]
    if span.size.spinous:
        pieces.append(_spinous(axis, form, span, parameters))
    return pieces


def body_outline(form: CanalForm, s: float, size: VertebraSize, scale: float, into_mm: float) -> FloatArray:
    """Return the outline (n, 2) of a body or disc at a distance along the axis, in front of the canal there."""
    canal = bounds(form, s)
    return oval(
        scale * size.width / 2, canal.ventral - scale * size.depth, canal.ventral + into_mm, BODY_POWER, canal.right
    )


def _body(axis: Axis, form: CanalForm, span: VertebralSpan, parameters: SurroundParameters) -> Surface:
    """Return a vertebra's body: a drum with a waist and rounded rims."""
    share = np.array([0.0, 0.06, 0.25, 0.5, 0.75, 0.94, 1.0])
    scale = 1 - WAIST * np.sin(np.pi * share) ** 2
    scale[[0, -1]] = RIM
    s = span.bottom + share * (span.top - span.bottom)
    loops = [body_outline(form, at, span.size, k, INTO_CANAL_MM) for at, k in zip(s, scale, strict=True)]
    return stack("body", axis.space, across_axis(axis, s, loops), parameters.bone_edge_mm)


def _arch(axis: Axis, form: CanalForm, span: VertebralSpan, parameters: SurroundParameters) -> Surface:
    """Return the arch: pedicles beside the upper half of the body, laminae behind the canal down to its lower end."""
    height, size = span.top - span.bottom, span.size
    top = span.top - 0.06 * height
    pedicle = max(top - size.pedicle_height * height / size.height, span.bottom + 0.35 * height)
    s = [span.bottom - LAMINA_PAST_MM, pedicle - 0.16 * height, pedicle, top - 0.1 * height, top]
    loops = []
    for at, whole in zip(s, (0.0, 0.0, 1.0, 1.0, 0.9), strict=True):
        canal = bounds(form, at)
        depth = canal.dorsal - canal.ventral
        front = (canal.dorsal - 0.4 * depth) * (1 - whole) + (canal.ventral - INTO_BODY_MM) * whole
        beside = 0.6 * parameters.lamina_mm * (1 - whole) + 0.8 * size.pedicle_width * whole
        loops.append(_roof(canal.half_width + beside, front, canal.dorsal + parameters.lamina_mm, canal.right))
    return stack("arch", axis.space, across_axis(axis, s, loops), parameters.bone_edge_mm)


def _roof(half_width: float, ventral: float, dorsal: float, right: float) -> FloatArray:
    """Return the outline (n, 2) of an arch: a rounded box that narrows dorsally."""
    loop = oval(half_width, ventral, dorsal, ARCH_POWER)
    height = (loop[:, 1] - ventral) / (dorsal - ventral)
    return np.column_stack([right + loop[:, 0] * (1 + ROOF * (1 - 2 * height)), loop[:, 1]])


def _rigid(axis: Axis, s: float, points: FloatArray) -> FloatArray:
    """Return points (..., 3) given to the right, dorsally and rostrally of the axis at ``s``, in its frame there."""
    origin, frame = frame_at(axis, np.array([s]))
    return np.asarray(origin[0] + points @ frame[0])


def _spinous(axis: Axis, form: CanalForm, span: VertebralSpan, parameters: SurroundParameters) -> Surface:
    """Return the spinous process: a plate in the midline, square at lumbar levels, sloping down at thoracic ones."""
    height, thoracic = span.top - span.bottom, span.name[0] == "T"
    s = span.bottom + (0.3 if thoracic else 0.22) * height
    canal = bounds(form, s)
    start = canal.dorsal + parameters.lamina_mm / 3
    way = np.array([0.0, 0.5, 0.9, 1.0]) * (span.size.spinous + 2 * parameters.lamina_mm / 3)
    half = (0.2 if thoracic else 0.32) * height * min(1.0, span.size.spinous / 24) * np.array([0.9, 1.0, 1.05, 0.8])
    slope = -0.6 if thoracic else -0.12
    loops = []
    for at, tall, thick in zip(way, half, (4.0, 3.0, 3.5, 2.5), strict=True):
        flat = oval(thick, -tall, tall, 2.6)
        back = np.full(len(flat), start + at)
        loops.append(np.column_stack([canal.right + flat[:, 0], back, flat[:, 1] + slope * at]))
    return stack("spinous", axis.space, _rigid(axis, s, np.array(loops)), parameters.bone_edge_mm)


def _transverse(
    axis: Axis, form: CanalForm, span: VertebralSpan, side: float, parameters: SurroundParameters
) -> Surface:
    """Return a transverse process: a bar from the pedicle outwards and a little backwards."""
    s = span.bottom + 0.68 * (span.top - span.bottom)
    canal = bounds(form, s)
    begin = canal.half_width + 0.3 * span.size.pedicle_width
    way = np.array([0.0, 0.4, 0.85, 1.0]) * max(span.size.transverse - begin, 6.0)
    middle = canal.dorsal - 0.35 * (canal.dorsal - canal.ventral)
    loops = []
    for at, tall, thick in zip(way, (6.0, 5.0, 4.5, 3.0), (4.5, 3.2, 3.0, 2.0), strict=True):
        flat = oval(thick, -tall, tall, 2.4)
        right = np.full(len(flat), canal.right + side * (begin + at))
        loops.append(np.column_stack([right, middle + 0.25 * at + flat[:, 0], flat[:, 1]]))
    return stack("transverse", axis.space, _rigid(axis, s, np.array(loops)), parameters.bone_edge_mm)


def sacrum(
    axis: Axis, form: CanalForm, levels: Sequence[VertebralSpan], parameters: SurroundParameters
) -> list[Surface]:
    """Return the fused bodies, and the lateral masses with the roof of the sacral canal, overlapping."""
    top, low = levels[0].top, levels[-1].bottom
    middle = np.array([(span.top + span.bottom) / 2 for span in levels[::-1]])
    s = np.linspace(low, top, 2 * len(levels) + 1)
    given = [(span.size.width, span.size.depth, span.size.transverse) for span in levels[::-1]]
    across = np.stack([np.interp(s, middle, column) for column in np.transpose(given)], axis=1)
    across[-1, :2] *= RIM
    bodies, masses = [], []
    for at, (width, depth, reach) in zip(s, across, strict=True):
        canal = bounds(form, at)
        bodies.append(oval(width / 2, canal.ventral - depth, canal.ventral + INTO_CANAL_MM, BODY_POWER, canal.right))
        back = canal.dorsal + parameters.lamina_mm
        masses.append(oval(reach, canal.ventral - 0.55 * depth, back, ARCH_POWER, canal.right))
    inner = low + 3.0 + (s - low) / (top - low) * (top - low - 8.0)
    inner = np.append(inner[:-1], [inner[-1] - 4.0, inner[-1]])
    masses.append(masses[-1].mean(axis=0) + SHOULDER * (masses[-1] - masses[-1].mean(axis=0)))
    return [
        stack("bodies", axis.space, across_axis(axis, s, bodies), parameters.bone_edge_mm),
        stack("masses", axis.space, across_axis(axis, inner, masses), parameters.bone_edge_mm),
    ]


def discs(
    axis: Axis,
    form: CanalForm,
    levels: Sequence[VertebralSpan],
    parameters: SurroundParameters | None = None,
    meshes: Mapping[str, Surface] | None = None,
) -> Surface:
    """Return the discs as one closed surface ``Disc``: between the bodies, a little into both.

    Beside a segmented vertebra a disc has the outline of its body there.

    Raises
    ------
    GeometryError
        If no two neighbouring vertebrae lie within the axis.
    """
    own = parameters or SurroundParameters()
    pieces = [
        _disc(axis, form, upper, lower, own, meshes or {})
        for upper, lower in pairwise(levels)
        if upper.bottom > lower.top
    ]
    if not pieces:
        raise GeometryError("discs: no two neighbouring vertebrae lie within the axis, so there is no disc")
    return unite("Disc", pieces, own.bone_edge_mm)


def _disc(
    axis: Axis,
    form: CanalForm,
    upper: VertebralSpan,
    lower: VertebralSpan,
    parameters: SurroundParameters,
    meshes: Mapping[str, Surface],
) -> Surface:
    """Return one disc, from within the lower body to within the upper one, bulging a little."""
    into = [INTO_MESH_MM if span.origin == "annotated" else parameters.overlap_mm for span in (lower, upper)]
    low, high = lower.top - into[0], upper.bottom + into[1]
    own = {
        lower.name: _outline_of(axis, form, meshes.get(lower.name), lower.top - OUTLINE_MM),
        upper.name: _outline_of(axis, form, meshes.get(upper.name), upper.bottom + OUTLINE_MM),
    }
    loops, s = [], np.linspace(low, high, 5)
    for share, at in zip(np.linspace(0, 1, 5), s, strict=True):
        bulge = 0.05 * float(np.sin(np.pi * share))
        ends = [_disc_outline(form, span, own[span.name], float(at), bulge) for span in (lower, upper)]
        loops.append((1 - share) * ends[0] + share * ends[1])
    return stack("disc", axis.space, across_axis(axis, s, loops), parameters.bone_edge_mm)


def _outline_of(axis: Axis, form: CanalForm, mesh: Surface | None, s: float) -> FloatArray | None:
    """Return the outline of a segmented body at a place; None without one."""
    return None if mesh is None else mesh_outline(axis, mesh, s, bounds(form, s).right)


def _disc_outline(
    form: CanalForm, span: VertebralSpan, own: FloatArray | None, s: float, bulge: float
) -> FloatArray:
    """Return a disc's outline (n, 2) beside a body: that of the body where it was segmented."""
    if own is None:
        return body_outline(form, s, span.size, DISC + bulge, INTO_CANAL_MM / 2)
    middle = (own.min(axis=0) + own.max(axis=0)) / 2
    return np.asarray(middle + (1 + bulge) * (own - middle))
