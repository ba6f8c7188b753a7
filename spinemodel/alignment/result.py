"""What an alignment found, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from spinemodel.alignment.parameters import Direction, Kind
from spinemodel.alignment.shapes import Target
from spinemodel.arrays import FloatArray
from spinemodel.spaces import Transform, apply
from spinemodel.volume.sampling import sample_parts


@dataclass(frozen=True)
class SecondBest:
    """The next place where the starts ended.

    Attributes
    ----------
    error_mm
        As :attr:`Verdict.error_mm`.
    apart_mm, apart_deg
        How far it takes the points from where the best takes them (RMS), and by which angle they are turned.
    """

    error_mm: float
    apart_mm: float
    apart_deg: float


@dataclass(frozen=True)
class Verdict:
    """How far an alignment can be trusted.

    Attributes
    ----------
    converged
        Whether the last step was below the tolerance, and most points found a counterpart.
    ambiguous
        Whether another pose fits as well: one beside it, along which the shape slides, or one where another start
        ended. Poses are seen within the range of turns only: a square prism also fits a half turn away, which starts
        of up to 60 degrees do not find.
    reason
        Of both, in words.
    basin
        Share of all starts that ended here; those given up early, which the reason counts, did not.
    error_mm
        Robust RMS of the distances: at most the last coarse scale, whatever is missing.
    hold
        Least RMS change of the distances, in mm, when the points move by 1 mm (RMS): near 0 where a shape can slide
        along itself, as a cylinder about its axis; about 0.45 for vertebrae.
    second_best
        None where all starts that were followed, and not given up early, ended here.
    """

    converged: bool
    ambiguous: bool
    reason: str
    basin: float
    error_mm: float
    hold: float
    second_best: SecondBest | None


@dataclass(frozen=True, eq=False)
class Alignment:
    """A shape laid onto another.

    Attributes
    ----------
    transform
        From the moving shape's space to the fixed one's.
    kind
        What the transform may do.
    direction
        Whose points were pulled into the other's distances.
    why
        That direction, in words.
    rms_mm
        RMS distance of the points that were pulled, those without counterpart included.
    verdict
        How far to trust it.
    moving, fixed
        The shapes, prepared.
    """

    transform: Transform
    kind: Kind
    direction: Direction
    why: str
    rms_mm: float
    verdict: Verdict
    moving: Target = field(repr=False)
    fixed: Target = field(repr=False)

    @cached_property
    def residuals_mm(self) -> FloatArray:
        """Signed distance of each point of the moving shape, once transformed, from the fixed one, (n,) mm.

        The points are the vertices of the surface, or of the mask's surface; of several structures, one after the
        other in the order of their names. Positive outside.
        """
        points, start = self.moving.points
        there = apply(self.transform, points, space=self.moving.space)
        result = sample_parts(self.fixed.fields, start, there)[0]
        result.setflags(write=False)
        return result
