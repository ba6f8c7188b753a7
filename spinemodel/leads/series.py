"""Several placements of one lead that differ by a step along the dura, or by a turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from spinemodel.anatomy.compartments import Partition
from spinemodel.errors import InputError
from spinemodel.leads.design import LeadDesign
from spinemodel.leads.placement import GAP_MM, Placed, place
from spinemodel.leads.shape import shape
from spinemodel.leads.site import Site
from spinemodel.leads.track import Course, Target


def courses(first: Course, count: int, step_mm: float = 0.0, turn_deg: float = 0.0) -> tuple[Course, ...]:
    """Return ``count`` courses: the first as given, each further one moved on towards the head, or turned on.

    Raises
    ------
    InputError
        If there is no course, or all are the same.

    Examples
    --------
    >>> [course.offset_mm for course in courses(Course(offset_mm=1.0), 3, step_mm=2.0)]
    [1.0, 3.0, 5.0]
    """
    if count < 1 or (count > 1 and not step_mm and not turn_deg):
        raise InputError(f"series of {count} with step {step_mm:g} mm and turn {turn_deg:g} degrees: expected one or "
                         "more, and a step or a turn between them")  # fmt: skip
    return tuple(
        replace(first, offset_mm=first.offset_mm + i * step_mm, tilt_deg=first.tilt_deg + i * turn_deg)
        for i in range(count)
    )


def series(
    design: LeadDesign,
    site: Site,
    target: Target,
    several: tuple[Course, ...],
    gap_mm: float = GAP_MM,
    own: Partition | None = None,
) -> Iterator[Placed]:
    """Yield a lead placed on each course; ``own`` is the design's shape, where it is at hand."""
    own = own or shape(design)
    for course in several:
        yield place(design, site, target, course, gap_mm, own)
