"""One shape laid onto another by the signed distances between them."""

from __future__ import annotations

from collections.abc import Mapping

from spinemodel.alignment.direction import choose_direction
from spinemodel.alignment.parameters import FREE, AlignParameters, Kind
from spinemodel.alignment.result import Alignment
from spinemodel.alignment.search import pose_problem, search
from spinemodel.alignment.shapes import Shape, Target, names_of, prepare
from spinemodel.alignment.starts import matrix_of
from spinemodel.alignment.verdict import judge
from spinemodel.errors import ConvergenceError, InputError
from spinemodel.spaces import Transform


def align(
    moving: Shape | Mapping[str, Shape] | Target,
    fixed: Shape | Mapping[str, Shape] | Target,
    *,
    kind: Kind = "rigid",
    parameters: AlignParameters | None = None,
) -> Alignment:
    """Return the map that lays ``moving`` onto ``fixed``, and a verdict on it.

    Levenberg-Marquardt on the signed distances of points of one shape from the other, with a robust scale that narrows
    from 16 to 1 mm, from several starts.

    Parameters
    ----------
    moving, fixed
        A closed surface, a mask, several of either by name, or what
        :func:`~spinemodel.alignment.shapes.prepare` made of them. Several are aligned at once, each with its
        namesake.
    kind
        ``rigid``, ``similarity`` (one scale) or ``affine``.
    parameters
        Starts, scales, points, direction, weights.

    Raises
    ------
    InputError
        If a shape is empty, or the shapes' names differ where there are several.
    SpaceMismatchError
        If the parts of one shape lie in different spaces.
    GeometryError
        If a surface is open.
    ConvergenceError
        If no start converges.

    Examples
    --------
    >>> import numpy as np
    >>> from spinemodel.anatomy.surface import Surface
    >>> corners, faces = [[0, 0, 0], [9, 0, 0], [0, 12, 0], [0, 0, 20]], [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    >>> one = Surface("wedge", "a", corners, faces)
    >>> found = align(one, Surface("wedge", "b", one.vertices + [3, 0, 0], faces))
    >>> found.transform.source, found.transform.target, found.transform.matrix[:3, 3].round(1) + 0.0
    ('a', 'b', array([3., 0., 0.]))
    """
    if kind not in FREE:
        raise InputError(f"align: got kind {kind!r}, expected {', '.join(FREE)}")
    chosen = parameters or AlignParameters()
    one, other = (shape if isinstance(shape, Target) else prepare(shape, chosen) for shape in (moving, fixed))
    _require_same_names(one, other, chosen)
    direction, why = choose_direction(one, other, kind)
    if chosen.direction != "auto":
        direction, why = chosen.direction, "as asked for"
    problem = pose_problem(one, other, kind, direction, chosen)
    found = search(problem, one.coarse[0], other.coarse[0])
    if not found.ends[0].converged:
        raise ConvergenceError(
            f"align {', '.join(names_of(one))}: none of {chosen.starts} starts converged, the best is "
            f"{found.ends[0].error_mm:.2g} mm off; check that both show the same structure, or try more starts"
        )
    transform = Transform(matrix_of(found.ends[0].pose), one.space, other.space)
    verdict = judge(problem, found, one.coarse[0])
    return Alignment(transform, kind, direction, why, found.ends[0].rms_mm, verdict, one, other)


def _require_same_names(moving: Target, fixed: Target, parameters: AlignParameters) -> None:
    """Raise where structures lack their namesakes; one alone may be called otherwise."""
    names = names_of(moving)
    if len(names) != len(fixed.parts) or (len(names) > 1 and names != names_of(fixed)):
        raise InputError(
            f"align: moving has {', '.join(names)}, fixed has {', '.join(names_of(fixed))}; "
            "give both the same structures"
        )
    unknown = sorted(set(parameters.weights) - set(names))
    if unknown:
        raise InputError(f"align: weight of {unknown[0]}, which is not among {', '.join(names)}")
